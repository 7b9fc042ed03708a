import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { sql, type Kysely, type RawBuilder } from 'kysely';
import type { Connection, ResultSetHeader } from 'mysql2/promise';
import { closeDatabases, type Databases } from '../../src/database/databases.ts';
import type { Catalogue } from '../../src/database/tables.ts';
import { SORT_COLUMNS, sortDefinition } from '../../src/product-list/list-columns.ts';
import { decimalText } from '../../src/locales/money.ts';
import { readFilter, type ProductFilter } from '../../src/product-list/product-filter.ts';
import { getProductPage } from '../../src/product-list/product-page.ts';
import { countExactly } from '../../src/product-list/product-totals.ts';
import { uniqueCode } from '../support/client.ts';
import { openDatabases } from '../support/open-databases.ts';
import { replicaHasAll } from '../support/replication.ts';
import { stack } from '../support/shared-stack.ts';

/** More than the 10,000 up to which a range of prices is read as a whole. */
const PRODUCTS = 13_000;
const LIMIT = 7;
const PAGES = 3;
const SORTS = SORT_COLUMNS.flatMap((column) => [column, `-${column}`]);

const mark = uniqueCode();
const CATEGORY = `Precios en orden ${mark}`;

let databases: Databases;
let primary: Connection;
let categoryId: number;

/** The later in the order of numbers and names, the dearer: some ranges are far from the beginning of a list. */
beforeAll(async () => {
  [databases, primary] = await Promise.all([openDatabases(), stack.connect('primary')]);
  const [{ insertId }] = await primary.query<ResultSetHeader>('INSERT INTO category (name) VALUES (?)', [
    CATEGORY,
  ]);
  categoryId = insertId;
  await primary.query(
    `SET SESSION cte_max_recursion_depth = ${PRODUCTS};
     INSERT INTO product (code, name, description, category_id, quantity, unit, minimum_stock, location, price)
     WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${PRODUCTS})
     SELECT CONCAT(?, '-', (i * 7919) MOD ${PRODUCTS}), CONCAT('Cuerda ', LPAD(i, 5, '0')), LEFT(SHA2(i, 256), 32), ?, i MOD 5,
       IF(i MOD 2, 'metro', 'rollo'), 1, IF(i MOD 3, '', ?), IF(i MOD 13, 10000000 + i, NULL) FROM n`,
    [mark, categoryId, mark],
  );
}, 120_000);

afterAll(async () => {
  await primary.query('DELETE FROM product WHERE category_id = ?', [categoryId]);
  await primary.query('DELETE FROM category WHERE id = ?', [categoryId]);
  expect(await replicaHasAll(stack)).toBe(true);
  await primary.end();
  await closeDatabases(databases);
}, 120_000);

/** Not as a read, which is given up after a moment: the products are being indexed. */
const onPrimary = <T>(work: (db: Kysely<Catalogue>) => Promise<T>) => databases.catalogue.transact(work);
const readPage = (filter: ProductFilter, cursor?: string) =>
  onPrimary((db) => getProductPage(db, filter, { cursor, limit: LIMIT }));

/** The product with the number `i` costs 100,000 and `i` cents. */
const prices = (from: number, to: number) => ({
  minPrice: decimalText(10_000_000 + from, 2),
  maxPrice: decimalText(10_000_000 + to, 2),
});
const FAR_FROM_NEWEST = prices(1, 11_500);
const FAR_FROM_OLDEST = prices(1501, PRODUCTS);
const FEW = prices(6000, 6100);

test.each([
  ['many', FAR_FROM_NEWEST, {}, sql`TRUE`],
  ['many others', FAR_FROM_OLDEST, {}, sql`TRUE`],
  ['few', FEW, {}, sql`TRUE`],
  ['many of a category', FAR_FROM_NEWEST, { category: CATEGORY }, sql`TRUE`],
  ['few of a category', FEW, { category: CATEGORY }, sql`TRUE`],
  ['many that are available', FAR_FROM_NEWEST, { availability: 'available' }, sql`quantity > 0`],
  ['many that are out', FAR_FROM_NEWEST, { availability: 'out_of_stock' }, sql`quantity = 0`],
  ['few that are low', FEW, { availability: 'low' }, sql`quantity = 1`],
  [
    'many of a category that are available',
    FAR_FROM_OLDEST,
    { category: CATEGORY, availability: 'available' },
    sql`quantity > 0`,
  ],
  ['many of a search', FAR_FROM_NEWEST, { search: `${mark} cuerda` }, sql`TRUE`],
  ['few of a search in a category', FEW, { search: 'cuerda', category: CATEGORY }, sql`TRUE`],
  ['many in a place', FAR_FROM_OLDEST, { location: mark }, sql`location <> ''`],
])('%s, in every order, page by page and back', async (_, range, query, condition) => {
  for (const sort of SORTS) {
    const filter = readFilter({ ...range, ...query, sort });
    const wanted = await onPrimary((db) => listPlainly(db, filter, condition));
    const pages: number[][] = [];
    let cursor: string | undefined;
    let previous: string | undefined;
    for (let page = 0; page < PAGES; page++) {
      const read = await readPage(filter, cursor);
      pages.push(read.items.map(({ id }) => id));
      ({ nextCursor: cursor, previousCursor: previous } = read);
    }
    expect([sort, pages.flat()]).toEqual([sort, wanted]);
    for (let page = PAGES - 2; page >= 0; page--) {
      const read = await readPage(filter, previous);
      expect([sort, read.items.map(({ id }) => id)]).toEqual([sort, pages[page]]);
      previous = read.previousCursor;
    }
  }
});

/** The first pages, from the whole table. */
async function listPlainly(
  db: Kysely<Catalogue>,
  { minPrice, maxPrice, sort }: ProductFilter,
  condition: RawBuilder<unknown>,
): Promise<number[]> {
  const direction = sql.raw(sort!.descending ? 'DESC' : 'ASC');
  const { rows } = await sql<{ id: number }>`
    SELECT product.id FROM product IGNORE INDEX (price, filtered_price)
    JOIN category ON category.id = product.category_id
    WHERE product.category_id = ${categoryId} AND price >= ${minPrice} AND price <= ${maxPrice} AND ${condition}
    ORDER BY ${sortDefinition(sort!.column).expression} ${direction}, product.id ${direction}
    LIMIT ${sql.lit(PAGES * LIMIT)}`.execute(db);
  return rows.map(({ id }) => id);
}

test('totals are exact up to 10,000, whatever else is asked for', async () => {
  const priced = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, index) => from + index).filter((i) => i % 13 > 0);
  const totalOf = async (query: object) => {
    const { total, totalIsExact } = await readPage(readFilter(query));
    return totalIsExact ? total : 'more';
  };
  const thousands = prices(1, 9000);
  expect(await totalOf(thousands)).toBe(priced(1, 9000).length);
  expect(await totalOf({ ...thousands, category: CATEGORY })).toBe(priced(1, 9000).length);
  expect(await totalOf({ ...thousands, search: 'cuerda' })).toBe(priced(1, 9000).length);
  for (const query of [{}, { category: CATEGORY }]) {
    const out = { ...thousands, ...query, availability: 'out_of_stock' };
    expect(await totalOf(out)).toBe(priced(1, 9000).filter((i) => i % 5 === 0).length);
    expect(await totalOf({ ...FAR_FROM_NEWEST, ...query })).toBe('more');
  }
});

test('the exact total of many is counted in an index', async () => {
  const many = readFilter(FAR_FROM_NEWEST);
  const totalOf = (query: object) => onPrimary((db) => countExactly(db, { ...many, ...query }));
  expect(await totalOf({})).toBe(11_500 - Math.floor(11_500 / 13));
  expect(await totalOf({ category: CATEGORY })).toBe(11_500 - Math.floor(11_500 / 13));
  // No index has these.
  expect(await totalOf({ availability: 'available' })).toBeUndefined();
});
