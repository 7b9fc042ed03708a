import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { sql, type Kysely } from 'kysely';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { readFilter, type ProductFilter, type Sort } from '../../src/product-list/product-filter.ts';
import {
  findShopProduct,
  getShopPage,
  isShopPhoto,
  listInSitemap,
  listNewest,
  listShopCategories,
  listSitemaps,
} from '../../src/shop/catalogue-queries.ts';
import { closeDatabases, type Databases } from '../../src/database/databases.ts';
import type { Catalogue } from '../../src/database/tables.ts';
import { openDatabases } from '../support/open-databases.ts';
import { replicaHasAll } from '../support/replication.ts';
import { stack } from '../support/shared-stack.ts';

const OFFERED = 3000;

let databases: Databases;
let primary: Connection;

/** Prices in another order than the names, and the numbers in neither. */
beforeAll(async () => {
  [databases, primary] = await Promise.all([openDatabases(), stack.connect('primary')]);
  await primary.query(`
    INSERT IGNORE INTO category (name) VALUES ('Planes de la tienda')`);
  await primary.query(`SET SESSION cte_max_recursion_depth = 10000`);
  await primary.query(`
    INSERT INTO product (code, name, description, category_id, quantity, unit, price, on_sale)
    WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < ${OFFERED})
    SELECT CONCAT('PLAN-', i), CONCAT('Plan ', LEFT(SHA2(i, 256), 32)), '', category.id, i % 10, 'unidad', (i * 7919) % 100000, 1
    FROM n JOIN category ON category.name = 'Planes de la tienda'`);
}, 120_000);

afterAll(async () => {
  await primary.query("DELETE FROM product WHERE code LIKE 'PLAN-%'");
  await primary.query("DELETE FROM category WHERE name = 'Planes de la tienda'");
  await replicaHasAll(stack);
  await primary.end();
  await closeDatabases(databases);
});

/** How many rows and index entries a read of the primary looks at, on one connection, so that nothing else is counted. */
async function readsOf(work: (db: Kysely<Catalogue>) => Promise<unknown>): Promise<number> {
  return databases.catalogue.readPrimary((pool) =>
    pool.connection().execute(async (db) => {
      const before = await countReads(db);
      await work(db);
      return (await countReads(db)) - before;
    }),
  );
}

async function countReads(db: Kysely<Catalogue>): Promise<number> {
  const { rows } = await sql<{ reads: string }>`
    SELECT SUM(variable_value) AS \`reads\` FROM performance_schema.session_status
    WHERE variable_name IN ('Handler_read_first', 'Handler_read_key', 'Handler_read_next', 'Handler_read_prev',
      'Handler_read_rnd_next')`.execute(db);
  return Number(rows[0]!.reads);
}

const filterOf = (changes: Partial<ProductFilter>): ProductFilter => ({
  ...readFilter({}),
  offered: {},
  ...changes,
});

const SORTS: (Sort | undefined)[] = [
  undefined,
  { column: 'name', descending: false },
  { column: 'price', descending: false },
  { column: 'price', descending: true },
];
const LISTS: [string, Partial<ProductFilter>][] = [
  ['everything', {}],
  ['a category', { category: 'Planes de la tienda' }],
  ['what is available', { availability: 'available' }],
  ['a category, available', { category: 'Planes de la tienda', availability: 'available' }],
];

const plansOf = async (statement: string) => {
  const [rows] = await primary.query<RowDataPacket[]>(`EXPLAIN FORMAT = TRADITIONAL ${statement}`);
  return rows;
};

/** The statements on products that `work` sends to the primary. */
async function statementsOf(work: () => Promise<unknown>): Promise<string[]> {
  const [[now]] = await primary.query<RowDataPacket[]>('SELECT NOW(6) AS began');
  await primary.query("SET GLOBAL log_output = 'TABLE'; SET GLOBAL general_log = ON");
  await work();
  await primary.query('SET GLOBAL general_log = OFF');
  const [rows] = await primary.query<RowDataPacket[]>(
    `SELECT DISTINCT CONVERT(argument USING utf8mb4) AS text FROM mysql.general_log
     WHERE command_type IN ('Query', 'Execute') AND user_host LIKE 'inventario_app%' AND event_time > ?`,
    [now!.began],
  );
  return rows.map(({ text }) => String(text)).filter((text) => /offered_/.test(text));
}

test.each(LISTS)(
  'a page of %s is read from an index that has its order',
  async (_, changes) => {
    for (const sort of SORTS) {
      const filter = filterOf({ ...changes, sort });
      const statements = await statementsOf(() =>
        databases.catalogue.readPrimary(async (db) => {
          const { nextCursor } = await getShopPage(db, filter);
          await getShopPage(db, filter, nextCursor);
        }),
      );
      expect(statements.length).toBeGreaterThan(2);
      for (const statement of statements) {
        for (const { table, type, key, rows, Extra: extra } of await plansOf(statement)) {
          if (table !== 'product') continue;
          expect([statement, type, key]).not.toEqual([statement, 'ALL', null]);
          // The union of a page of each state is sorted; a page itself is not.
          if (/LIMIT 25/i.test(statement) && !/UNION/i.test(statement))
            expect([statement, String(extra)]).not.toEqual([statement, expect.stringContaining('filesort')]);
          expect(rows).toBeDefined();
        }
      }
    }
  },
  120_000,
);

test.each([
  ['the newest', () => ({})],
  ['the newest of a category', () => ({ category: 'Planes de la tienda' })],
])('%s are read without reading the others', async (_, changes) => {
  const reads = await readsOf((db) => listNewest(db, { ...changes(), limit: 12 }));
  expect(reads).toBeLessThan(OFFERED / 2);
});

test('neither are a product, a photo, the categories and the sitemaps', async () => {
  const [[row]] = await primary.query<RowDataPacket[]>("SELECT id FROM product WHERE code = 'PLAN-1'");
  const id = Number(row!.id);
  const [[categories]] = await primary.query<RowDataPacket[]>('SELECT COUNT(*) AS count FROM category');
  const place = Math.floor(id / 5000) + 10;
  for (const [name, work] of [
    ['product', (db) => findShopProduct(db, id)],
    ['photo', (db) => isShopPhoto(db, Buffer.alloc(32))],
    ['categories', listShopCategories],
    ['sitemaps', listSitemaps],
    ['sitemap', (db) => listInSitemap(db, place)],
  ] satisfies [string, (db: Kysely<Catalogue>) => Promise<unknown>][]) {
    const most = OFFERED / 2 + (name === 'categories' ? 4 * Number(categories!.count) : 0);
    const reads = await readsOf(work);
    expect([name, reads < most, reads]).toEqual([name, true, reads]);
  }
});
