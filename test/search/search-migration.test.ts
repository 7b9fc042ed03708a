import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { PROJECT_DIR } from '../../tools/launcher/stack-config.ts';
import { stack } from '../support/shared-stack.ts';

const NAME = 'search_migration_test';
const FOLDER = join(PROJECT_DIR, 'mysql/migrations');
const SEPARATORS = '016-search-separators.sql';
const LETTERS = '020-search-letters.sql';

let root: Connection;
beforeAll(async () => (root = await stack.connect('primary')));
afterAll(async () => {
  await root.query(`DROP DATABASE IF EXISTS ${NAME}`);
  await root.end();
});

async function createSchemaBefore(migration: string): Promise<void> {
  await root.query(`DROP DATABASE IF EXISTS ${NAME}; CREATE DATABASE ${NAME}; USE ${NAME}`);
  const files = (await readdir(FOLDER)).filter((name) => name < migration).sort();
  for (const name of files) await root.query(await readFile(join(FOLDER, name), 'utf8'));
}

async function indexer() {
  const [rows] = await root.query<RowDataPacket[]>('SELECT id, reindex_from FROM search_indexer');
  return rows;
}

test('the previous version stops indexing, and its products are indexed again, whenever it is interrupted', async () => {
  const migration = await readFile(join(FOLDER, SEPARATORS), 'utf8');
  const statements = migration.split(/;\n/).filter((statement) => statement.trim());
  for (const done of [0, 3, 4, 8, statements.length]) {
    await createSchemaBefore(SEPARATORS);
    await root.query(
      "INSERT INTO product (code, name, category_id, quantity, unit) VALUES ('A-1_2./ 3', 'A', 1, 7, 'u')",
    );
    for (const statement of statements.slice(0, done)) await root.query(statement);
    await root.query(migration);
    await root.query(migration);
    // The previous version locks row 1 before it indexes.
    expect(await indexer()).toEqual([{ id: 2, reindex_from: 0 }]);
    const [products] = await root.query<RowDataPacket[]>('SELECT plain_code FROM product');
    expect(products).toEqual([{ plain_code: 'A123' }]);
  }
});

test('the version before letters stops indexing, and its products are indexed again once', async () => {
  await createSchemaBefore(LETTERS);
  await root.query(
    "INSERT INTO product (code, name, category_id, quantity, unit) VALUES ('A', 'A', 1, 7, 'u')",
  );
  const migration = await readFile(join(FOLDER, LETTERS), 'utf8');
  await root.query(migration);
  // The previous version locks row 2 before it indexes.
  expect(await indexer()).toEqual([{ id: 3, reindex_from: 0 }]);
  await root.query('UPDATE search_indexer SET reindex_from = NULL');
  await root.query(migration);
  expect(await indexer()).toEqual([{ id: 3, reindex_from: null }]);
});

test('a new catalogue has nothing to index again', async () => {
  await createSchemaBefore(SEPARATORS);
  for (const [name, id] of [
    [SEPARATORS, 2],
    [LETTERS, 3],
  ] as const) {
    await root.query(await readFile(join(FOLDER, name), 'utf8'));
    expect(await indexer()).toEqual([{ id, reindex_from: null }]);
  }
});
