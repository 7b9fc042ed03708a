import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Connection, ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import { Client } from '../support/client.ts';
import { isWhole, readHeadersOnly, startDownload } from '../support/long-downloads.ts';
import { createPerson, type Person } from '../support/people.ts';
import { stack, withDelayedReplica } from '../support/shared-stack.ts';
import { Stack } from '../support/stack.ts';
import { waitUntil } from '../support/wait-until.ts';

let administrator: Client;
let primary: Connection;

beforeAll(async () => {
  administrator = await Client.signedIn();
  primary = await stack.connect('primary');
});

afterAll(() => primary.end());

/** The distinct statuses over all instances. */
async function answers(client: Client): Promise<number[]> {
  const statuses: number[] = [];
  for (let i = 0; i < 6; i++) statuses.push((await client.get('/api/products')).status);
  return [...new Set(statuses)];
}

/** Keeps using the cookie after the log-out. */
function copyOf(client: Client, cookie: string): Client {
  const copy = new Client();
  void copy.agent.set('Cookie', cookie);
  return copy;
}

async function signedInWithCookie({ username, password }: Person): Promise<{ client: Client; copy: Client }> {
  const client = new Client();
  const entered = await client.logIn(username, password);
  const cookie = /inventario\.sid=[^;]+/.exec(String(entered.headers['set-cookie']))![0];
  return { client, copy: copyOf(client, cookie) };
}

async function sessionsOf({ id }: Person): Promise<number> {
  const [rows] = await primary.query<RowDataPacket[]>('SELECT id FROM session WHERE user_id = ?', [id]);
  return rows.length;
}

test('log-out ends the session on every instance, even while the replica lags', async () => {
  const person = await createPerson(administrator, 'viewer');
  await withDelayedReplica(5, async () => {
    const { client, copy } = await signedInWithCookie(person);
    expect(await answers(copy)).toEqual([200]);
    await client.post('/logout');
    expect(await answers(copy)).toEqual([401]);
  });
});

test('a slow request that outlasts the log-out does not restore the session', async () => {
  const person = await createPerson(administrator, 'clerk');
  await primary.query('DELETE FROM session WHERE user_id = ?', [person.id]);
  const { client, copy } = await signedInWithCookie(person);
  const { id, code } = await client.register();
  const blocker = await stack.connect('primary');
  await blocker.query('BEGIN; SELECT id FROM product WHERE id = ? FOR UPDATE', [id]);
  // It writes the session when it ends.
  const saving = client.post(`/products/${id}`, {
    name: 'Despacio',
    code,
    quantity: 5,
    unit: 'unidad',
    category: 'Otros',
    version: 1,
  });
  await waitUntil(async () => {
    const [waiting] = await primary.query<RowDataPacket[]>(
      'SELECT 1 FROM performance_schema.data_lock_waits',
    );
    return waiting.length > 0;
  });
  await client.post('/logout');
  expect(await sessionsOf(person)).toBe(0);
  await blocker.query('COMMIT');
  await blocker.end();
  expect((await saving).status).toBe(303);
  expect(await sessionsOf(person)).toBe(0);
  expect(await answers(copy)).toEqual([401]);
});

test('an export that outlasts the log-out does not restore the session', async () => {
  const person = await createPerson(administrator, 'viewer');
  await primary.query('DELETE FROM session WHERE user_id = ?', [person.id]);
  const { client, copy } = await signedInWithCookie(person);
  // Old enough for the end of a request to extend it.
  await primary.query(
    'UPDATE session SET expires_at = UTC_TIMESTAMP(3) + INTERVAL 5 MINUTE WHERE user_id = ?',
    [person.id],
  );
  const exporting = await readHeadersOnly(startDownload({ path: '/products/export.xlsx', as: client }));
  await client.post('/logout');
  exporting.socket.resume();
  await exporting.ended;
  expect(isWhole(exporting)).toBe(true);
  expect(await sessionsOf(person)).toBe(0);
  expect(await answers(copy)).toEqual([401]);
});

test('a session expires when idle and at its maximum age', async () => {
  const person = await createPerson(administrator, 'viewer');
  const change = async (what: string) => {
    const [{ affectedRows }] = await primary.query<ResultSetHeader>(
      `UPDATE session SET ${what} WHERE user_id = ?`,
      [person.id],
    );
    expect(affectedRows).toBeGreaterThan(0);
  };
  const { copy: idle } = await signedInWithCookie(person);
  await change('expires_at = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND');
  expect(await answers(idle)).toEqual([401]);

  await primary.query('DELETE FROM session WHERE user_id = ?', [person.id]);
  const { copy: old } = await signedInWithCookie(person);
  const began = (hoursAgo: number) =>
    change(`data = JSON_SET(data, '$.signedInAt', ${Date.now() - hoursAgo * 3600_000})`);
  await began(11.9);
  expect(await answers(old)).toEqual([200]);
  await began(12.1);
  expect(await answers(old)).toEqual([401]);
});

test('both limits are settings of npm start', async () => {
  const own = await Stack.start({ env: { SESSION_IDLE_MINUTES: '7', SESSION_MAX_HOURS: '2' } });
  try {
    const client = new Client(own.url);
    const entered = await client.logIn('admin', 'admin123');
    const cookie = String(entered.headers['set-cookie']);
    const expires = /inventario\.sid=.*?Expires=([^;]+)/.exec(cookie)![1]!;
    const minutes = (Date.parse(expires) - Date.parse(entered.headers.date!)) / 60_000;
    expect(minutes).toBeGreaterThan(6.9);
    expect(minutes).toBeLessThan(7.1);
    const database = await own.data.connect('primary');
    const [[row]] = await database.query<RowDataPacket[]>(
      'SELECT TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(), expires_at) AS seconds FROM session',
    );
    expect(row!.seconds).toBeLessThanOrEqual(7 * 60 + 1);
    const began = (hoursAgo: number) =>
      database.query(`UPDATE session SET data = JSON_SET(data, '$.signedInAt', ?)`, [
        Date.now() - hoursAgo * 3600_000,
      ]);
    await began(1.9);
    expect((await client.get('/api/products')).status).toBe(200);
    await began(2.1);
    expect((await client.get('/api/products')).status).toBe(401);
    await database.end();
  } finally {
    await own.stopAndClean();
  }
});
