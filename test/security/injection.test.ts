import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import type { RowDataPacket } from 'mysql2/promise';
import { Client, uniqueCode } from '../support/client.ts';
import { exchange } from '../support/raw-http.ts';
import { port, stack } from '../support/shared-stack.ts';
import { waitUntil } from '../support/wait-until.ts';

let client: Client;
beforeAll(async () => (client = await Client.signedIn()));

const SQL = [
  "' OR '1'='1",
  "' OR 1=1 -- ",
  '" OR ""="',
  "'; DELETE FROM stock_movement; -- ",
  "' UNION SELECT 1,username,password_hash,1,1,1,1,1,1,1 FROM user -- ",
  "1' AND SLEEP(3) -- ",
  '1 OR 1=1',
  '(SELECT 1)',
  "\\' OR 1=1 #",
  'product.id; DROP TABLE product',
  '0x27204f5220313d31',
];
const NONSENSE = 'zzqqzzqq';

test('SQL in a parameter of the list is treated as text', async () => {
  // A server that shows this also shows what earlier tests have removed.
  await client.register();
  const total = async (query: Record<string, string>) => (await client.search(query)).total;
  const all = await total({});
  const rows = (html: string) => [...html.matchAll(/<tr data-product="(\d+)"/g)].map(([, id]) => id);
  const usual = rows((await client.get('/products')).text);
  for (const text of SQL) {
    expect([text, await total({ search: `${NONSENSE} ${text}` })]).toEqual([text, 0]);
    expect([text, await total({ category: text })]).toEqual([text, 0]);
    for (const name of ['sort', 'cursor', 'limit', 'availability']) {
      const refused = await client.get('/api/products').query({ [name]: text });
      expect([name, text, refused.status]).toEqual([name, text, 400]);
    }
    for (const name of ['sort', 'cursor', 'availability']) {
      const page = await client.get('/products').query({ [name]: text });
      expect([name, text, page.status, rows(page.text)]).toEqual([name, text, 200, usual]);
    }
  }
  expect(await total({})).toBe(all);
});

test('SQL in a well-formed cursor is compared as a value', async () => {
  const first = await client.search({ sort: 'name', limit: 1 });
  const content = JSON.parse(Buffer.from(first.nextCursor!, 'base64url').toString()) as unknown[];
  for (const text of SQL) {
    const cursor = Buffer.from(JSON.stringify([content[0], content[1], text, 1])).toString('base64url');
    const response = await client.get('/api/products').query({ sort: 'name', cursor, limit: 1 });
    expect(response.status).toBe(200);
    const order = Buffer.from(JSON.stringify([content[0], text, 'a', 1])).toString('base64url');
    expect((await client.get('/api/products').query({ sort: 'name', cursor: order })).status).toBe(400);
  }
});

test('SQL in place of a product id is not found', async () => {
  const { id } = await client.register();
  for (const text of SQL) {
    const path = encodeURIComponent(`${id} ${text}`);
    for (const page of ['', '/edit', '/delete']) {
      expect((await client.get(`/products/${path}${page}`)).status).toBe(404);
    }
    for (const action of ['', '/delete', '/restore']) {
      const fields = { name: 'x', code: uniqueCode(), quantity: 1, unit: 'u', category: 'Otros', version: 1 };
      expect((await client.post(`/products/${path}${action}`, fields)).status).toBe(404);
    }
    const patched = await client.agent.patch(`/api/products/${path}/quantity`).send({ delta: 1 });
    expect([403, 404]).toContain(patched.status);
    const history = await client.get(`/products/${id}`).query({ before: text });
    expect([history.status, history.text.includes('Creación')]).toEqual([200, true]);
  }
});

test('SQL in text fields is stored verbatim, and does not log in', async () => {
  const before = (await client.search({})).total;
  for (const text of SQL) {
    const code = `${uniqueCode()}'--`;
    const unit = text.slice(0, 30).trim();
    await client.register({ name: text, code, description: text, unit });
    expect(await client.findByCode(code)).toMatchObject({
      name: text.trim(),
      description: text.trim(),
      unit,
    });
  }
  expect((await client.search({})).total).toBe(before + SQL.length);
  const stranger = new Client();
  for (const username of ["admin' -- ", "admin' OR '1'='1", 'admin" #']) {
    await stranger.takeToken('/login');
    const response = await stranger.post('/login', { username, password: "' OR '1'='1" });
    expect(response.status).toBe(422);
  }
});

test('no input becomes a header', async () => {
  const line = '%0d%0aX-Planted:%20yes%0d%0aSet-Cookie:%20planted=1';
  const paths = [
    `/login?return=/x${line}`,
    `/language/en?return=/x${line}`,
    `/language/en${line}`,
    `/products?search=x${line}`,
    `/products/export.csv?search=x${line}`,
    `/x${line}`,
    `//evil.example/${line}`,
  ];
  for (const path of paths) {
    const answer = await exchange(port, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    const [head] = answer.received.split('\r\n\r\n');
    expect(answer.status).toBeGreaterThanOrEqual(200);
    expect(head).not.toMatch(/^X-Planted|^Set-Cookie: planted/im);
  }
  const signedOut = await client.get(`/products/export.csv?search=%22;filename=evil.exe${line}`);
  expect(signedOut.headers['content-disposition']).toMatch(
    /^attachment; filename="?productos-[\d-]+\.csv"?$/,
  );
});

test('a forged Host appears in no link or redirect', async () => {
  const answer = await exchange(
    port,
    'GET /products HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: evil.example\r\nConnection: close\r\n\r\n',
  );
  expect(answer.headers.location).toBe('/login?return=%2Fproducts');
  expect(answer.received).not.toContain('evil.example');
});

test('a request writes one log line, with its own id only if well-formed', async () => {
  const id = `log-injection-${uniqueCode()}`;
  const fake = '%0a%7B%22level%22:30,%22userId%22:1,%22msg%22:%22planted%22%7D';
  const web1 = `http://127.0.0.1:${stack.process('web1').port}`;
  const direct = new Client(web1);
  await direct.get(`/x${fake}`).set('X-Request-Id', id);
  await direct.get('/x').set('User-Agent', 'a"},{"').set('X-Request-Id', 'a b"}{');
  const log = () => readFile(join(stack.varDir, 'log/web1.log'), 'utf8');
  await waitUntil(async () => (await log()).includes(id));
  const lines = (await log()).split('\n').filter((line) => line.startsWith('{') || line.includes('planted'));
  const mine = lines.filter((line) => line.includes(id));
  expect(mine).toHaveLength(1);
  for (const line of lines) expect(JSON.parse(line)).toBeInstanceOf(Object);
  expect(lines.some((line) => (JSON.parse(line) as { msg?: string }).msg === 'planted')).toBe(false);
  const odd = await direct.get('/x').set('X-Request-Id', 'a b"}{');
  expect(odd.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
});

test('refuses bodies that are binary, malformed or deeply nested, with a message', async () => {
  const { id, code } = await client.register({ quantity: 3 });
  const send = (content: string | Buffer, type = 'application/json') =>
    client.agent
      .patch(`/api/products/${id}/quantity`)
      .set({ 'Content-Type': type, 'X-Csrf-Token': client.token })
      .serialize((body) => body as string)
      .send(content as string);
  const cases: [string | Buffer, string, number][] = [
    ['{"delta":', 'application/json', 400],
    ['"delta"', 'application/json', 400],
    ['['.repeat(50_000) + ']'.repeat(50_000), 'application/json', 422],
    [`${'{"a":'.repeat(9000)}1${'}'.repeat(9000)}`, 'application/json', 422],
    ['{"delta":1}', 'application/json; charset=latin1', 415],
    ['{"delta":1}', 'text/plain', 422],
    ['<delta>1</delta>', 'application/xml', 422],
    ['delta=1', 'application/x-www-form-urlencoded', 422],
    ['{"quantity":[[5]],"version":{"$gt":0}}', 'application/json', 422],
  ];
  for (const [content, type, status] of cases) {
    const response = await send(content, type);
    expect([content.slice(0, 20), type, response.status]).toEqual([content.slice(0, 20), type, status]);
    expect((response.body as { error: string }).error).toMatch(/\w+/);
  }
  expect(await client.findByCode(code)).toMatchObject({ quantity: 3, version: 1 });
});

test('replaces invalid UTF-8, and keeps escapes as sent', async () => {
  const send = async (name: Buffer) => {
    const code = uniqueCode();
    const rest = `&_csrf=${client.token}&code=${code}&quantity=1&unit=u&category=Otros`;
    const response = await client.agent
      .post('/products')
      .type('form')
      .serialize((body) => body as string)
      .send(Buffer.concat([Buffer.from('name='), name, Buffer.from(rest)]) as never);
    expect(response.status).toBe(303);
    return (await client.findByCode(code)).name;
  };
  expect(await send(Buffer.from([0x61, 0xff, 0x62, 0xc3, 0x28, 0x63]))).toBe('a\uFFFDb\uFFFD(c');
  expect(await send(Buffer.from('a%FFb%C3%28c'))).toBe('a%FFb%C3%28c');
});

test('names such as __proto__ are treated like others', async () => {
  const { id, code } = await client.register({ quantity: 3 });
  for (const content of [
    '{"__proto__":{"delta":5,"polluted":true}}',
    '{"constructor":{"prototype":{"polluted":true}},"delta":0}',
    '{"delta":{"valueOf":"5"}}',
  ]) {
    const response = await client.agent
      .patch(`/api/products/${id}/quantity`)
      .set({ 'Content-Type': 'application/json', 'X-Csrf-Token': client.token })
      .send(content);
    expect(response.status).toBe(422);
  }
  const paths = [
    '/products?__proto__[polluted]=1&constructor=x&toString=1',
    '/api/products?__proto__=1&hasOwnProperty=1',
  ];
  for (const path of paths) expect((await client.get(path)).status).toBe(200);
  const form = await client.post('/products', {
    ...JSON.parse('{"__proto__":"x"}'),
    ...{ toString: 'x', name: 'x', code: uniqueCode(), quantity: 1, unit: 'u', category: 'Otros' },
  } as Record<string, string>);
  expect(form.status).toBe(303);
  const product = await client.findByCode(code);
  expect(product).toMatchObject({ quantity: 3, version: 1 });
  expect((product as unknown as { polluted?: boolean }).polluted).toBeUndefined();
});

test('a page ignores a repeated parameter, and the API refuses it', async () => {
  expect((await client.get('/products?search=a&search=b&sort=name&sort=code')).status).toBe(200);
  expect((await client.get('/api/products?search=a&search=b')).status).toBe(400);
  expect((await client.get('/language/en?return=/a&return=/b')).headers.location).toBe('/products');
  const twice = `_csrf=${client.token}&name=a&name=b&code=${uniqueCode()}&quantity=1&unit=u&category=Otros`;
  expect((await client.agent.post('/products').type('form').send(twice)).status).toBe(422);
});

test('a form cannot set fields that the system controls', async () => {
  const { id: neighbour, code: neighbourCode } = await client.register({ quantity: 9 });
  const extra = {
    id: neighbour,
    version: 77,
    available: 0,
    created_at: '2001-01-01',
    updated_at: '2001-01-01',
    category_id: 1,
    user_id: 999,
    deleted_by: 999,
    reason: 'count',
    delta: 1000,
    role: 'administrator',
  };
  const { id, code } = await client.register({ ...extra, quantity: 4 });
  expect(id).not.toBe(neighbour);
  expect(await client.findByCode(code)).toMatchObject({
    id,
    quantity: 4,
    version: 1,
    available: true,
    category: 'Otros',
  });

  const edited = { name: 'Editado', code, quantity: 6, unit: 'u', category: 'Otros', ...extra, version: 1 };
  expect((await client.post(`/products/${id}`, edited)).headers.location).toBe(`/products/${id}`);
  expect(await client.findByCode(code)).toMatchObject({ id, name: 'Editado', quantity: 6, version: 2 });
  expect(await client.findByCode(neighbourCode)).toMatchObject({ id: neighbour, quantity: 9, version: 1 });

  const changed = await client.changeQuantity(id, {
    ...extra,
    delta: 1,
    quantity: undefined,
    version: undefined,
    name: 'x',
  });
  expect(changed.body).toMatchObject({ id, quantity: 7, version: 3, name: 'Editado' });
  const deleted = await client.post(`/products/${id}/delete`, extra);
  expect(deleted.status).toBe(303);
  await client.post(`/products/${id}/restore`, { ...extra, quantity: 500 });
  expect((await client.findByCode(code)).quantity).toBe(7);

  const primary = await stack.connect('primary');
  const [movements] = await primary.query<RowDataPacket[]>(
    'SELECT delta, reason, username FROM stock_movement JOIN user ON user.id = user_id WHERE product_id = ? ORDER BY stock_movement.id',
    [id],
  );
  const [[kept]] = await primary.query<RowDataPacket[]>(
    'SELECT created_at > NOW() - INTERVAL 1 HOUR AS isNew FROM product WHERE id = ?',
    [id],
  );
  await primary.end();
  expect(movements).toEqual([
    { delta: 4, reason: 'initial', username: 'admin' },
    { delta: 2, reason: 'edit', username: 'admin' },
    { delta: 1, reason: 'adjustment', username: 'admin' },
  ]);
  expect(kept).toEqual({ isNew: 1 });
});
