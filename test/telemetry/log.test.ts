import { randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { expect, test } from '@jest/globals';
import { createLogger, logConsole } from '../../src/telemetry/logger.ts';
import { requestContext } from '../../src/telemetry/request-context.ts';
import { Client, uniqueCode } from '../support/client.ts';
import { rawGet } from '../support/raw-request.ts';
import { baseUrl, stack } from '../support/shared-stack.ts';
import { waitUntil } from '../support/wait-until.ts';

/** Every log: the instances', NGINX's and MySQL's. */
async function logs(): Promise<string> {
  const folder = join(stack.varDir, 'log');
  const files = await readdir(folder);
  return (await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')))).join('\n');
}

interface Line {
  requestId?: string;
  path?: string;
  [field: string]: unknown;
}

/** Log lines of one request, from its instance and NGINX. */
async function linesOf(requestId: string): Promise<{ instance: Line; nginx: Line }> {
  let found: Line[] = [];
  await waitUntil(async () => {
    const lines = (await logs())
      .split('\n')
      .filter((line) => line.includes(requestId) && line.startsWith('{'));
    found = lines.map((line) => JSON.parse(line) as Line).filter((line) => line.requestId === requestId);
    return found.some((line) => 'durationMs' in line) && found.some((line) => 'seconds' in line);
  });
  return {
    instance: found.find((line) => 'durationMs' in line)!,
    nginx: found.find((line) => 'seconds' in line)!,
  };
}

test('of an address that opens an order, no log has the secret', async () => {
  for (const [base, key] of [
    ['/tienda/pago/', randomUUID()],
    ['/Shop/payment/', randomUUID()],
  ] as const) {
    const response = await fetch(`${baseUrl}${base}${key}`);
    const { instance, nginx } = await linesOf(response.headers.get('x-request-id')!);
    expect([instance.path, nginx.path]).toEqual([base, base]);
    expect(await logs()).not.toContain(key);
  }
});

test('each log has one line per request, joined by the request id', async () => {
  const client = await Client.signedIn();
  const { id } = await client.register();
  const response = await client.get(`/products/${id}?before=77&search=private-search`);
  const { instance, nginx } = await linesOf(String(response.headers['x-request-id']));
  expect(instance).toMatchObject({
    level: 'info',
    instance: response.headers['x-served-by'],
    method: 'GET',
    path: `/products/${id}`,
    route: '/products/:id',
    status: 200,
    completed: true,
    userId: expect.any(Number) as unknown,
    durationMs: expect.any(Number) as unknown,
    servers: expect.arrayContaining(['primary']) as unknown,
  });
  expect(nginx).toMatchObject({
    instance: response.headers['x-served-by'],
    method: 'GET',
    path: `/products/${id}`,
    status: '200',
  });
  expect(await logs()).not.toContain('private-search');
});

test('no log holds a password, a cookie, a token, or the values of a statement', async () => {
  const secrets = {
    wrongPassword: `Wrong-${uniqueCode()}`,
    newPassword: `New-${uniqueCode()}`,
    typed: `Typed-${uniqueCode()}`,
    jsonBody: `Body-${uniqueCode()}`,
    query: `Query-${uniqueCode()}`,
    code: uniqueCode(),
  };
  const client = await Client.signedIn();
  expect((await new Client().logIn(uniqueCode(), secrets.wrongPassword)).status).toBe(422);
  const refused = { current: 'admin123', password: secrets.newPassword, repeated: secrets.typed };
  expect((await client.post('/password', refused)).status).toBe(422);
  await client.register({ code: secrets.code });
  const duplicate = {
    name: secrets.typed,
    code: secrets.code,
    quantity: 1,
    unit: 'unidad',
    category: 'Otros',
  };
  expect((await client.post('/products', duplicate)).status).toBe(422);
  const brokenBody = await client.agent
    .post('/login')
    .type('json')
    .send(`{"password": "${secrets.jsonBody}"`);
  expect(brokenBody.status).toBe(400);
  await client.get(`/products?search=${secrets.query}`);
  await client.get(`/login?return=/products?token=${secrets.query}`);

  // Provoke a logged error: a write that fails with values in its statement.
  const primary = await stack.connect('primary');
  await primary.query('ALTER TABLE product RENAME TO product_away');
  let failed;
  try {
    failed = await client.post('/products', { ...duplicate, code: `${secrets.code}-2` });
  } finally {
    await primary.query('ALTER TABLE product_away RENAME TO product');
    await primary.end();
  }
  expect(failed.status).toBe(500);
  expect(failed.text).not.toContain('product_away');
  const id = String(failed.headers['x-request-id']);
  await linesOf(id);
  const all = await logs();
  const errorLine = all.split('\n').find((line) => line.includes(id) && line.includes('"level":"error"'))!;
  expect(JSON.parse(errorLine)).toMatchObject({ err: { code: 'ER_NO_SUCH_TABLE' } });

  const cookies = client.secrets();
  expect(cookies.length).toBeGreaterThan(3);
  for (const secret of [
    ...Object.values(secrets),
    ...cookies,
    'admin123',
    await stack.secret('SESSION_SECRET'),
  ]) {
    expect([secret, all.includes(secret)]).toEqual([secret, false]);
  }
});

test('client input cannot break or forge a log line', async () => {
  const forged = '{"level":"info","forged":true}';
  await fetch(`${baseUrl}/products%0A${encodeURIComponent(forged)}`, {
    headers: { 'user-agent': `a"\\b${forged}`, 'x-request-id': `x"${forged}` },
    redirect: 'manual',
  });
  expect(await rawGet('/a","forged":"x')).toMatch(/^HTTP\/1.1 303/);
  const id = 'chosen-by-client-1';
  const port = stack.process('web1').port!;
  const response = await fetch(`http://127.0.0.1:${port}/nowhere%0a${encodeURIComponent(forged)}`, {
    headers: { 'x-request-id': id, cookie: `inventario.sid=${forged}` },
    redirect: 'manual',
  });
  expect(response.headers.get('x-request-id')).toBe(id);
  await waitUntil(async () => (await logs()).includes(id));
  for (const name of ['web1', 'web2', 'web3', 'nginx']) {
    const text = await readFile(join(stack.varDir, 'log', `${name}.log`), 'utf8');
    // Every line except NGINX error lines is one JSON object, and none is forged.
    for (const line of text.split('\n').filter((one) => one !== '' && !/^\d{4}\/\d\d\/\d\d /.test(one))) {
      expect(JSON.parse(line)).not.toHaveProperty('forged');
    }
  }
});

test('console output of libraries becomes JSON log lines', () => {
  const lines: string[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  const original = { ...console };
  logConsole(createLogger({ INSTANCE: 'web9', LOG_LEVEL: 'info' }, sink));
  try {
    console.error('two\nlines', 'hush');
    console.log(Object.assign(new Error("near 'hush'"), { sql: 'hush' }));
  } finally {
    Object.assign(console, original);
  }
  expect(lines).toHaveLength(2);
  expect(JSON.parse(lines[0]!)).toMatchObject({ level: 'warn', instance: 'web9', text: 'two\nlines' });
  expect(lines.join('')).not.toContain('hush');
});

test('the logger redacts secrets and the values in MySQL errors', () => {
  const lines: string[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  const logger = createLogger({ INSTANCE: 'web9', LOG_LEVEL: 'info' }, sink);
  const error = Object.assign(new Error("Duplicate entry 'hush\n'hush' for key 'product.code'"), {
    code: 'ER_DUP_ENTRY',
    errno: 1062,
    sqlState: '23000',
    sql: "INSERT INTO product (code) VALUES ('hush')",
    sqlMessage: "Duplicate entry 'hush' for key 'product.code'",
  });
  const cause = Object.assign(new Error('could not be read'), { body: 'hush', cause: error });
  requestContext.run({ id: 'request-1234', address: '', servers: new Set() }, () => {
    logger.error({ err: cause });
    logger.info({
      body: { password: 'hush', _csrf: 'hush' },
      req: { headers: { cookie: 'hush', authorization: 'hush', 'x-csrf-token': 'hush' } },
      res: { headers: { 'set-cookie': ['hush'] } },
      token: 'hush',
    });
  });
  expect(lines).toHaveLength(2);
  expect(lines.join('')).not.toContain('hush');
  expect(JSON.parse(lines[0]!)).toMatchObject({
    instance: 'web9',
    requestId: 'request-1234',
    err: { message: 'could not be read', cause: { code: 'ER_DUP_ENTRY', errno: 1062 } },
  });
});
