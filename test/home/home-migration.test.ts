import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Kysely, MysqlDialect } from 'kysely';
import { createPool } from 'mysql2';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { connectionOptions } from '../../src/database/connect.ts';
import type { Catalogue } from '../../src/database/tables.ts';
import { lookUpFormerOutflow } from '../../src/home/outflow-jobs.ts';
import { PROJECT_DIR } from '../../tools/launcher/stack-config.ts';
import { stack } from '../support/shared-stack.ts';
import { differences, readFlow } from './kept-sums.ts';

const NAME = 'home_migration_test';
const MIGRATION = '030-home.sql';
const FOLDER = join(PROJECT_DIR, 'mysql/migrations');

let root: Connection;
/** Later migrations, which the triggers need too, and those. */
let rest: string;

beforeAll(async () => {
  root = await stack.connect('primary');
  const text = await readFile(join(PROJECT_DIR, 'mysql/triggers.sql'), 'utf8');
  // That account has rights in the database of the system only.
  const triggers = text.replaceAll(/DEFINER = \S+/g, '');
  const later = (await listMigrations()).filter((name) => name > MIGRATION);
  rest = [...(await Promise.all(later.map(read))), triggers].join('\n');
});
afterAll(async () => {
  await root.query(`DROP DATABASE IF EXISTS ${NAME}`);
  await root.end();
});

const listMigrations = async () => (await readdir(FOLDER)).sort();
const read = (name: string) => readFile(join(FOLDER, name), 'utf8');

/** A product that is sold, one that is not, and one that was sold long ago. */
async function fillSchemaBefore(): Promise<void> {
  await root.query(`DROP DATABASE IF EXISTS ${NAME}; CREATE DATABASE ${NAME}; USE ${NAME}`);
  const earlier = (await listMigrations()).filter((name) => name < MIGRATION);
  for (const name of earlier) await root.query(await read(name));
  await root.query(`
    INSERT INTO user (username, password_hash) VALUES ('ana', '');
    INSERT INTO product (code, name, category_id, quantity, unit, price, cost, created_at) VALUES
      ('A', 'A', 1, 7, 'kg', 250, NULL, NOW() - INTERVAL 1 YEAR), ('B', 'B', 1, 0, 'caja', 100, 50, NOW()),
      ('C', 'C', 1, 5, 'caja', NULL, 30, NOW() - INTERVAL 1 YEAR);
    INSERT INTO stock_movement (product_id, delta, quantity_after, reason, user_id, created_at) VALUES
      (1, 10, 10, 'initial', 1, NOW() - INTERVAL 1 YEAR), (3, 6, 6, 'initial', 1, NOW() - INTERVAL 1 YEAR),
      (3, -1, 5, 'adjustment', 1, NOW() - INTERVAL 100 DAY), (1, -3, 7, 'adjustment', 1, NOW());`);
}

/** As the previous version does, in transactions of its own. */
async function writeAsBefore(connection: Connection, code: string): Promise<void> {
  await connection.query(
    `BEGIN;
     INSERT INTO product (code, name, category_id, quantity, unit, price) VALUES ('${code}', 'x', 1, 4, 'caja', 10);
     INSERT INTO stock_movement (product_id, delta, quantity_after, reason, user_id)
     VALUES (LAST_INSERT_ID(), 4, 4, 'initial', 1);
     UPDATE product SET quantity = quantity + 1 WHERE code = 'B';
     INSERT INTO stock_movement (product_id, delta, quantity_after, reason, user_id)
     SELECT id, 1, quantity, 'adjustment', 1 FROM product WHERE code = 'B';
     COMMIT;`,
  );
}

async function rowsOf(query: string): Promise<RowDataPacket[]> {
  return (await root.query<RowDataPacket[]>(query))[0];
}

async function lookUpAll(): Promise<void> {
  const account = { user: 'root', password: await stack.secret('ROOT_PASSWORD') };
  const server = { host: '127.0.0.1', port: stack.process('primary').port! };
  const pool = createPool({ ...connectionOptions(server, account), database: NAME });
  const db = new Kysely<Catalogue>({ dialect: new MysqlDialect({ pool }) });
  while ((await db.transaction().execute(lookUpFormerOutflow)).numAffectedRows > 0n);
  await db.destroy();
}

test('an interrupted migration can be rerun from any statement, and the sums know what was there', async () => {
  const migration = await read(MIGRATION);
  const statements = migration.split(/;\n/).filter((statement) => statement.trim());
  expect(statements.length).toBeGreaterThan(10);
  for (let done = 0; done <= statements.length; done += 4) {
    await fillSchemaBefore();
    for (const statement of statements.slice(0, done)) await root.query(statement);
    for (const sql of [migration, migration, rest, rest]) await root.query(sql);
    const { kept, booked } = await readFlow(root);
    expect([await differences(root), kept]).toEqual([[], booked]);
  }
});

test('a clean-up reads from the ledger what was sold, and since when products are idle', async () => {
  await lookUpAll();
  const sold = await rowsOf('SELECT product_id AS id, quantity * 1 AS quantity FROM product_outflow');
  expect(sold.map(({ id, quantity }) => [id as number, Number(quantity)])).toEqual([[1, 3]]);
  const idle = await rowsOf(`
    SELECT code, DATEDIFF(NOW(), idle_since) AS days FROM product ORDER BY id`);
  expect(idle.map(({ code, days }) => [String(code), Number(days)])).toEqual([
    ['A', 0],
    ['B', 0],
    ['C', 100],
  ]);
});

test('what the previous version writes while it migrates is counted once', async () => {
  await fillSchemaBefore();
  const writer = await stack.connect('primary');
  await writer.query(`USE ${NAME}`);
  const migrated = new AbortController();
  let written = 0;
  const writing = (async () => {
    while (!migrated.signal.aborted) await writeAsBefore(writer, `W-${written++}`);
    // Its end also ends a transaction that failed, for which the migration would wait.
  })().finally(() => writer.end());
  try {
    await root.query(await read(MIGRATION));
    await root.query(rest);
  } finally {
    migrated.abort();
    await writing;
  }
  const { kept, booked } = await readFlow(root);
  expect([await differences(root), kept]).toEqual([[], booked]);
  const [products] = await rowsOf('SELECT SUM(products) AS count FROM stock_total');
  expect(Number(products!.count)).toBe(3 + written);
});
