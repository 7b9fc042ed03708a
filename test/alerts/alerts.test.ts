import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { DroppedProduct } from '../../src/alerts/webhook.ts';
import { Client, uniqueCode } from '../support/client.ts';
import { apply, preview, waitForRest } from '../support/import-files.ts';
import { MailServer, type ReceivedMail } from '../support/mail-server.ts';
import { oneTimePasswordIn } from '../support/people.ts';
import { Stack } from '../support/stack.ts';
import { waitUntil } from '../support/wait-until.ts';
import { isSigned, WebhookReceiver } from '../support/webhook-receiver.ts';

const EMAIL = 'bodega@example.com';
const secret = `whsec_${randomBytes(32).toString('base64')}`;
const mailServer = new MailServer();
const receiver = new WebhookReceiver();
let stack: Stack;
let client: Client;
let primary: Connection;

beforeAll(async () => {
  await Promise.all([mailServer.start(), receiver.start()]);
  stack = await Stack.start({
    env: {
      SMTP_URL: mailServer.url,
      MAIL_FROM: 'Inventario <inventario@example.com>',
      PUBLIC_URL: 'https://tienda.example.com/',
      WEBHOOK_URL: receiver.url,
      WEBHOOK_SECRET: secret,
      TZ_DEFAULT: 'America/Guayaquil',
    },
  });
  client = await Client.signedIn(stack.url);
  primary = await stack.data.connect('primary');
  await want(client, { email: EMAIL, cadence: 'soon' });
}, 240_000);

beforeEach(async () => {
  receiver.answer = 204;
  await settle();
});

afterAll(async () => {
  await primary.end();
  await stack.stopAndClean();
  await Promise.all([mailServer.stop(), receiver.stop()]);
});

async function want(who: Client, { language = 'es', ...fields }: Record<string, string>): Promise<void> {
  expect((await who.post('/alerts', { language, ...fields })).status).toBe(303);
}

async function query(text: string, values: unknown[] = []): Promise<RowDataPacket[]> {
  return (await primary.query<RowDataPacket[]>(text, values))[0];
}

async function count(what: string): Promise<number> {
  return Number((await query(`SELECT COUNT(*) AS n FROM ${what}`))[0]!.n);
}

const NEWS = 'level_change WHERE batch = 0';
const ENTRIES = "outbox WHERE kind IN ('low-stock-digest', 'stock-level-webhook')";

/** Makes what waits go out at once, and waits until nothing does. */
async function settle(): Promise<void> {
  await waitUntil(async () => {
    await query('UPDATE low_stock_subscription SET due_at = UTC_TIMESTAMP(3)');
    await query('UPDATE alert_state SET look_at = UTC_TIMESTAMP(3)');
    await query(`UPDATE outbox SET due_at = UTC_TIMESTAMP(3) WHERE owner IS NULL`);
    // In the order in which news moves on.
    const news = await count(NEWS);
    const untold = await count(`low_stock_subscription JOIN alert_state
      WHERE cadence <> 'none' AND (is_pending OR told_batch < batch)`);
    return news + untold + (await count(ENTRIES)) === 0;
  });
}

/** Until `settle`, no digest is sent. */
async function hold(): Promise<void> {
  await query('UPDATE low_stock_subscription SET due_at = UTC_TIMESTAMP(3) + INTERVAL 1 HOUR');
}

const about = (text: string, mails: ReceivedMail[] = mailServer.mails) =>
  mails.filter((mail) => mail.text.includes(text));

const form = (code: string) => ({ name: `Artículo ${code}`, code, unit: 'unidad', category: 'Otros' });

/** Five on hand, two are the minimum. */
async function add(code: string, fields: Record<string, string | number> = {}): Promise<number> {
  const { id } = await client.register({ ...form(code), quantity: 5, minimumStock: 2, ...fields });
  return id;
}

test('each way in which a level drops is told of in one digest, exactly once', async () => {
  const mark = uniqueCode();
  const code = (way: string) => `${mark}-${way}`;
  const edited = await add(code('form'));
  const raised = await add(code('minimum'));
  const counted = await add(code('count'));
  const adjusted = await add(code('difference'));
  const taken = await add(code('take-out'));
  await add(code('import'));
  await add(code('undo-import'), { quantity: 1 });
  const restored = await add(code('restore'), { quantity: 1 });
  const fromTrash = await add(code('trash'), { quantity: 1 });
  const old = await add(code('previous-version'));
  await settle();
  mailServer.mails.length = 0;
  await hold();

  const edit = { unit: 'unidad', category: 'Otros', version: 1 };
  const saved = [
    await client.post(`/products/${edited}`, {
      ...form(code('form')),
      ...edit,
      quantity: 1,
      minimumStock: 2,
    }),
    await client.post(`/products/${raised}`, {
      ...form(code('minimum')),
      ...edit,
      quantity: 5,
      minimumStock: 9,
    }),
    await client.post(`/products/${taken}/movements`, { amount: 4, direction: 'out', purpose: 'other' }),
  ];
  expect(saved.map(({ status }) => status)).toEqual([303, 303, 303]);
  expect((await client.changeQuantity(counted, { quantity: 2, version: 1 })).status).toBe(200);
  expect((await client.changeQuantity(adjusted, { delta: -5 })).status).toBe(200);
  await add(code('new'), { quantity: 0 });
  // Not to be ordered, so it is no news that there is none yet.
  await add(code('without-minimum'), { quantity: 0, minimumStock: 0 });
  const app = await stack.data.connect('primary', 'inventario_app', 'APP_PASSWORD');
  await app.query('UPDATE product SET quantity = quantity - 5, version = version + 1 WHERE id = ?', [old]);
  await app.end();
  for (const id of [restored, fromTrash]) await client.post(`/products/${id}/delete`);
  await client.post(`/products/${restored}/restore`);
  await client.post(`/trash/${fromTrash}/restore`);
  const file = (...rows: string[]) => ['Código;Nombre;Cantidad;Existencias mínimas', ...rows].join('\r\n');
  const undone = await preview(client, file(`${code('undo-import')};;8;`), `${mark}-undone.csv`);
  expect((await apply(client, undone.id)).state).toBe('applied');
  await client.post(`/imports/${undone.id}/undo`, { _key: crypto.randomUUID() });
  await waitForRest(client, undone.id);
  const rows = [`${code('import')};;1;`, `${code('import-new')};Nuevo;0;3`];
  const applied = await preview(client, file(...rows), `${mark}.csv`);
  expect((await apply(client, applied.id)).state).toBe('applied');
  await settle();

  const mails = about(mark);
  expect(mails).toHaveLength(1);
  const ways = ['form', 'minimum', 'count', 'difference', 'take-out', 'new', 'restore', 'trash', 'import'];
  for (const way of [...ways, 'import-new', 'undo-import', 'previous-version'])
    expect([way, mails[0]!.text.split(`(${code(way)})`).length - 1]).toEqual([way, 1]);
  expect(mails[0]!.text).not.toContain(code('without-minimum'));
  // Nothing is told again.
  await settle();
  expect(about(mark)).toHaveLength(1);
});

test('a digest has what is out before what is low, with quantities and links, and not what is enough again', async () => {
  const mark = uniqueCode();
  await hold();
  const low = await add(`${mark}-low`);
  const out = await add(`${mark}-out`);
  const again = await add(`${mark}-again`);
  const enough = await add(`${mark}-enough`);
  await client.changeQuantity(low, { delta: -3 });
  await client.changeQuantity(out, { delta: -5 });
  await client.changeQuantity(again, { delta: -5 });
  await client.changeQuantity(again, { delta: 7 });
  await client.changeQuantity(enough, { delta: -1 });
  mailServer.mails.length = 0;
  await settle();
  const [mail, ...others] = about(mark);
  expect(others).toEqual([]);
  expect(mail).toMatchObject({ to: [EMAIL], subject: '1 producto agotado, 1 por agotarse' });
  expect(mail!.text).toContain(`(${mark}-low): 2 unidades (mínimo 2 unidades)`);
  expect(mail!.text).toContain(`https://tienda.example.com/products/${out}\n`);
  expect(mail!.html).toContain(`href="https://tienda.example.com/products/${low}"`);
  expect(mail!.text.indexOf(`${mark}-out`)).toBeLessThan(mail!.text.indexOf(`${mark}-low`));
  for (const other of ['again', 'enough']) expect(mail!.text).not.toContain(`${mark}-${other}`);
});

test('what is enough again, or deleted, by the time of the digest makes no e-mail', async () => {
  const mark = uniqueCode();
  await hold();
  const again = await add(`${mark}-again`);
  const gone = await add(`${mark}-gone`);
  await client.changeQuantity(again, { delta: -5 });
  await client.changeQuantity(again, { delta: 5 });
  await client.changeQuantity(gone, { delta: -5 });
  await client.post(`/products/${gone}/delete`);
  mailServer.mails.length = 0;
  await settle();
  expect(mailServer.mails).toEqual([]);
});

test('names are text in an e-mail, never markup', async () => {
  const mark = uniqueCode();
  await hold();
  await add(mark, { name: `<b>"Ñandú" & Cía</b> ${mark}`, quantity: 0 });
  mailServer.mails.length = 0;
  await settle();
  const [mail] = about(mark);
  expect(mail!.html).toContain(`&lt;b&gt;&#34;Ñandú&#34; &amp; Cía&lt;/b&gt; ${mark}</a>`);
  expect(mail!.text).toContain(`- <b>"Ñandú" & Cía</b> ${mark} (${mark}): 0 unidades`);
});

test('a file of many products makes one e-mail, however many of them drop', async () => {
  const mark = uniqueCode();
  const rows = Array.from({ length: 2500 }, (_, i) => `${mark}-${i};Muchos ${i};0;1`);
  mailServer.mails.length = 0;
  const { id } = await preview(
    client,
    ['Código;Nombre;Cantidad;Existencias mínimas', ...rows].join('\r\n'),
    `${mark}.csv`,
  );
  expect((await apply(client, id)).state).toBe('applied');
  await settle();
  expect(mailServer.mails.map(({ subject }) => subject)).toEqual(['2500 productos agotados']);
  expect(mailServer.mails[0]!.text).toMatch(/Y 2\.?450 productos más\./);
});

test('a mail server that is down gets the digest later, once', async () => {
  const mark = uniqueCode();
  const id = await add(mark);
  mailServer.mails.length = 0;
  await mailServer.stop();
  await client.changeQuantity(id, { delta: -5 });
  await query('UPDATE low_stock_subscription SET due_at = UTC_TIMESTAMP(3)');
  await query('UPDATE alert_state SET look_at = UTC_TIMESTAMP(3)');
  await waitUntil(async () => (await count(`${ENTRIES} AND attempts >= 2 AND last_error IS NOT NULL`)) > 0);
  await waitUntil(async () => (await client.get('/alerts')).text.includes('no se pudo entregar todavía'));
  await mailServer.start();
  await settle();
  expect(about(mark)).toHaveLength(1);
  await waitUntil(async () => !(await client.get('/alerts')).text.includes('no se pudo entregar todavía'));
});

test('when an instance dies while it sends, another one sends the same e-mail again', async () => {
  const mark = uniqueCode();
  const id = await add(mark);
  mailServer.mails.length = 0;
  mailServer.holdAnswers();
  await client.changeQuantity(id, { delta: -5 });
  await query('UPDATE low_stock_subscription SET due_at = UTC_TIMESTAMP(3)');
  await query('UPDATE alert_state SET look_at = UTC_TIMESTAMP(3)');
  await waitUntil(() => about(mark).length === 1);
  const [entry] = await query(`SELECT owner FROM ${ENTRIES} AND kind = 'low-stock-digest'`);
  process.kill(stack.data.process(String(entry!.owner)).pid, 'SIGKILL');
  mailServer.release();
  await waitUntil(() => about(mark).length === 2);
  await settle();
  const mails = about(mark);
  expect(mails).toHaveLength(2);
  expect(new Set(mails.map(({ messageId }) => messageId)).size).toBe(1);
});

test('each person is told in their language, and nobody who does not want to be', async () => {
  const username = `clerk-${Date.now().toString(36)}`;
  const created = await client.post('/users', { username, role: 'clerk' });
  const current = oneTimePasswordIn(created.text);
  const other = new Client(stack.url);
  await other.logIn(username, current);
  const password = `roble-azul-${username}`;
  expect((await other.post('/password', { current, password, repeated: password })).status).toBe(303);
  await other.takeToken('/password');
  await want(other, { email: 'clerk@example.com', cadence: 'soon', language: 'en' });
  const mark = uniqueCode();
  await add(mark, { quantity: 0 });
  await settle();
  expect(
    about(mark)
      .map(({ to, subject }) => [...to, subject])
      .sort(),
  ).toEqual([
    [EMAIL, '1 producto agotado'],
    ['clerk@example.com', '1 product out of stock'],
  ]);
  await want(other, { email: 'clerk@example.com', cadence: 'none' });
  const second = uniqueCode();
  await add(second, { quantity: 0 });
  await settle();
  expect(about(second).map(({ to }) => to)).toEqual([[EMAIL]]);
});

test('who wants a digest once a day gets it at seven in the default zone', async () => {
  await want(client, { email: EMAIL, cadence: 'daily' });
  const [row] = await query(
    `SELECT DATE_FORMAT(due_at, '%T') AS time, due_at > UTC_TIMESTAMP() AS isLater
     FROM low_stock_subscription WHERE cadence = 'daily'`,
  );
  expect(row).toMatchObject({ time: '12:00:00', isLater: 1 });
  await want(client, { email: EMAIL, cadence: 'soon' });
});

test('what happens after seven waits for the next day, also if there was nothing to tell at seven', async () => {
  await want(client, { email: EMAIL, cadence: 'daily' });
  const isPutOff = async () => {
    const [row] = await query(
      `SELECT due_at > UTC_TIMESTAMP(3) AND look_at = due_at AS isPutOff
       FROM low_stock_subscription JOIN alert_state WHERE cadence = 'daily'`,
    );
    return row!.isPutOff === 1 && (await count(NEWS)) === 0;
  };
  await query(`UPDATE low_stock_subscription SET due_at = UTC_TIMESTAMP(3) - INTERVAL 1 HOUR`);
  await query('UPDATE alert_state SET look_at = UTC_TIMESTAMP(3)');
  await waitUntil(isPutOff);
  const code = uniqueCode();
  await add(code, { quantity: 0 });
  await waitUntil(async () => webhooksAbout(code).length > 0 && (await isPutOff()));
  expect(await count(`${ENTRIES} AND kind = 'low-stock-digest'`)).toBe(0);
  expect(about(code)).toEqual([]);
  await settle();
  expect(about(code)).toHaveLength(1);
  await want(client, { email: EMAIL, cadence: 'soon' });
});

const webhooksAbout = (text: string) => receiver.received.filter(({ body }) => body.includes(text));

test('the webhook is signed and says what dropped', async () => {
  const code = uniqueCode();
  const id = await add(code, { name: 'Café', quantity: 5 });
  await client.changeQuantity(id, { delta: -4 });
  await waitUntil(() => webhooksAbout(code).length === 1);
  const [received] = webhooksAbout(code);
  expect(isSigned(received!, secret)).toBe(true);
  expect(isSigned({ ...received!, body: `${received!.body} ` }, secret)).toBe(false);
  expect(received!.headers).toMatchObject({ 'content-type': 'application/json', 'user-agent': 'Inventario' });
  const { type, data } = JSON.parse(received!.body) as { type: string; data: { products: DroppedProduct[] } };
  expect(type).toBe('stock.level_dropped');
  const product = data.products.find((one) => one.code === code);
  expect(product).toMatchObject({
    id,
    name: 'Café',
    from: 'enough',
    to: 'low',
    quantity: 1,
    minimumStock: 2,
  });
});

test.each([500, 302, 'never'] as const)(
  'a receiver that answers %s gets the message again, under the same id',
  async (answer) => {
    const code = uniqueCode();
    receiver.answer = answer;
    await add(code, { quantity: 0 });
    await waitUntil(() => webhooksAbout(code).length >= 1);
    receiver.answer = 204;
    await settle();
    const all = webhooksAbout(code);
    expect(all.length).toBeGreaterThanOrEqual(2);
    expect(new Set(all.map(({ headers, body }) => `${String(headers['webhook-id'])} ${body}`)).size).toBe(1);
    expect(receiver.received.filter(({ path }) => !path.startsWith('/hooks/'))).toEqual([]);
    expect(all.every((one) => isSigned(one, secret))).toBe(true);
  },
);

test('the text that a receiver answers is not read, however long it is', async () => {
  const code = uniqueCode();
  receiver.answer = 'endless';
  await add(code, { quantity: 0 });
  await settle();
  expect(webhooksAbout(code)).toHaveLength(1);
});

test('a receiver that hangs holds up no e-mail', async () => {
  const code = uniqueCode();
  receiver.answer = 'never';
  mailServer.mails.length = 0;
  await add(code, { quantity: 0 });
  await query('UPDATE low_stock_subscription SET due_at = UTC_TIMESTAMP(3)');
  await query('UPDATE alert_state SET look_at = UTC_TIMESTAMP(3)');
  await waitUntil(() => about(code).length === 1);
  receiver.answer = 204;
  await settle();
});

test('no log has the passwords, the key, the address of the webhook or what its receiver answers', async () => {
  const folder = join(stack.varDir, 'log');
  for (const name of await readdir(folder)) {
    if (!name.startsWith('web')) continue;
    const log = await readFile(join(folder, name), 'utf8');
    for (const text of [
      mailServer.password,
      encodeURIComponent(mailServer.password),
      secret,
      't0k3n',
      'secret answer',
      EMAIL,
    ])
      expect([name, text, log.includes(text)]).toEqual([name, text, false]);
  }
});
