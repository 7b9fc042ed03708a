import { sql, type RawBuilder, type SqlBool } from 'kysely';
import { FIRST_PHOTO } from '../photos/photo-queries.ts';
import type { Order } from './product-order.ts';

export interface KeysetPosition {
  key: string | number;
  id: number;
}

export interface PageWindow {
  order: Order;
  from: KeysetPosition | undefined;
  /** Reads the products before `from`, nearest first. */
  isBackwards: boolean;
  limit: number;
}

/** A part of an index of `product`, as a condition. */
export interface IndexRange {
  index: string;
  is: RawBuilder<SqlBool>;
}

export function pageColumns({ order }: PageWindow) {
  return [order.key.as('sortKey'), FIRST_PHOTO] as const;
}

export function directions({ order, isBackwards }: PageWindow) {
  const direction = (descending: boolean) =>
    descending === isBackwards ? ('asc' as const) : ('desc' as const);
  return { key: direction(order.keyDescending), id: direction(order.idDescending) };
}

/** @param by the key, or its name in the select list: naming it spares MySQL the parsing of long ones */
export function orderBy(window: PageWindow, by: RawBuilder<unknown> = window.order.key): RawBuilder<unknown> {
  const { key, id } = directions(window);
  return sql`${by} ${sql.raw(key)}, product.id ${sql.raw(id)}`;
}

export function isPastStart(window: PageWindow): RawBuilder<SqlBool> {
  const { from, order } = window;
  if (!from) return sql<SqlBool>`TRUE`;
  const { key } = directions(window);
  const past = key === 'asc' ? sql`>` : sql`<`;
  return sql<SqlBool>`(${order.key} ${past} ${from.key}
    OR (${order.key} = ${from.key} AND ${isIdPastStart(window, from.id)}))`;
}

export function isIdPastStart(window: PageWindow, id: number): RawBuilder<SqlBool> {
  return directions(window).id === 'asc'
    ? sql<SqlBool>`product.id > ${id}`
    : sql<SqlBool>`product.id < ${id}`;
}
