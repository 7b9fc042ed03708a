import { sql, type Kysely, type RawBuilder, type SqlBool } from 'kysely';
import type { Database } from '../database/tables.ts';
import type { ProductFilter, SortColumn } from './product-filter.ts';
import { hasIdBeyond, isBeyond, orderBy, directions, type Order, type Stretch } from './product-order.ts';
import { selectProducts } from './product-queries.ts';

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
  if (groups.length === 0) return [];
  const firstOfEach = groups.map(
    ({ index, is }) => sql`
      (SELECT id FROM product FORCE INDEX (${sql.ref(index)}) WHERE ${is}
       ORDER BY ${orderWithin(stretch)} LIMIT ${sql.lit(stretch.limit)})`,
  );
  return selectProducts(db)
    .innerJoin(sql<{ id: number }>`(${sql.join(firstOfEach, sql` UNION ALL `)})`.as('found'), (join) =>
      join.onRef('found.id', '=', 'product.id'),
    )
    .select(stretch.order.key.as('sortKey'))
    .orderBy(orderBy(stretch))
    .limit(stretch.limit)
    .execute();
}

/** Within a group of one category or availability, that is no order any more. */
function orderWithin(stretch: Stretch): RawBuilder<unknown> {
  const { column } = stretch.order;
  if (column !== 'category' && column !== 'availability') return orderBy(stretch);
  return sql`product.id ${sql.raw(directions(stretch).id)}`;
}

async function groupsOf(db: Kysely<Database>, filter: ProductFilter, stretch: Stretch): Promise<Group[]> {
  const { column } = stretch.order;
  const isByNumber = column === 'number' || column === 'availability';
  const available = filter.availability && (filter.availability === 'available' ? 1 : 0);
  if (filter.category || column === 'category' || (filter.availability && !isByNumber)) {
    const categories = await listCategoryPlaces(db, filter, stretch);
    return categories.flatMap(({ id, side }) =>
      ([0, 1] as const).flatMap((value) => {
        if (available !== '' && available !== value) return [];
        const beyond =
          column === 'category' ? beyondInGroup(stretch, side) : beyondAvailability(stretch, value);
        const is = sql<SqlBool>`category_id = ${id} AND available = ${value} AND ${beyond}`;
        return beyond ? [{ index: filteredIndex(column), is }] : [];
      }),
    );
  }
  if (filter.availability || column === 'availability') {
    return ([0, 1] as const).flatMap((value) => {
      const beyond = beyondAvailability(stretch, value);
      if (!beyond || (available !== '' && available !== value)) return [];
      return [{ index: 'available', is: sql<SqlBool>`available = ${value} AND ${beyond}` }];
    });
  }
  return [{ index: ORDERED_INDEXES[column]!, is: isBeyond(stretch) }];
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
  { order, from }: Stretch,
): Promise<{ id: number; side: number }[]> {
  const start = order.column === 'category' && from ? String(from.key) : '';
  return db
    .selectFrom('category')
    .select(['id', sql<number>`STRCMP(name, ${start})`.as('side')])
    .$if(category !== '', (query) => query.where('name', '=', category))
    .execute();
}
