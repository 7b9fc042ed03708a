import { sql, type Expression, type Kysely, type RawBuilder, type SqlBool } from 'kysely';
import { z } from 'zod';
import type { Database } from '../database/tables.ts';
import type { Product } from './product.ts';
import { sortName, type ProductFilter, type SortColumn } from './product-filter.ts';
import { selectProducts, toProduct } from './product-queries.ts';
import { escapeLike, searchTerms } from './search-terms.ts';

/** Counting stops here: beyond it a total says "more than". */
export const COUNT_LIMIT = 10_000;
export const PAGE_SIZE = 50;

export interface ProductPage {
  items: Product[];
  /** Leads to the rows after these, or before them; absent where there are none. */
  nextCursor: string | undefined;
  previousCursor: string | undefined;
}

/** A cursor that no answer of ours has given. */
export class InvalidCursorError extends Error {
  override name = 'InvalidCursorError';
}

const SORT_EXPRESSIONS: Record<SortColumn, RawBuilder<unknown>> = {
  number: sql`product.id`,
  name: sql`product.name`,
  code: sql`product.code`,
  description: sql`product.description`,
  category: sql`category.name`,
  quantity: sql`product.quantity`,
  unit: sql`product.unit`,
  availability: sql`product.available`,
};

/**
 * One page of the products that `filter` selects. Pages are reached by cursor, from the last row of
 * the page before, so that page 10,000 costs what page 1 costs and rows that come or go shift nothing.
 *
 * @throws InvalidCursorError
 */
export async function listProducts(
  db: Kysely<Database>,
  filter: ProductFilter,
  { cursor, limit = PAGE_SIZE }: { cursor?: string | undefined; limit?: number | undefined } = {},
): Promise<ProductPage> {
  const order = orderOf(filter);
  const from = cursor === undefined ? undefined : decodeCursor(cursor, order);
  const backwards = from?.direction === 'before';
  const rows = await selectMatching(db, filter)
    .select(order.key.as('sortKey'))
    .$if(from !== undefined, (query) => query.where(isBeyond(order, from!)))
    .orderBy(order.key, order.keyDescending === backwards ? 'asc' : 'desc')
    .orderBy('product.id', order.idDescending === backwards ? 'asc' : 'desc')
    .limit(limit + 1)
    .execute();

  const hasMore = rows.length > limit;
  const page = rows.slice(0, limit);
  if (backwards) page.reverse();
  const cursorAt = (row: (typeof page)[number] | undefined, direction: Cursor['direction']) =>
    row && encodeCursor({ direction, order: order.name, key: row.sortKey as Cursor['key'], id: row.id });
  return {
    items: page.map(toProduct),
    nextCursor: hasMore || backwards ? cursorAt(page.at(-1), 'after') : undefined,
    previousCursor: (backwards ? hasMore : from) ? cursorAt(page[0], 'before') : undefined,
  };
}

/** How many products `filter` selects; counted to the end only while that is cheap. */
export async function countProducts(db: Kysely<Database>, filter: ProductFilter) {
  const counted = selectMatching(db, filter)
    .clearSelect()
    .select(sql`1`.as('one'))
    .limit(COUNT_LIMIT + 1);
  const { count } = await db
    .selectFrom(counted.as('counted'))
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return { total: Math.min(count, COUNT_LIMIT), totalIsExact: count <= COUNT_LIMIT };
}

/** All products that `filter` selects, in its order, row by row as MySQL sends them. */
export async function* streamProducts(db: Kysely<Database>, filter: ProductFilter): AsyncGenerator<Product> {
  const order = orderOf(filter);
  const rows = selectMatching(db, filter)
    // Lasts as long as the reader takes, which is no fault of the query.
    .modifyFront(sql`/*+ MAX_EXECUTION_TIME(3600000) */`)
    .orderBy(order.key, order.keyDescending ? 'desc' : 'asc')
    .orderBy('product.id', order.idDescending ? 'desc' : 'asc')
    .stream();
  for await (const row of rows) yield toProduct(row);
}

function selectMatching(db: Kysely<Database>, { search, category, availability }: ProductFilter) {
  let query = selectProducts(db);
  if (category) query = query.where('category.name', '=', category);
  if (availability) query = query.where('product.available', '=', availability === 'available' ? 1 : 0);
  for (const term of searchTerms(search)) {
    const pattern = `%${escapeLike(term.text)}%`;
    query = query.where((eb) => {
      const found: Expression<SqlBool>[] = [
        eb('product.name', 'like', pattern),
        eb('product.code', 'like', pattern),
        eb('product.description', 'like', pattern),
        eb('category.name', 'like', pattern),
      ];
      if (term.availability) {
        found.push(eb('product.available', '=', term.availability === 'available' ? 1 : 0));
      }
      return eb.or(found);
    });
  }
  return query;
}

interface Order {
  /** Stands in cursors: one of another order leads nowhere. */
  name: string;
  key: RawBuilder<unknown>;
  keyType: 'number' | 'string';
  keyDescending: boolean;
  idDescending: boolean;
}

const NUMERIC_COLUMNS: SortColumn[] = ['number', 'quantity', 'availability'];

/** Every order ends with the product's number, so that no two rows are equal in it. */
function orderOf({ search, sort }: ProductFilter): Order {
  if (sort) {
    return {
      name: sortName(sort),
      key: SORT_EXPRESSIONS[sort.column],
      keyType: NUMERIC_COLUMNS.includes(sort.column) ? 'number' : 'string',
      keyDescending: sort.descending,
      idDescending: sort.descending,
    };
  }
  if (search) {
    const key = relevance(search);
    return { name: 'relevance', key, keyType: 'number', keyDescending: false, idDescending: true };
  }
  const key = SORT_EXPRESSIONS.number;
  return { name: 'newest', key, keyType: 'number', keyDescending: true, idDescending: true };
}

/** 0: this is its code; 1: code or name begin with it; 2: the rest. */
function relevance(search: string): RawBuilder<number> {
  const beginning = `${escapeLike(search)}%`;
  return sql<number>`CASE
    WHEN product.code = ${search} THEN 0
    WHEN product.code LIKE ${beginning} OR product.name LIKE ${beginning} THEN 1
    ELSE 2 END`;
}

function isBeyond({ key, keyDescending, idDescending }: Order, from: Cursor): RawBuilder<SqlBool> {
  const backwards = from.direction === 'before';
  const keyBeyond = keyDescending === backwards ? sql`>` : sql`<`;
  const idBeyond = idDescending === backwards ? sql`>` : sql`<`;
  return sql<SqlBool>`(${key} ${keyBeyond} ${from.key}
    OR (${key} = ${from.key} AND product.id ${idBeyond} ${from.id}))`;
}

const cursorContent = z
  .tuple([
    z.enum(['after', 'before']),
    z.string(),
    z.union([z.string(), z.number()]),
    z.number().int().positive(),
  ])
  .transform(([direction, order, key, id]) => ({ direction, order, key, id }));

type Cursor = z.output<typeof cursorContent>;

function encodeCursor({ direction, order, key, id }: Cursor): string {
  return Buffer.from(JSON.stringify([direction, order, key, id])).toString('base64url');
}

function decodeCursor(text: string, order: Order): Cursor {
  const cursor = cursorContent.safeParse(parseJson(Buffer.from(text, 'base64url').toString('utf8')));
  if (cursor.data?.order !== order.name || typeof cursor.data.key !== order.keyType) {
    throw new InvalidCursorError();
  }
  return cursor.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
