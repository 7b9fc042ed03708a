import { sql, type Kysely, type RawBuilder, type SqlBool } from 'kysely';
import type { Catalogue } from '../database/tables.ts';
import { selectProducts } from '../products/product-queries.ts';
import {
  directions,
  isIdPastStart,
  isPastStart,
  orderBy,
  pageColumns,
  type IndexRange,
  type PageWindow,
} from './page-window.ts';
import { hasFacet, wantedAvailable, type ProductFilter } from './product-filter.ts';
import { offeredRanges } from './offered-list.ts';
import { hasPrices, isPricedIn } from './price-range.ts';
import { hasPriceIndex } from './priced-list.ts';
import { LOW_LEVEL } from '../stock/stock-level.ts';
import { orderedIndex, type Order } from './product-order.ts';

/** Ranges read per statement: few at first, as the first may fill the page. */
const FIRST_READ = 2;
const READ_AT_ONCE = 12;
/** Products checked for an availability or for prices before the search index is used. */
const NEARBY_LIMIT = 1000;

/** Reads each index range from the start position on, so that MySQL sorts only the first rows of each. */
export async function listWindow(db: Kysely<Catalogue>, filter: ProductFilter, window: PageWindow) {
  const ranges = await rangesOf(db, filter, window);
  const found: Awaited<ReturnType<typeof firstOf>> = [];
  for (let at = 0; at < ranges.length && found.length < window.limit;) {
    const some = ranges.slice(at, at + (at === 0 ? FIRST_READ : READ_AT_ONCE));
    const rest = { ...window, limit: window.limit - found.length };
    found.push(...(await firstOf(db, some, rest)));
    at += some.length;
  }
  return found;
}

export interface WindowKey {
  id: number;
  sortKey: string | number;
}

/** As `listWindow`, but only what the indexes hold: what is offered has no more than two ranges. */
export async function listKeys(
  db: Kysely<Catalogue>,
  filter: ProductFilter,
  window: PageWindow,
): Promise<WindowKey[]> {
  const limit = sql.lit(window.limit);
  const { key, id } = directions(window);
  const ofEach = (await rangesOf(db, filter, window)).map(
    ({ index, is }) => sql<WindowKey>`
      SELECT product.id, ${window.order.key} AS sortKey FROM product FORCE INDEX (${sql.ref(index)}) WHERE ${is}
      ORDER BY ${orderWithin(window)} LIMIT ${limit}`,
  );
  const [only] = ofEach;
  if (only && ofEach.length === 1) return (await only.execute(db)).rows;
  const all = sql.join(
    ofEach.map((range) => sql`(${range})`),
    sql` UNION ALL `,
  );
  const { rows } = await sql<WindowKey>`
    ${all} ORDER BY sortKey ${sql.raw(key)}, id ${sql.raw(id)} LIMIT ${limit}`.execute(db);
  return rows;
}

function firstOf(db: Kysely<Catalogue>, ranges: IndexRange[], window: PageWindow) {
  const [only] = ranges;
  if (only && ranges.length === 1) {
    // Stands in for FORCE INDEX, which Kysely cannot express.
    const readInOrder = sql`/*+ JOIN_ORDER(product, category) INDEX(product ${sql.ref(only.index)}) */`;
    return nextProducts(db, window).modifyFront(readInOrder).where(only.is).execute();
  }
  const ofEach = ranges.map(
    ({ index, is }) => sql`
      (SELECT id FROM product FORCE INDEX (${sql.ref(index)}) WHERE ${is}
       ORDER BY ${orderWithin(window)} LIMIT ${sql.lit(window.limit)})`,
  );
  return nextProducts(db, window)
    .innerJoin(sql<{ id: number }>`(${sql.join(ofEach, sql` UNION ALL `)})`.as('found'), (join) =>
      join.onRef('found.id', '=', 'product.id'),
    )
    .execute();
}

function nextProducts(db: Kysely<Catalogue>, window: PageWindow) {
  return selectProducts(db).select(pageColumns(window)).orderBy(orderBy(window)).limit(window.limit);
}

/** Checks the next products in order; finds a full page unless the availability or the prices are rare among them. */
export async function listNear(db: Kysely<Catalogue>, filter: ProductFilter, window: PageWindow) {
  const available = wantedAvailable(filter);
  const index = orderedIndex(window.order);
  if (!index) return [];
  const near = sql<{ id: number }>`
    (SELECT id FROM product FORCE INDEX (${sql.ref(index)}) WHERE ${isPastStart(window)}
     ORDER BY ${orderBy(window)} LIMIT ${sql.lit(NEARBY_LIMIT)})`;
  return nextProducts(db, window)
    .modifyFront(sql`/*+ JOIN_ORDER(near, product, category) */`)
    .innerJoin(near.as('near'), (join) => join.onRef('near.id', '=', 'product.id'))
    .$if(available !== undefined, (query) => query.where('product.available', '=', available ? 1 : 0))
    .$if(hasPrices(filter), (query) => query.where(isPricedIn(filter)))
    .execute();
}

/** No index holds those that are low, or that have a supplier, a tag or a location, in an order but by quantity. */
export function isOnlySearched(filter: ProductFilter, { column }: Order): boolean {
  if (hasPrices(filter) && !hasPriceIndex(filter)) return true;
  return hasFacet(filter) || (filter.availability === 'low' && column !== 'quantity');
}

/** No index orders one availability across all categories by a text column or the price, nor prices by another column. */
export function isBestSearched(filter: ProductFilter, { column, keyType }: Order): boolean {
  if (filter.offered || filter.category !== '') return false;
  if (hasPrices(filter)) return column !== 'price' && column !== 'category';
  const isUnordered = keyType === 'string' || column === 'price';
  return wantedAvailable(filter) !== undefined && isUnordered;
}

function orderWithin(window: PageWindow): RawBuilder<unknown> {
  const { column } = window.order;
  if (column !== 'category' && column !== 'availability') return orderBy(window);
  return sql`product.id ${sql.raw(directions(window).id)}`;
}

async function rangesOf(
  db: Kysely<Catalogue>,
  filter: ProductFilter,
  window: PageWindow,
): Promise<IndexRange[]> {
  const ranges = await rangesOfAnyPrice(db, filter, window);
  if (!hasPrices(filter)) return ranges;
  return ranges.map(({ index, is }) => ({ index, is: sql<SqlBool>`${is} AND ${isPricedIn(filter)}` }));
}

async function rangesOfAnyPrice(
  db: Kysely<Catalogue>,
  filter: ProductFilter,
  window: PageWindow,
): Promise<IndexRange[]> {
  const { column } = window.order;
  if (filter.offered) return offeredRanges(db, filter, window);
  if (filter.availability === 'low') return lowRanges(db, filter, window);
  const available = wantedAvailable(filter);
  const values = available === undefined ? ([0, 1] as const) : ([available ? 1 : 0] as const);
  if (filter.category || column === 'category') {
    const categories = await listCategorySides(db, filter, window);
    return categories.flatMap(({ id, side }) =>
      values.flatMap((value) => {
        const pastStart =
          column === 'category' ? pastStartInRange(window, side) : pastStartOfAvailability(window, value);
        const is = sql<SqlBool>`category_id = ${id} AND available = ${value} AND ${pastStart}`;
        // Of these prices a category may have none.
        const isByPrice = column === 'category' && hasPrices(filter);
        const index = isByPrice ? 'filtered_price' : filteredIndex(window.order);
        return pastStart ? [{ index, is }] : [];
      }),
    );
  }
  if (column === 'availability' || (available !== undefined && column === 'number')) {
    return values.flatMap((value) => {
      const pastStart = pastStartOfAvailability(window, value);
      return pastStart
        ? [{ index: 'available', is: sql<SqlBool>`available = ${value} AND ${pastStart}` }]
        : [];
    });
  }
  const is =
    available === undefined
      ? isPastStart(window)
      : sql<SqlBool>`on_hand ${sql.raw(available ? '>' : '=')} 0 AND ${isPastStart(window)}`;
  return [{ index: orderedIndex(window.order)!, is }];
}

async function lowRanges(
  db: Kysely<Catalogue>,
  filter: ProductFilter,
  window: PageWindow,
): Promise<IndexRange[]> {
  const is = sql<SqlBool>`stock_level = ${LOW_LEVEL} AND ${isPastStart(window)}`;
  if (filter.category === '') return [{ index: 'stock_level', is }];
  const categories = await listCategorySides(db, filter, window);
  return categories.map(({ id }) => ({
    index: 'filtered_level',
    is: sql<SqlBool>`category_id = ${id} AND ${is}`,
  }));
}

function filteredIndex(order: Order): string {
  const isByNumber = ['number', 'category', 'availability'].includes(order.column);
  return `filtered_${isByNumber ? 'number' : orderedIndex(order)}`;
}

function pastStartOfAvailability(window: PageWindow, value: 0 | 1): RawBuilder<SqlBool> | undefined {
  const { order, from } = window;
  if (order.column !== 'availability' || !from) return isPastStart(window);
  return pastStartInRange(window, Math.sign(value - Number(from.key)));
}

/** @param side of the start on which the range's key lies: -1 before, 0 equal, 1 after */
function pastStartInRange(window: PageWindow, side: number): RawBuilder<SqlBool> | undefined {
  const { from } = window;
  if (!from) return sql<SqlBool>`TRUE`;
  if (side === 0) return isIdPastStart(window, from.id);
  const isAfter = directions(window).key === 'asc' ? side > 0 : side < 0;
  return isAfter ? sql<SqlBool>`TRUE` : undefined;
}

async function listCategorySides(
  db: Kysely<Catalogue>,
  { category }: ProductFilter,
  window: PageWindow,
): Promise<{ id: number; side: number }[]> {
  const { order, from } = window;
  const start = order.column === 'category' && from ? String(from.key) : '';
  return db
    .selectFrom('category')
    .select(['id', sql<number>`STRCMP(name, ${start})`.as('side')])
    .$if(category !== '', (query) => query.where('name', '=', category))
    .orderBy('name', directions(window).key)
    .execute();
}
