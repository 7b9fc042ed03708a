import { sql, type Kysely, type RawBuilder, type SqlBool } from 'kysely';
import type { Database } from '../database/tables.ts';
import type { ProductFilter, SortColumn } from './product-filter.ts';
import { hasIdBeyond, isBeyond, orderBy, directions, type Order, type Stretch } from './product-order.ts';
import { selectProducts } from '../products/product-queries.ts';

/** Groups whose first products are read in one statement: few at first, as the first may have enough. */
const FIRST_READ = 2;
const READ_AT_ONCE = 12;
/** How far to look for products of one availability before the search index is asked. */
const NEAR = 1000;

/** Products that stand in an index one after the other, in the order of the list. */
interface Group {
  index: string;
  is: RawBuilder<SqlBool>;
}

const ORDERED_INDEXES: Partial<Record<Order['column'], string>> = {
  number: 'PRIMARY',
  name: 'name',
  code: 'code',
  description: 'description',
  quantity: 'quantity',
  unit: 'unit',
};

/**
 * A stretch of a list that is filtered, but not searched. Whatever the filter and the order, each group
 * is read from an index from the right place on: nothing is sorted but the first of each.
 */
export async function listStretch(db: Kysely<Database>, filter: ProductFilter, stretch: Stretch) {
  const groups = await groupsOf(db, filter, stretch);
  const found: Awaited<ReturnType<typeof firstOf>> = [];
  for (let at = 0; at < groups.length && found.length < stretch.limit;) {
    const some = groups.slice(at, at + (at === 0 ? FIRST_READ : READ_AT_ONCE));
    const rest = { ...stretch, limit: stretch.limit - found.length };
    found.push(...(await firstOf(db, some, rest)));
    at += some.length;
  }
  return found;
}

function firstOf(db: Kysely<Database>, groups: Group[], stretch: Stretch) {
  const [only] = groups;
  if (only && groups.length === 1) {
    // As FORCE INDEX, which Kysely does not know.
    const readInOrder = sql`/*+ JOIN_ORDER(product, category) INDEX(product ${sql.ref(only.index)}) */`;
    return nextProducts(db, stretch).modifyFront(readInOrder).where(only.is).execute();
  }
  const ofEach = groups.map(
    ({ index, is }) => sql`
      (SELECT id FROM product FORCE INDEX (${sql.ref(index)}) WHERE ${is}
       ORDER BY ${orderWithin(stretch)} LIMIT ${sql.lit(stretch.limit)})`,
  );
  return nextProducts(db, stretch)
    .innerJoin(sql<{ id: number }>`(${sql.join(ofEach, sql` UNION ALL `)})`.as('found'), (join) =>
      join.onRef('found.id', '=', 'product.id'),
    )
    .execute();
}

function nextProducts(db: Kysely<Database>, stretch: Stretch) {
  return selectProducts(db)
    .select(stretch.order.key.as('sortKey'))
    .orderBy(orderBy(stretch))
    .limit(stretch.limit);
}

/** Those of the next `NEAR` products in the order that the filter leaves: enough, unless they are rare there. */
export async function listNear(db: Kysely<Database>, { availability }: ProductFilter, stretch: Stretch) {
  const index = ORDERED_INDEXES[stretch.order.column];
  if (!index) return [];
  const near = sql<{ id: number }>`
    (SELECT id FROM product FORCE INDEX (${sql.ref(index)}) WHERE ${isBeyond(stretch)}
     ORDER BY ${orderBy(stretch)} LIMIT ${sql.lit(NEAR)})`;
  return nextProducts(db, stretch)
    .modifyFront(sql`/*+ JOIN_ORDER(near, product, category) */`)
    .innerJoin(near.as('near'), (join) => join.onRef('near.id', '=', 'product.id'))
    .where('product.available', '=', availability === 'available' ? 1 : 0)
    .execute();
}

/**
 * Whether the filter leaves products of one availability in every category: there may be many categories,
 * and no index has them in the order of such a column.
 */
export function isBestSearched({ category, availability }: ProductFilter, { column }: Order): boolean {
  return (
    availability !== '' &&
    category === '' &&
    ['name', 'code', 'description', 'unit', 'category'].includes(column)
  );
}

/** Within a group of one category or availability, that is no order any more. */
function orderWithin(stretch: Stretch): RawBuilder<unknown> {
  const { column } = stretch.order;
  if (column !== 'category' && column !== 'availability') return orderBy(stretch);
  return sql`product.id ${sql.raw(directions(stretch).id)}`;
}

/** In the order of the stretch, where the order is that of the groups. */
async function groupsOf(db: Kysely<Database>, filter: ProductFilter, stretch: Stretch): Promise<Group[]> {
  const { column } = stretch.order;
  const values = filter.availability
    ? ([filter.availability === 'available' ? 1 : 0] as const)
    : ([0, 1] as const);
  if (filter.category || column === 'category') {
    const categories = await listCategoryPlaces(db, filter, stretch);
    return categories.flatMap(({ id, side }) =>
      values.flatMap((value) => {
        const beyond =
          column === 'category' ? beyondInGroup(stretch, side) : beyondAvailability(stretch, value);
        const is = sql<SqlBool>`category_id = ${id} AND available = ${value} AND ${beyond}`;
        return beyond ? [{ index: filteredIndex(column), is }] : [];
      }),
    );
  }
  if (column === 'availability' || (filter.availability && column === 'number')) {
    return values.flatMap((value) => {
      const beyond = beyondAvailability(stretch, value);
      return beyond ? [{ index: 'available', is: sql<SqlBool>`available = ${value} AND ${beyond}` }] : [];
    });
  }
  const is = filter.availability
    ? sql<SqlBool>`quantity ${sql.raw(filter.availability === 'available' ? '>' : '=')} 0 AND ${isBeyond(stretch)}`
    : isBeyond(stretch);
  return [{ index: ORDERED_INDEXES[column]!, is }];
}

function filteredIndex(column: Order['column']): string {
  const isByNumber = (['category', 'availability'] satisfies SortColumn[] as string[]).includes(column);
  return `filtered_${isByNumber ? 'number' : column}`;
}

/** What lies beyond the start among products of one availability; undefined when nothing does. */
function beyondAvailability(stretch: Stretch, value: 0 | 1): RawBuilder<SqlBool> | undefined {
  const { order, from } = stretch;
  if (order.column !== 'availability' || !from) return isBeyond(stretch);
  return beyondInGroup(stretch, Math.sign(value - Number(from.key)));
}

/** @param side whether the group's key comes before (-1), is (0), or comes after (1) that of the start */
function beyondInGroup(stretch: Stretch, side: number): RawBuilder<SqlBool> | undefined {
  const { from } = stretch;
  if (!from) return sql<SqlBool>`TRUE`;
  if (side === 0) return hasIdBeyond(stretch, from.id);
  const isAfter = directions(stretch).key === 'asc' ? side > 0 : side < 0;
  return isAfter ? sql<SqlBool>`TRUE` : undefined;
}

async function listCategoryPlaces(
  db: Kysely<Database>,
  { category }: ProductFilter,
  stretch: Stretch,
): Promise<{ id: number; side: number }[]> {
  const { order, from } = stretch;
  const start = order.column === 'category' && from ? String(from.key) : '';
  return db
    .selectFrom('category')
    .select(['id', sql<number>`STRCMP(name, ${start})`.as('side')])
    .$if(category !== '', (query) => query.where('name', '=', category))
    .orderBy('name', directions(stretch).key)
    .execute();
}
