import { sql, type Kysely, type RawBuilder, type SqlBool } from 'kysely';
import type { Catalogue } from '../database/tables.ts';
import { availableToPromise } from '../stock/available-to-promise.ts';
import { isPastStart, type IndexRange, type PageWindow } from './page-window.ts';
import { wantedAvailable, type ProductFilter } from './product-filter.ts';
import type { Order } from './product-order.ts';

/** Of a range of prices, so many are sorted by another column; of more, the order's index finds a page sooner. */
const MAX_SORTED = 2000;

/** The columns of the indexes that hold only what is offered, which is equal to the ones they stand for. */
const KEYS = {
  number: sql`product.id`,
  name: sql`product.offered_name`,
  price: sql`product.offered_price`,
};
type OfferedColumn = keyof typeof KEYS;

function columnOf({ column }: Order): OfferedColumn {
  if (column in KEYS) return column as OfferedColumn;
  throw new Error(`No index has what is offered by ${column}`);
}

export function offeredOrder(order: Order): Order {
  return { ...order, key: KEYS[columnOf(order)] };
}

export async function offeredRanges(
  db: Kysely<Catalogue>,
  filter: ProductFilter,
  window: PageWindow,
): Promise<IndexRange[]> {
  const column = columnOf(window.order);
  const index = offeredIndex(filter, (await isBestByPrice(db, filter, column)) ? 'price' : column);
  return statesOf(filter).map((state) => ({
    index,
    is: sql<SqlBool>`offered_state = ${state} AND ${isListed(filter)} AND ${isPastStart(window)}`,
  }));
}

function statesOf(filter: ProductFilter): (0 | 1)[] {
  return wantedAvailable(filter) ? [1] : [0, 1];
}

function offeredIndex({ category }: ProductFilter, column: OfferedColumn): string {
  return `offered_${category === '' ? '' : 'category_'}${column}`;
}

async function isBestByPrice(
  db: Kysely<Catalogue>,
  filter: ProductFilter,
  column: OfferedColumn,
): Promise<boolean> {
  const { priceFrom, priceTo } = filter.offered ?? {};
  if (column === 'price' || (priceFrom === undefined && priceTo === undefined)) return false;
  const some = selectOffered(db, filter)
    .select(sql`1`.as('one'))
    .limit(MAX_SORTED + 1);
  const { count } = await db
    .selectFrom(some.as('some'))
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return count <= MAX_SORTED;
}

/** To be counted: from an index alone, unless only what is available counts. */
export function selectOffered(db: Kysely<Catalogue>, filter: ProductFilter) {
  const index = sql.ref(offeredIndex(filter, 'price'));
  return db
    .selectFrom('product')
    .modifyFront(sql`/*+ INDEX(product ${index}) */`)
    .where('offered_state', 'in', statesOf(filter))
    .where(isListed(filter));
}

function isListed(filter: ProductFilter): RawBuilder<SqlBool> {
  const { category } = filter;
  const conditions = [isOffered(filter)];
  if (category) {
    conditions.push(
      sql<SqlBool>`offered_category = (SELECT id FROM category WHERE category.name = ${category})`,
    );
  }
  return sql<SqlBool>`${sql.join(conditions, sql` AND `)}`;
}

/** Of a product on sale; `offered_price` is null without a price. */
export function isOffered(filter: ProductFilter): RawBuilder<SqlBool> {
  const { priceFrom = 0, priceTo } = filter.offered ?? {};
  const conditions = [sql<SqlBool>`product.offered_price >= ${priceFrom}`];
  if (priceTo !== undefined) conditions.push(sql<SqlBool>`product.offered_price <= ${priceTo}`);
  if (wantedAvailable(filter)) conditions.push(sql<SqlBool>`${availableToPromise} > 0`);
  return sql<SqlBool>`${sql.join(conditions, sql` AND `)}`;
}
