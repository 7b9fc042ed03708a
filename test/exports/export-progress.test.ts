import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { Client } from '../support/client.ts';
import { createPerson } from '../support/people.ts';
import { RawConnection } from '../support/raw-http.ts';
import { stack } from '../support/shared-stack.ts';
import { waitUntil } from '../support/wait-until.ts';

/** More than the buffers on the way to a client hold. */
const ROWS = 80_000;
const MARK = 'followed-files';

let client: Client;
let primary: Connection;

beforeAll(async () => {
  client = await Client.signedIn();
  primary = await stack.connect('primary');
  const replica = await stack.connect('replica1');
  await primary.query(
    `SET SESSION cte_max_recursion_depth = ${ROWS};
     INSERT INTO product (code, name, description, category_id, quantity, unit)
     WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${ROWS})
     SELECT CONCAT('${MARK}-', i), '${MARK}', CONCAT(SHA2(i, 512), SHA2(-i, 512), SHA2(i + 0.5, 512)), 1, 0, 'unidad' FROM n`,
  );
  await waitUntil(async () => {
    const [[row]] = await replica.query<RowDataPacket[]>(
      'SELECT COUNT(*) AS count FROM product WHERE name = ?',
      [MARK],
    );
    return Number(row!.count) === ROWS;
  });
  await replica.end();
});

afterAll(async () => {
  await primary.query('DELETE FROM product WHERE name = ?', [MARK]);
  await primary.end();
});

const newId = () => randomBytes(16).toString('hex');

/** Starts a download from web1, bypassing NGINX, and stops reading after the headers. */
async function startExport(file: string): Promise<RawConnection> {
  const request = client.get('/health/live');
  await request;
  const { cookies } = request as unknown as { cookies: string };
  const connection = new RawConnection(stack.process('web1').port!);
  connection.send(
    `GET /products/${file} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nCookie: ${cookies}\r\n\r\n`,
  );
  await waitUntil(() => connection.received.includes('\r\n\r\n'));
  connection.socket.pause();
  return connection;
}

async function progressOf(id: string, someone = client) {
  const answer = await someone.get(`/api/exports/${id}`);
  return {
    status: answer.status,
    ...(answer.body as { state?: string; rows?: number; total?: number | null }),
  };
}

test('every instance reports the progress of an export and the number of products', async () => {
  const id = newId();
  const connection = await startExport(`export.csv?progress=${id}`);
  try {
    await waitUntil(
      async () => ((await progressOf(id)).rows ?? 0) > 0 && (await progressOf(id)).total !== null,
    );
    for (const name of ['web1', 'web2', 'web3']) {
      const there = new Client(`http://127.0.0.1:${stack.process(name).port}`);
      await there.logIn('admin', 'admin123');
      const { state, rows, total } = await progressOf(id, there);
      expect(state).toBe('running');
      expect(total).toBeGreaterThanOrEqual(ROWS);
      expect(rows).toBeLessThan(total!);
    }
    connection.socket.resume();
    await connection.ended;
    await waitUntil(async () => (await progressOf(id)).state !== 'running');
    const { state, rows, total } = await progressOf(id);
    expect({ state, rows }).toEqual({ state: 'done', rows: total });
  } finally {
    connection.close();
  }
});

test.each(['export.csv', 'export.xlsx'])('cancelling %s leaves the file incomplete', async (file) => {
  const id = newId();
  const connection = await startExport(`${file}?progress=${id}`);
  await waitUntil(async () => (await progressOf(id)).state === 'running');
  const answer = await client.send('POST', `/api/exports/${id}/cancel`);
  expect(answer.status).toBe(204);
  connection.socket.resume();
  await connection.ended;
  expect(connection.received.endsWith('\r\n0\r\n\r\n')).toBe(false);
  expect((await progressOf(id)).state).toBe('cancelled');
  // There is nothing left to cancel.
  expect((await client.send('POST', `/api/exports/${id}/cancel`)).status).toBe(404);
});

test('a client that disconnects cancels its export', async () => {
  const id = newId();
  const connection = await startExport(`export.xlsx?progress=${id}`);
  await waitUntil(async () => (await progressOf(id)).state === 'running');
  connection.close();
  await waitUntil(async () => (await progressOf(id)).state === 'cancelled');
});

test('a filtered export has no total, and a repeated address starts from zero', async () => {
  const id = newId();
  for (const search of [`${MARK}-1`, 'nothing-is-called-so']) {
    const { text } = await client.get(`/products/export.csv?search=${search}&progress=${id}`);
    const rows = text.trimEnd().split('\r\n').length - 1;
    await waitUntil(async () => {
      const progress = await progressOf(id);
      return progress.state === 'done' && progress.rows === rows && progress.total === null;
    });
  }
});

test('users can neither see nor cancel the exports of others', async () => {
  const id = newId();
  await client.get(`/products/export.csv?search=zzzz&progress=${id}`);
  await waitUntil(async () => (await progressOf(id)).state === 'done');
  const { client: other } = await createPerson(client, 'clerk');
  expect((await progressOf(id, other)).status).toBe(404);
  expect((await other.send('POST', `/api/exports/${id}/cancel`)).status).toBe(404);
});

test('an invalid progress id does not prevent the export', async () => {
  for (const id of ['', '%00', 'x', `${newId()}0`]) {
    const response = await client.get(`/products/export.csv?search=zzzz&progress=${id}`);
    expect(response.status).toBe(200);
  }
  expect((await progressOf('x')).status).toBe(404);
});
