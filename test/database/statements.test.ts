import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import type { RowDataPacket } from 'mysql2/promise';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { closeDatabases, type Databases } from '../../src/database/databases.ts';
import { adjustQuantity } from '../../src/products/product-queries.ts';
import { Client } from '../support/client.ts';
import { openDatabases } from '../support/open-databases.ts';
import { stack } from '../support/shared-stack.ts';
import { waitUntil } from '../support/wait-until.ts';

let client: Client;
let databases: Databases;

beforeAll(async () => {
  client = await Client.signedIn();
  databases = await openDatabases();
});

afterAll(() => closeDatabases(databases));

test('every statement carries the request id of its response', async () => {
  const root = await stack.connect('primary');
  await root.query("SET GLOBAL log_output = 'TABLE'; SET GLOBAL general_log = ON");
  const { id } = await client.register({ quantity: 1 });
  const response = await client.changeQuantity(id, { delta: 1 });
  await root.query('SET GLOBAL general_log = OFF');
  const requestId = String(response.headers['x-request-id']);
  const [statements] = await root.query<RowDataPacket[]>(
    'SELECT CONVERT(argument USING utf8mb4) AS text FROM mysql.general_log WHERE argument LIKE ?',
    [`/* request ${requestId} */%`],
  );
  await root.end();
  const texts = statements.map(({ text }) => String(text).replace(/^.*?\*\/ /, ''));
  expect(texts).toContainEqual(expect.stringMatching(/^update `product` set/i));
  expect(texts).toContainEqual(expect.stringMatching(/^commit/i));
});

test('the server ends a query that takes too long', async () => {
  // Not through readReplica, which itself gives up a second later.
  await waitUntil(() => databases.catalogue.replicas().length > 0);
  const [replica] = databases.catalogue.replicas();
  const endless = sql`SELECT a.id FROM product AS a, product AS b, product AS c
    WHERE SHA2(CONCAT(a.code, b.code, c.code), 256) = ''`.execute(replica!.db);
  await expect(endless).rejects.toMatchObject({ code: 'ER_QUERY_TIMEOUT' });
});

test('retries the victim of a deadlock between two writes', async () => {
  const first = await client.register({ quantity: 10 });
  const second = await client.register({ quantity: 10 });
  const admin = { kind: 'user' as const, id: 1, lastWrite: {} };
  let attempts = 0;
  let holding = 0;
  const { promise: bothHoldOne, resolve } = Promise.withResolvers<undefined>();
  const takeOneOfBoth = (one: number, other: number) =>
    databases.catalogue.transactOnce({ ...admin }, randomBytes(32), async (trx) => {
      attempts++;
      await adjustQuantity(trx, one, -1, admin);
      if (++holding === 2) resolve(undefined);
      await bothHoldOne;
      await adjustQuantity(trx, other, -1, admin);
    });
  await Promise.all([takeOneOfBoth(first.id, second.id), takeOneOfBoth(second.id, first.id)]);
  expect(attempts).toBe(3);
  expect((await client.findByCode(first.code)).quantity).toBe(8);
  expect((await client.findByCode(second.code)).quantity).toBe(8);
});

test('completes a write after a lock wait timeout, once the lock is free', async () => {
  const { id, code } = await client.register({ quantity: 1 });
  const root = await stack.connect('primary');
  await root.query('START TRANSACTION; SELECT quantity FROM product WHERE id = ? FOR UPDATE', [id]);
  const change = client.changeQuantity(id, { delta: 1 });
  // Longer than innodb_lock_wait_timeout.
  await sleep(3000);
  await root.query('COMMIT');
  await root.end();
  expect((await change).status).toBe(200);
  expect((await client.findByCode(code)).quantity).toBe(2);
});
