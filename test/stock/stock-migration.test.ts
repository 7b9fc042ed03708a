import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Kysely, MysqlDialect } from 'kysely';
import { createPool } from 'mysql2';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { connectionOptions } from '../../src/database/connect.ts';
import type { Catalogue } from '../../src/database/tables.ts';
import { availableToPromise } from '../../src/stock/available-to-promise.ts';
import { listStockMovements } from '../../src/stock/movement-history.ts';
import { PROJECT_DIR } from '../../tools/launcher/stack-config.ts';
import { stack } from '../support/shared-stack.ts';

const NAME = 'stock_migration_test';
const FOLDER = join(PROJECT_DIR, 'mysql/migrations');

let root: Connection;
beforeAll(async () => (root = await stack.connect('primary')));
afterAll(async () => {
  await root.query(`DROP DATABASE IF EXISTS ${NAME}`);
  await root.end();
});

/** The schema before the migration, with a movement as the previous version wrote it. */
async function fillSchemaBefore(): Promise<void> {
  await root.query(`DROP DATABASE IF EXISTS ${NAME}; CREATE DATABASE ${NAME}; USE ${NAME}`);
  const files = (await readdir(FOLDER)).filter((name) => name < '008').sort();
  for (const name of files) await root.query(await readFile(join(FOLDER, name), 'utf8'));
  await root.query(`
    INSERT INTO user (username, password_hash) VALUES ('ana', ''), ('bruno', '');
    INSERT INTO product (code, name, category_id, quantity, unit) VALUES ('A', 'A', 1, 7, 'u');`);
  await moveAsBefore(1);
}

const moveAsBefore = (userId: number) =>
  root.query(
    "INSERT INTO stock_movement (product_id, delta, quantity_after, reason, user_id) VALUES (1, 7, 7, 'initial', ?)",
    [userId],
  );

test('an interrupted migration can be rerun from any statement, and movements keep their users', async () => {
  const migration = await readFile(join(FOLDER, '008-stock.sql'), 'utf8');
  const statements = migration.split(/;\n/).filter((statement) => statement.trim());
  expect(statements.length).toBeGreaterThan(5);
  for (let done = 0; done <= statements.length; done++) {
    await fillSchemaBefore();
    for (const statement of statements.slice(0, done)) await root.query(statement);
    await root.query(migration);
    await root.query(migration);
    await moveAsBefore(2);
    const [rows] = await root.query<RowDataPacket[]>(
      `SELECT username FROM stock_movement JOIN user ON user.id = COALESCE(actor_id, user_id)
       WHERE actor_kind = 'user' ORDER BY stock_movement.id`,
    );
    expect(rows.map(({ username }) => String(username))).toEqual(['ana', 'bruno']);
  }
});

test('the history shows the actor of a movement, whichever version wrote it', async () => {
  // What the history shows besides.
  for (const name of ['021-movement-lists.sql', '025-units.sql'])
    await root.query(await readFile(join(FOLDER, name), 'utf8'));
  await root.query(`
    INSERT INTO stock_movement
      (product_id, delta, quantity_after, reason, actor_kind, actor_id, user_id, document_kind, document_id)
    VALUES (1, 1, 8, 'adjustment', 'user', 2, 2, NULL, NULL), (1, -1, 7, 'adjustment', 'system', NULL, NULL, 'order', 5),
      (1, -1, 6, 'adjustment', 'customer', 1, NULL, 'order', 6)`);
  const db = await openTestSchema();
  const movements = await listStockMovements(db, 1, { limit: 10 });
  expect(movements.map(({ actorKind, actorId }) => `${actorKind} ${actorId}`)).toEqual([
    'customer 1',
    'system null',
    'user 2',
    'user 2',
    'user 1',
  ]);
  await db.destroy();
});

test('reserved stock is never negative, and cannot be promised again', async () => {
  await root.query(await readFile(join(FOLDER, '036-orders.sql'), 'utf8'));
  const db = await openTestSchema();
  const promised = () =>
    db.selectFrom('product').select(availableToPromise.as('promised')).executeTakeFirstOrThrow();
  expect(await promised()).toEqual({ promised: 7 });
  await root.query('UPDATE product SET exact_reserved = 2.5, reserved = CEILING(exact_reserved)');
  expect(await promised()).toEqual({ promised: 4.5 });
  await expect(root.query('UPDATE product SET reserved = -1')).rejects.toMatchObject({
    code: 'ER_WARN_DATA_OUT_OF_RANGE',
  });
  await db.destroy();
});

async function openTestSchema(): Promise<Kysely<Catalogue>> {
  const account = { user: 'root', password: await stack.secret('ROOT_PASSWORD') };
  const server = { host: '127.0.0.1', port: stack.process('primary').port! };
  const pool = createPool({ ...connectionOptions(server, account), database: NAME });
  return new Kysely({ dialect: new MysqlDialect({ pool }) });
}
