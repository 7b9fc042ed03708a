import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { beforeAll, expect, test } from '@jest/globals';
import { Client, uniqueCode } from '../support/client.ts';
import { exchange, RawConnection } from '../support/raw-http.ts';
import { baseUrl, port, stack } from '../support/shared-stack.ts';

let client: Client;
beforeAll(async () => (client = await Client.signedIn()));

const instancePort = () => stack.process('web1').port!;

test('refuses bodies over 100 kB as form, JSON or gzip, with a message', async () => {
  const large = 'a'.repeat(110_000);
  const form = await client.post('/products', { description: large });
  expect(form.status).toBe(413);
  expect(form.text).toContain('La solicitud es demasiado grande.');
  const { id } = await client.register();
  const json = await client.changeQuantity(id, { delta: 1, note: large });
  expect(json.status).toBe(413);
  expect((json.body as { error: string }).error).toBe('La solicitud es demasiado grande.');
  // 20 kB that decompress to 20 MB.
  const bomb = gzipSync(`{"delta":1,"note":"${'a'.repeat(20_000_000)}"}`);
  expect(bomb.length).toBeLessThan(25_000);
  const compressed = await fetch(`${baseUrl}/login`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' },
    body: new Uint8Array(bomb),
  });
  expect(compressed.status).toBe(413);
});

test('refuses a form with too many fields', async () => {
  const fields = Array.from({ length: 1001 }, (_, index) => `f${index}=1`).join('&');
  const response = await client.agent.post('/products').type('form').send(fields);
  expect(response.status).toBe(413);
});

test('shows an error beside a field that is too long, and truncates a search', async () => {
  const long = 'x'.repeat(5000);
  const refused = await client.post('/products', {
    name: long,
    code: long,
    description: long,
    quantity: '9'.repeat(5000),
    unit: long,
    category: long,
  });
  expect(refused.status).toBe(422);
  for (const field of ['name', 'code', 'description', 'quantity', 'unit', 'category'])
    expect(refused.text).toContain(`id="${field}-error"`);
  expect((await client.get(`/products?search=${long}`)).status).toBe(200);
  expect((await client.get(`/api/products?search=${long}`)).status).toBe(400);
  expect((await client.post('/products/1/delete', { return: `/${long}` })).status).not.toBe(500);
});

test('an instance refuses headers over 16 kB, as NGINX does', async () => {
  const bytes = `GET /login HTTP/1.1\r\nHost: x\r\nX-Y: ${'a'.repeat(17_000)}\r\n\r\n`;
  expect((await exchange(instancePort(), bytes)).status).toBe(431);
});

test('an instance accepts all that NGINX lets through', async () => {
  const lines = `X-A: ${'a'.repeat(6500)}\r\nX-B: ${'b'.repeat(6500)}\r\n`;
  const answer = await exchange(port, `GET /login HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${lines}\r\n`);
  expect(answer.status).toBe(200);
  const more = await exchange(
    port,
    `GET /login HTTP/1.1\r\nHost: x\r\n${lines}X-C: ${'c'.repeat(6500)}\r\n\r\n`,
  );
  expect(more.status).toBe(400);
});

/** A slow client that sends `drip` every second. */
async function isEnded(connection: RawConnection, drip: string): Promise<boolean> {
  const dripping = setInterval(() => connection.send(drip), 1000);
  const ended = await Promise.race([connection.ended.then(() => true), sleep(60_000, false)]);
  clearInterval(dripping);
  connection.close();
  return ended;
}

test('NGINX and instances drop clients that never finish headers or body', async () => {
  const headers = 'GET /login HTTP/1.1\r\nHost: x\r\n';
  const body =
    'POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 90000\r\n\r\nusername=';
  const ended = await Promise.all([
    isEnded(new RawConnection(port).send(headers), 'X-A: b\r\n'),
    isEnded(new RawConnection(port).send(body), ''),
    isEnded(new RawConnection(instancePort()).send(headers), 'X-A: b\r\n'),
    // Without NGINX buffering the body, the instance limits its total time.
    isEnded(new RawConnection(instancePort()).send(body), 'a'),
  ]);
  expect(ended).toEqual([true, true, true, true]);
});

test('refuses JSON that is nested too deeply to be identified', async () => {
  const person = { deep: 'x' };
  const body = JSON.stringify(person).replace('"x"', `${'['.repeat(45_000)}${']'.repeat(45_000)}`);
  for (const path of ['/users', '/users/2/password', '/products']) {
    const answer = await client.agent
      .post(path)
      .set({ 'x-csrf-token': client.token, 'content-type': 'application/json' })
      .send(body);
    expect([path, answer.status < 500]).toEqual([path, true]);
  }
});

test('two hundred stalled clients do not block others', async () => {
  const slow = Array.from({ length: 200 }, () => new RawConnection(port).send('GET /login HTTP/1.1\r\nX-'));
  await sleep(500);
  try {
    const { id, code } = await client.register({ code: uniqueCode(), quantity: 1 });
    expect((await client.changeQuantity(id, { delta: 1 })).status).toBe(200);
    expect((await client.findByCode(code)).quantity).toBe(2);
  } finally {
    for (const connection of slow) connection.close();
  }
});

test('refuses conflicting message lengths, so that no request can be smuggled', async () => {
  const head = 'POST /login HTTP/1.1\r\nHost: x\r\n';
  const ambiguous = [
    'Content-Length: 4\r\nContent-Length: 30\r\n\r\nabcd',
    'Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n',
    'Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n',
    'Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n',
  ];
  for (const on of [port, instancePort()]) {
    for (const rest of ambiguous) {
      const { received } = await exchange(on, head + rest);
      expect(received).toMatch(/^HTTP\/1\.1 (400|501)/);
      expect(received.match(/HTTP\/1\.1 \d/g)).toHaveLength(1);
    }
  }
});

test('TRACE echoes nothing', async () => {
  for (const on of [port, instancePort()]) {
    const answer = await exchange(
      on,
      'TRACE /login HTTP/1.1\r\nHost: x\r\nX-Secret: s3cret\r\nConnection: close\r\n\r\n',
    );
    expect(answer.status).toBeGreaterThanOrEqual(303);
    expect(answer.received).not.toContain('s3cret');
  }
});
