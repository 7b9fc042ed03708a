import { sql, type RawBuilder, type SqlBool } from 'kysely';
import { z } from 'zod';
import { sortName, type ProductFilter, type SortColumn } from './product-filter.ts';
import { escapeLike } from '../search/search-terms.ts';

/** The order of a list: by `column`, then by number, so that no two products are equal in it. */
export interface Order {
  /** Stands in cursors: one of another order leads nowhere. */
  name: string;
  column: SortColumn | 'relevance';
  key: RawBuilder<unknown>;
  keyType: 'number' | 'string';
  keyDescending: boolean;
  idDescending: boolean;
}

/** A product's place in an order. */
export interface Place {
  key: string | number;
  id: number;
}

/** A part of a list: up to `limit` products next to a place, or from the end of the list. */
export interface Stretch {
  order: Order;
  from: Place | undefined;
  /** The products before the place, nearest first. */
  isBackwards: boolean;
  limit: number;
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

const NUMERIC_COLUMNS: SortColumn[] = ['number', 'quantity', 'availability'];

export function orderOf({ search, sort }: ProductFilter): Order {
  if (sort) {
    return {
      name: sortName(sort),
      column: sort.column,
      key: SORT_EXPRESSIONS[sort.column],
      keyType: NUMERIC_COLUMNS.includes(sort.column) ? 'number' : 'string',
      keyDescending: sort.descending,
      idDescending: sort.descending,
    };
  }
  if (search) {
    const key = relevance(search);
    return {
      name: 'relevance',
      column: 'relevance',
      key,
      keyType: 'number',
      keyDescending: false,
      idDescending: true,
    };
  }
  const key = SORT_EXPRESSIONS.number;
  return {
    name: 'newest',
    column: 'number',
    key,
    keyType: 'number',
    keyDescending: true,
    idDescending: true,
  };
}

/** 0: this is its code; 1: code or name begin with it; 2: the rest. */
function relevance(search: string): RawBuilder<number> {
  const beginning = `${escapeLike(search)}%`;
  return sql<number>`CASE
    WHEN product.code = ${search} THEN 0
    WHEN product.code LIKE ${beginning} OR product.name LIKE ${beginning} THEN 1
    ELSE 2 END`;
}

/** The directions in which a stretch goes through its order. */
export function directions({ order, isBackwards }: Stretch) {
  const direction = (descending: boolean) =>
    descending === isBackwards ? ('asc' as const) : ('desc' as const);
  return { key: direction(order.keyDescending), id: direction(order.idDescending) };
}

export function orderBy(stretch: Stretch): RawBuilder<unknown> {
  const { key, id } = directions(stretch);
  return sql`${stretch.order.key} ${sql.raw(key)}, product.id ${sql.raw(id)}`;
}

/** Whether a product lies beyond the place from which the stretch starts. */
export function isBeyond(stretch: Stretch): RawBuilder<SqlBool> {
  const { from, order } = stretch;
  if (!from) return sql<SqlBool>`TRUE`;
  const { key } = directions(stretch);
  const keyBeyond = key === 'asc' ? sql`>` : sql`<`;
  return sql<SqlBool>`(${order.key} ${keyBeyond} ${from.key}
    OR (${order.key} = ${from.key} AND ${hasIdBeyond(stretch, from.id)}))`;
}

export function hasIdBeyond(stretch: Stretch, id: number): RawBuilder<SqlBool> {
  return directions(stretch).id === 'asc'
    ? sql<SqlBool>`product.id > ${id}`
    : sql<SqlBool>`product.id < ${id}`;
}

const cursorContent = z
  .tuple([
    z.enum(['after', 'before']),
    z.string(),
    z.union([z.string(), z.number()]),
    z.number().int().positive(),
  ])
  .transform(([direction, order, key, id]) => ({ direction, order, key, id }));

export function encodeCursor(direction: 'after' | 'before', order: Order, { key, id }: Place): string {
  return Buffer.from(JSON.stringify([direction, order.name, key, id])).toString('base64url');
}

/** @throws InvalidCursorError */
export function decodeCursor(text: string, order: Order): { isBackwards: boolean; from: Place } {
  const { data } = cursorContent.safeParse(parseJson(Buffer.from(text, 'base64url').toString('utf8')));
  if (data?.order !== order.name || typeof data.key !== order.keyType) throw new InvalidCursorError();
  return { isBackwards: data.direction === 'before', from: { key: data.key, id: data.id } };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
