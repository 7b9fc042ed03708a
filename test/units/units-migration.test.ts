import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { PROJECT_DIR } from '../../tools/launcher/stack-config.ts';
import { stack } from '../support/shared-stack.ts';

const NAME = 'units_migration_test';
/** Those that make the tables. */
const BEFORE = ['001-products', '006-imports', '008-stock', '021-movement-lists'];

let root: Connection;
beforeAll(async () => (root = await stack.connect('primary')));
afterAll(async () => {
  await root.query(`DROP DATABASE IF EXISTS ${NAME}`);
  await root.end();
});

const read = (name: string) => readFile(join(PROJECT_DIR, 'mysql/migrations', `${name}.sql`), 'utf8');

async function fillSchemaBefore(): Promise<void> {
  await root.query(`DROP DATABASE IF EXISTS ${NAME}; CREATE DATABASE ${NAME}; USE ${NAME}`);
  for (const name of BEFORE) await root.query(await read(name));
  await root.query(`
    INSERT INTO user (username, password_hash) VALUES ('ana', '');
    INSERT INTO product (code, name, category_id, quantity, unit) VALUES ('A', 'A', 1, 7, 'Kg'), ('B', 'B', 1, 0, 'fardo');
    INSERT INTO deleted_product (id, code, name, description, category_id, quantity, unit, version, created_at, deleted_by)
    VALUES (9, 'C', 'C', '', 1, 3, 'saco', 1, NOW(), 1);
    INSERT INTO stock_movement (product_id, delta, quantity_after, reason, user_id) VALUES (1, 7, 7, 'initial', 1);`);
}

async function rowsOf(query: string): Promise<RowDataPacket[]> {
  return (await root.query<RowDataPacket[]>(query))[0];
}

test('an interrupted migration can be rerun from any statement, and nothing changes its value', async () => {
  const migration = await read('025-units');
  const statements = migration.split(/;\n/).filter((statement) => statement.trim());
  expect(statements.length).toBeGreaterThan(20);
  for (let done = 0; done <= statements.length; done += 5) {
    await fillSchemaBefore();
    for (const statement of statements.slice(0, done)) await root.query(statement);
    await root.query(migration);
    await root.query(migration);
    const found = await rowsOf(`
      SELECT on_hand * 1000 AS value FROM product UNION ALL SELECT on_hand * 1000 FROM deleted_product
      UNION ALL SELECT exact_delta * 1000 FROM stock_movement UNION ALL SELECT exact_after * 1000 FROM stock_movement`);
    expect(found.map(({ value }) => Number(value)).sort((a, b) => a - b)).toEqual([
      0, 3000, 7000, 7000, 7000,
    ]);
  }
});

test('existing units are kept as products call them, with the decimals of well-known ones', async () => {
  const units = await rowsOf(
    "SELECT code, plural, decimals FROM unit WHERE code IN ('KG', 'fardo', 'saco', 'unidad')",
  );
  expect(units).toEqual([
    { code: 'fardo', plural: 'fardo', decimals: 0 },
    { code: 'kg', plural: 'kg', decimals: 3 },
    { code: 'saco', plural: 'saco', decimals: 0 },
    { code: 'unidad', plural: 'unidades', decimals: 0 },
  ]);
});

test('the previous version goes on with whole numbers', async () => {
  await root.query(
    "INSERT INTO product (code, name, category_id, quantity, unit) VALUES ('D', 'D', 1, 5, 'saco')",
  );
  await root.query('UPDATE product SET quantity = quantity - 2 WHERE code = ?', ['D']);
  const [found] = await rowsOf(
    "SELECT quantity, available, on_hand * 1000 AS exact FROM product WHERE code = 'D'",
  );
  expect([found!.quantity, found!.available, Number(found!.exact)]).toEqual([3, 1, 3000]);
});
