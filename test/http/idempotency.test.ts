import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, test } from '@jest/globals';
import type { RowDataPacket } from 'mysql2/promise';
import type { Product } from '../../src/products/product.ts';
import { Client, uniqueCode } from '../support/client.ts';
import { addUsers } from '../support/added-users.ts';
import { Session, type Answer } from '../support/session.ts';
import { baseUrl, stack } from '../support/shared-stack.ts';
import { waitUntil } from '../support/wait-until.ts';

let client: Client;
let session: Session;
let urls: string[];

beforeAll(async () => {
  client = await Client.signedIn();
  session = await Session.signIn(baseUrl);
  urls = stack.instanceUrls();
});

const registration = (code: string) => ({ code, name: code, quantity: 3, unit: 'unidad', category: 'Otros' });

async function sendToAll(send: (url: string) => Promise<Answer>, how: 'at once' | 'in turn') {
  if (how === 'at once') return Promise.all(urls.map(send));
  const answers: Answer[] = [];
  for (const url of urls) answers.push(await send(url));
  return answers;
}

const change = (who: Session, url: string, id: number, delta: number, key: string) =>
  who.send(url, { path: `/api/products/${id}/quantity`, method: 'PATCH', json: { delta }, key });

/** The deltas of the movements. */
async function ledger(id: number): Promise<number[]> {
  const primary = await stack.connect('primary');
  const [rows] = await primary.query<RowDataPacket[]>(
    'SELECT delta FROM stock_movement WHERE product_id = ? ORDER BY id',
    [id],
  );
  await primary.end();
  return rows.map(({ delta }) => delta as number);
}

test.each(['at once', 'in turn'] as const)(
  'a form sent to three instances %s is saved once, with equal answers',
  async (how) => {
    const form = { ...registration(uniqueCode()), _key: randomUUID() };
    const send = (url: string) => session.send(url, { path: '/products', method: 'POST', form });
    const answers = await sendToAll(send, how);
    expect(answers.map(({ status }) => status)).toEqual([303, 303, 303]);
    expect(new Set(answers.map(({ location }) => location)).size).toBe(1);
    const { id } = await client.findByCode(form.code);
    expect(answers[0]?.location).toBe(`/products/${id}`);
    expect(await ledger(id)).toEqual([3]);
  },
);

test.each(['at once', 'in turn'] as const)(
  'a change sent to three instances %s is made once, with equal answers',
  async (how) => {
    const { id } = await client.register({ quantity: 5 });
    const key = randomUUID();
    const answers = await sendToAll((url) => change(session, url, id, 2, key), how);
    const [first, ...others] = answers.map(({ text }) => JSON.parse(text) as Product);
    expect(first).toMatchObject({ id, quantity: 7, version: 2 });
    expect(others).toEqual([first, first]);
    expect(await ledger(id)).toEqual([5, 2]);
  },
);

test('deletes and restores once, however often the buttons are pressed', async () => {
  const { id } = await client.register({ quantity: 5 });
  for (const action of ['delete', 'restore']) {
    const form = { _key: randomUUID() };
    const send = (url: string) =>
      session.send(url, { path: `/products/${id}/${action}`, method: 'POST', form });
    const statuses = [...(await sendToAll(send, 'at once')), ...(await sendToAll(send, 'in turn'))];
    expect(statuses.map(({ status }) => status)).toEqual(Array(6).fill(303));
  }
  expect((await client.get(`/products/${id}`)).status).toBe(200);
});

test('repeats a refusal even if the request would succeed now', async () => {
  const { id } = await client.register({ quantity: 1 });
  const key = randomUUID();
  const refused = await change(session, urls[0]!, id, -5, key);
  expect(refused.status).toBe(422);
  await client.changeQuantity(id, { delta: 10 });
  expect(await change(session, urls[1]!, id, -5, key)).toEqual(refused);
  expect((await change(session, urls[1]!, id, -5, randomUUID())).status).toBe(200);
  expect(await ledger(id)).toEqual([1, 10, -5]);
});

test('repeats the form errors when an invalid form is sent again', async () => {
  const { code } = await client.register();
  const form = { ...registration(code), _key: randomUUID() };
  const send = (url: string) => session.send(url, { path: '/products', method: 'POST', form });
  for (const answer of await sendToAll(send, 'in turn')) {
    expect(answer.status).toBe(422);
    expect(answer.text).toContain('id="code-error"');
  }
});

test('the same key with other fields, or on another product, is another request', async () => {
  const { id } = await client.register({ quantity: 5 });
  const other = await client.register({ quantity: 5 });
  const key = randomUUID();
  await change(session, urls[0]!, id, 1, key);
  await change(session, urls[0]!, id, 2, key);
  await change(session, urls[0]!, other.id, 1, key);
  expect(await ledger(id)).toEqual([5, 1, 2]);
  expect(await ledger(other.id)).toEqual([5, 1]);
});

test('the same key from two users identifies two requests', async () => {
  await addUsers(stack, ['doble']);
  const other = await Session.signIn(baseUrl, 'doble');
  const { id } = await client.register({ quantity: 5 });
  const key = randomUUID();
  await change(session, urls[0]!, id, 1, key);
  const answer = await change(other, urls[0]!, id, 1, key);
  expect(JSON.parse(answer.text)).toMatchObject({ quantity: 7 } satisfies Partial<Product>);
  expect(await ledger(id)).toEqual([5, 1, 1]);
});

test('every form gets its own key on each page view', async () => {
  const { id } = await client.register();
  const seen = new Set<string>();
  const pages = [
    '/products',
    '/products/new',
    `/products/${id}`,
    `/products/${id}/edit`,
    `/products/${id}/delete`,
  ];
  let forms = 0;
  for (const page of [...pages, ...pages, '/password']) {
    const { text } = await client.get(page);
    for (const [, form] of text.matchAll(/<form[^>]*method="post"[^>]*>([\s\S]*?)<\/form>/g)) {
      forms++;
      seen.add(/name="_key" value="([0-9a-f-]{36})"/.exec(form!)?.[1] ?? `none on ${page}`);
    }
  }
  expect([...seen].filter((key) => key.startsWith('none'))).toEqual([]);
  expect(seen.size).toBe(forms);
});

test('makes each change once when instances are killed under load', async () => {
  const { id } = await client.register({ quantity: 0 });
  const answers: Answer[] = [];
  let running = true;
  const writers = Array.from({ length: 8 }, async () => {
    while (running) {
      const form = registration(uniqueCode());
      const sent = { path: '/products', method: 'POST' as const, form, key: randomUUID() };
      answers.push(await session.send(baseUrl, sent));
      answers.push(await change(session, baseUrl, id, 1, randomUUID()));
    }
  });
  for (const name of ['web1', 'web2', 'web1']) {
    await waitUntil(() => stack.processes().some((process) => process.name === name));
    await sleep(700);
    process.kill(stack.process(name).pid, 'SIGKILL');
  }
  await sleep(700);
  running = false;
  await Promise.all(writers);
  expect(answers.filter(({ status }) => status !== 200 && status !== 303)).toEqual([]);
  const changes = answers.filter(({ status }) => status === 200);
  expect(await ledger(id)).toEqual(changes.map(() => 1));
  for (const { location } of answers.filter(({ status }) => status === 303)) {
    expect(await ledger(Number(location.split('/').at(-1)))).toEqual([3]);
  }
  await waitUntil(async () => {
    const ready = await Promise.all(urls.map((url) => fetch(`${url}/health/ready`)));
    return ready.every(({ ok }) => ok);
  });
});
