import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Connection, ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import { CONFIRM_ADDRESS, PASSWORD_CHANGED } from '../../src/customers/customer-mails.ts';
import {
  closeDatabases,
  createDatabases,
  waitForFirstReports,
  type Databases,
} from '../../src/database/databases.ts';
import { queueMail } from '../../src/mail/mail.ts';
import { Client } from '../support/client.ts';
import { MailServer } from '../support/mail-server.ts';
import { Shopper, uniqueEmail } from '../support/shopper.ts';
import { Stack } from '../support/stack.ts';
import { waitUntil } from '../support/wait-until.ts';

const mailServer = new MailServer();
let stack: Stack;
let primary: Connection;
let databases: Databases;
let administrator: Client;

beforeAll(async () => {
  await mailServer.start();
  stack = await Stack.start({
    env: {
      SMTP_URL: mailServer.url,
      MAIL_FROM: 'Librería Luna <tienda@example.com>',
      PUBLIC_URL: 'https://tienda.example.com/',
    },
  });
  const { data } = stack;
  primary = await data.connect('primary');
  const address = (name: string) => ({ host: '127.0.0.1', port: data.process(name).port! });
  databases = createDatabases({
    PRIMARY: address('primary'),
    REPLICAS: [address('replica1')],
    GROUP: false,
    APP_PASSWORD: await data.secret('APP_PASSWORD'),
    MONITOR_PASSWORD: await data.secret('MONITOR_PASSWORD'),
  });
  await waitForFirstReports(databases);
  administrator = await Client.signedIn(stack.url);
}, 240_000);

afterAll(async () => {
  await closeDatabases(databases);
  await primary.end();
  await stack.stopAndClean();
  await mailServer.stop();
});

beforeEach(settle);

async function query(text: string, values: unknown[] = []): Promise<RowDataPacket[]> {
  return (await primary.query<RowDataPacket[]>(text, values))[0];
}

/** Makes what waits go out at once, and waits until nothing does. */
async function settle(): Promise<void> {
  await waitUntil(async () => {
    await query('UPDATE outbox SET due_at = UTC_TIMESTAMP(3) WHERE owner IS NULL');
    return (await query("SELECT 1 FROM outbox WHERE kind IN ('mail', 'customer-link')")).length === 0;
  });
}

const sentTo = (address: string) => mailServer.mails.filter(({ to }) => to.includes(address));
const rowsTo = (address: string) => query('SELECT * FROM mail WHERE recipient = ?', [address]);

/** In a transaction of its own, as an event would. */
async function queue(
  to: string,
  eventKey: string,
  group: 'directory' | 'catalogue' = 'directory',
): Promise<void> {
  const mail = { eventKey, to, language: 'es' as const, template: PASSWORD_CHANGED, data: {} };
  if (group === 'directory') await databases.directory.transact((trx) => queueMail(trx, mail));
  else await databases.catalogue.transact((trx) => queueMail(trx, mail));
}

/** The page is read from the replica. */
async function waitFor(path: string, text: string): Promise<string> {
  let page = '';
  await waitUntil(async () => {
    page = (await administrator.get(path)).text;
    return page.includes(text);
  });
  return page;
}

const shopperOf = (language: 'es' | 'en' = 'es') =>
  new Shopper({ language, url: stack.data.instanceUrls()[0]! });

test('an event makes one e-mail, however often and wherever it is queued', async () => {
  const to = uniqueEmail();
  const key = `test:${randomUUID()}`;
  await Promise.all([queue(to, key), queue(to, key, 'catalogue'), queue(to, key)]);
  await settle();
  await queue(to, key);
  await settle();
  expect(sentTo(to)).toHaveLength(1);
  const rows = await rowsTo(to);
  expect(rows).toMatchObject([{ state: 'sent', event_key: key }]);
  expect(sentTo(to)[0]!.messageId).toBe(`<${String(rows[0]!.id)}@example.com>`);
  await queue(to, `${key}-2`);
  await settle();
  expect(sentTo(to)).toHaveLength(2);
});

test('a transaction that is rolled back sends nothing', async () => {
  const to = uniqueEmail();
  const failing = databases.directory.transact(async (trx) => {
    const mail = { to, language: 'es' as const, template: CONFIRM_ADDRESS, data: { token: '00' } };
    await queueMail(trx, { ...mail, eventKey: `test:${randomUUID()}` });
    throw new Error('rolled back');
  });
  await expect(failing).rejects.toThrow('rolled back');
  await settle();
  expect(sentTo(to)).toEqual([]);
  expect(await rowsTo(to)).toEqual([]);
});

test.each([
  ['es', 'Confirme su cuenta', 'https://tienda.example.com/tienda/cuenta/confirmar?t='],
  ['en', 'Confirm your account', 'https://tienda.example.com/shop/account/confirm?t='],
] as const)(
  'a customer is written to in their language, as text and HTML: %s',
  async (language, subject, url) => {
    const to = uniqueEmail();
    await shopperOf(language).signUp(to);
    await waitUntil(() => sentTo(to).length === 1);
    const [mail] = sentTo(to);
    expect(mail).toMatchObject({ to: [to], subject });
    expect(mail!.text).toContain(url);
    expect(mail!.text).toContain('Librería Luna');
    expect(mail!.html).toContain(`<html lang="${language}">`);
    expect(mail!.html).toContain(`href="${url}`);
    const [, link] = /(https:\S+)/.exec(mail!.text)!;
    expect(mail!.html).toContain(`href="${link}"`);
  },
);

test('what a visitor types is in no e-mail to an address that is not confirmed', async () => {
  const to = uniqueEmail();
  const name = 'WIN 1000 at https://spam.example';
  await shopperOf().signUp(to, 'tres tristes tigres', name);
  await waitUntil(() => sentTo(to).length === 1);
  const [mail] = sentTo(to);
  for (const text of [mail!.subject, mail!.text, mail!.html]) expect(text).not.toMatch(/WIN|spam/);
});

test('a mail server that is down gets the e-mail later, once', async () => {
  const to = uniqueEmail();
  await mailServer.stop();
  await queue(to, `test:${randomUUID()}`);
  await waitUntil(async () => {
    const tried = await query(
      "SELECT 1 FROM outbox WHERE kind = 'mail' AND attempts >= 2 AND last_error IS NOT NULL",
    );
    return tried.length === 1;
  });
  expect((await rowsTo(to)).map(({ state }) => state as string)).toEqual(['waiting']);
  await waitFor('/mail', 'En espera');
  await mailServer.start();
  await settle();
  expect(sentTo(to)).toHaveLength(1);
  expect((await rowsTo(to)).map(({ state }) => state as string)).toEqual(['sent']);
});

test('when an instance dies while it sends, another one sends the same e-mail again', async () => {
  const to = uniqueEmail();
  mailServer.holdAnswers();
  await queue(to, `test:${randomUUID()}`);
  await waitUntil(() => sentTo(to).length === 1);
  const [entry] = await query("SELECT owner FROM outbox WHERE kind = 'mail'");
  process.kill(stack.data.process(String(entry!.owner)).pid, 'SIGKILL');
  mailServer.release();
  await waitUntil(() => sentTo(to).length === 2);
  await settle();
  expect(sentTo(to)).toHaveLength(2);
  expect(new Set(sentTo(to).map(({ messageId }) => messageId)).size).toBe(1);
  expect((await rowsTo(to)).map(({ state }) => state as string)).toEqual(['sent']);
});

test('an e-mail that cannot be delivered for three days is given up', async () => {
  const to = uniqueEmail();
  await mailServer.stop();
  await queue(to, `test:${randomUUID()}`);
  await waitUntil(async () => (await rowsTo(to)).length === 1);
  await waitUntil(async () => {
    await query(
      "UPDATE outbox SET attempts = 84, due_at = UTC_TIMESTAMP(3) WHERE kind = 'mail' AND owner IS NULL",
    );
    return (await rowsTo(to))[0]?.state === 'given_up';
  });
  await mailServer.start();
  await settle();
  expect(sentTo(to)).toEqual([]);
  await waitFor('/mail', 'No se pudo enviar');
});

test('administrators see what was sent, but no link that opens an account', async () => {
  const to = uniqueEmail();
  await shopperOf().signUp(to);
  await waitUntil(async () => (await rowsTo(to))[0]?.state === 'sent');
  const list = await waitFor('/mail', to);
  expect(list).toContain('Confirme su cuenta');
  const [secret] = await rowsTo(to);
  const hidden = await waitFor(`/mail/${String(secret!.id)}`, 'solo para quien lo recibe');
  expect(hidden).not.toContain('?t=');
  const other = uniqueEmail();
  await queue(other, `test:${randomUUID()}`);
  await settle();
  const [open] = await rowsTo(other);
  await waitFor(`/mail/${String(open!.id)}`, 'Se cambió la contraseña de su cuenta');
  for (const id of [randomUUID(), 'x', '1'])
    expect((await administrator.get(`/mail/${id}`)).status).toBe(404);
});

test('older e-mails are on further pages, and are deleted after thirty days', async () => {
  const mark = randomUUID().slice(0, 8);
  const row = (index: number, days: number) => [
    ...[
      randomUUID(),
      `${mark}:${index}`,
      `${mark}-${index}@example.com`,
      'es',
      'password-changed',
      '{}',
      'sent',
    ],
    new Date(Date.now() - days * 24 * 3600_000).toISOString().slice(0, 23).replace('T', ' '),
  ];
  const rows = [...Array.from({ length: 60 }, (_, index) => row(index, 29)), row(60, 31)];
  await query(
    'INSERT INTO mail (id, event_key, recipient, language, template, data, state, created_at) VALUES ?',
    [rows],
  );
  await waitFor('/mail', `${mark}-`);
  const seen = new Set<string>();
  for (let path: string | undefined = '/mail'; path;) {
    const { text } = await administrator.get(path);
    for (const [found] of text.matchAll(new RegExp(`${mark}-\\d+@`, 'g'))) seen.add(found);
    path = /rel="next" href="([^"]+)"/.exec(text)?.[1];
  }
  expect(seen.size).toBe(61);
  // One that is running may have looked at the e-mails already.
  await waitUntil(async () => {
    const [{ affectedRows }] = await primary.query<ResultSetHeader>(
      "UPDATE job_lease SET due_at = UTC_TIMESTAMP(3) WHERE name = 'clean-up' AND owner IS NULL",
    );
    return affectedRows === 1;
  });
  await waitUntil(async () => (await rowsTo(`${mark}-60@example.com`)).length === 0);
  expect(await rowsTo(`${mark}-0@example.com`)).toHaveLength(1);
});
