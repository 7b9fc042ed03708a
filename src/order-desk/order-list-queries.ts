import { sql, type Kysely, type RawBuilder, type SqlBool } from 'kysely';
import type { Catalogue, OrderState, PaymentState } from '../database/tables.ts';
import { escapeLike } from '../search/search-terms.ts';
import type { OrderFilter } from './order-filter.ts';
import { HAS_UNPACKED, ORDERS_WITH } from './order-tasks.ts';

export const ORDERS_PER_PAGE = 50;
/** Of those that a search finds in one way. */
const MAX_FOUND = 2000;
/** Among these, a search also finds words within a name. */
const RECENT = 20_000;
const ROWS_AT_ONCE = 100;
/** A slow reader must not hit the time limit. */
const SLOWLY = sql`/*+ MAX_EXECUTION_TIME(3600000) */`;
/** Orders of one moment may have their numbers in another order than their times. */
const SLACK = 1000;

export interface ListedOrder {
  id: number;
  number: string;
  state: OrderState;
  name: string;
  email: string;
  phone: string;
  currency: string;
  itemsTotal: number;
  deliveryTotal: number;
  taxTotal: number;
  total: number;
  createdAt: Date;
  method: string | null;
  paymentState: PaymentState | null;
  captured: number | null;
  refunds: number;
  tracking: string | null;
  isToPack: 0 | 1;
  isToShip: 0 | 1;
  isRefundDue: 0 | 1;
}

export interface OrderPosition {
  /** Orders that come after this one in the list. */
  after?: number | undefined;
  /** Those that come before it. */
  before?: number | undefined;
}

export interface OrderPage {
  orders: ListedOrder[];
  /** To `after` and `before` of the pages beside this one. */
  next: number | undefined;
  previous: number | undefined;
}

/** Newest first; what is to do, oldest first. Paged by number, so that each page takes as long as the first. */
export async function listOrderPage(
  db: Kysely<Catalogue>,
  filter: OrderFilter,
  { after, before }: OrderPosition,
): Promise<OrderPage> {
  const isBackwards = before !== undefined;
  const isOldestFirst = (filter.todo !== undefined) !== isBackwards;
  const position = before ?? after;
  const range = await findRange(db, filter);
  if (!range) return { orders: [], next: undefined, previous: undefined };
  const { rows } = await sql<ListedOrder>`
    ${selectOrders(filter, range)}
    ${position === undefined ? sql`` : sql`AND ${idOf(filter)} ${isOldestFirst ? sql`>` : sql`<`} ${position}`}
    ORDER BY ${idOf(filter)} ${isOldestFirst ? sql`ASC` : sql`DESC`}
    LIMIT ${sql.lit(ORDERS_PER_PAGE + 1)}`.execute(db);
  const hasMore = rows.length > ORDERS_PER_PAGE;
  const orders = rows.slice(0, ORDERS_PER_PAGE);
  if (isBackwards) orders.reverse();
  return {
    orders,
    next: hasMore || isBackwards ? orders.at(-1)?.id : undefined,
    previous: (isBackwards ? hasMore : after !== undefined) ? orders[0]?.id : undefined,
  };
}

export async function* streamOrders(db: Kysely<Catalogue>, filter: OrderFilter): AsyncGenerator<ListedOrder> {
  const range = await findRange(db, filter);
  if (!range) return;
  const query = sql<ListedOrder>`
    ${selectOrders(filter, range, SLOWLY)}
    ORDER BY ${idOf(filter)} ${filter.todo ? sql`ASC` : sql`DESC`}`.compile(db);
  for await (const { rows } of db.getExecutor().stream<ListedOrder>(query, ROWS_AT_ONCE)) yield* rows;
}

interface IdRange {
  first: number | undefined;
  last: number | undefined;
}

/** The numbers of the orders of the days. @returns undefined if there are none */
async function findRange(db: Kysely<Catalogue>, { from, until }: OrderFilter): Promise<IdRange | undefined> {
  const [first, last] = await Promise.all([
    from && findAtEnd(db, sql`created_at >= ${from}`, 'asc'),
    until && findAtEnd(db, sql`created_at < ${until}`, 'desc'),
  ]);
  if ((from && first === undefined) || (until && last === undefined)) return undefined;
  return { first: first && first - SLACK, last: last && last + SLACK };
}

async function findAtEnd(
  db: Kysely<Catalogue>,
  condition: RawBuilder<SqlBool>,
  direction: 'asc' | 'desc',
): Promise<number | undefined> {
  const row = await db
    .selectFrom('shop_order')
    .select('id')
    .where(condition)
    .orderBy('created_at', direction)
    .orderBy('id', direction)
    .limit(1)
    .executeTakeFirst();
  return row?.id;
}

/** What an index is walked by; MySQL's own choice of it would depend on its estimates. */
function sourceOf(filter: OrderFilter): RawBuilder<unknown> {
  const { search, todo, customer, state } = filter;
  const among = (ids: RawBuilder<{ id: number }>) =>
    sql`(${ids}) AS found STRAIGHT_JOIN shop_order AS o ON o.id = found.id`;
  if (search) return among(findBySearch(search));
  if (todo) return among(ORDERS_WITH[todo]);
  if (customer !== undefined) return sql`shop_order AS o FORCE INDEX (customer)`;
  if (isWalkedByMethod(filter))
    return sql`payment AS asked FORCE INDEX (by_method) STRAIGHT_JOIN shop_order AS o ON o.id = asked.order_id`;
  return state ? sql`shop_order AS o FORCE INDEX (by_state)` : sql`shop_order AS o FORCE INDEX (PRIMARY)`;
}

/** In the end most orders are completed; those in another state are few. */
function isWalkedByMethod({ search, todo, method, customer, state }: OrderFilter): boolean {
  if (search || todo || customer !== undefined || method === undefined) return false;
  return state === undefined || state === 'completed';
}

function idOf(filter: OrderFilter): RawBuilder<unknown> {
  return isWalkedByMethod(filter) ? sql`asked.order_id` : sql`o.id`;
}

function selectOrders(
  filter: OrderFilter,
  { first, last }: IdRange,
  hint: RawBuilder<unknown> = sql``,
): RawBuilder<ListedOrder> {
  const { search, todo, method, customer, state, from, until } = filter;
  const conditions: RawBuilder<SqlBool>[] = [];
  if (search && todo) conditions.push(sql`o.id IN (${ORDERS_WITH[todo]})`);
  if (customer !== undefined) conditions.push(sql`o.customer_id = ${customer}`);
  if (method !== undefined) conditions.push(paidBy(filter, method));
  if (state) conditions.push(sql`o.state = ${state}`);
  if (from) conditions.push(sql`o.created_at >= ${from}`);
  if (until) conditions.push(sql`o.created_at < ${until}`);
  if (first !== undefined) conditions.push(sql`${idOf(filter)} >= ${first}`);
  if (last !== undefined) conditions.push(sql`${idOf(filter)} <= ${last}`);
  return sql<ListedOrder>`
    SELECT ${hint} o.id, o.number, o.state, o.name, o.email, o.phone, o.currency, o.items_total AS itemsTotal,
      o.delivery_total AS deliveryTotal, o.tax_total AS taxTotal, o.total, o.created_at AS createdAt,
      paid.method, paid.state AS paymentState, paid.captured_amount AS captured,
      (SELECT CAST(COALESCE(SUM(amount), 0) AS SIGNED) FROM refund WHERE order_id = o.id) AS refunds,
      (SELECT GROUP_CONCAT(tracking_number ORDER BY id SEPARATOR ', ') FROM parcel
        WHERE order_id = o.id AND state IN ('shipped', 'delivered') AND tracking_number <> '') AS tracking,
      ${hasTask('pack')} AS isToPack, ${hasTask('ship')} AS isToShip, ${hasTask('refund')} AS isRefundDue
    FROM ${sourceOf(filter)}
    LEFT JOIN LATERAL (
      SELECT method, state, captured_amount FROM payment WHERE order_id = o.id
      ORDER BY is_live DESC, id DESC LIMIT 1
    ) AS paid ON TRUE
    WHERE ${conditions.length > 0 ? sql.join(conditions, sql` AND `) : sql`TRUE`}`;
}

/** Walked by method, an order with several attempts appears once, by its last. */
function paidBy(filter: OrderFilter, method: string): RawBuilder<SqlBool> {
  if (!isWalkedByMethod(filter))
    return sql`EXISTS (SELECT 1 FROM payment AS one WHERE one.order_id = o.id AND one.method = ${method})`;
  return sql`asked.method = ${method} AND NOT EXISTS (
    SELECT 1 FROM payment AS later
    WHERE later.order_id = asked.order_id AND later.method = ${method} AND later.id > asked.id
  )`;
}

function hasTask(task: 'pack' | 'ship' | 'refund'): RawBuilder<0 | 1> {
  if (task === 'ship') return sql`EXISTS (SELECT 1 FROM parcel WHERE order_id = o.id AND state = 'packed')`;
  if (task === 'refund')
    return sql`EXISTS (SELECT 1 FROM refund WHERE order_id = o.id AND state IN ('due', 'failed'))`;
  return sql`(o.state IN ('confirmed', 'in_progress')
    AND EXISTS (SELECT 1 FROM order_line AS line WHERE line.order_id = o.id AND ${HAS_UNPACKED}))`;
}

/** By the beginning of number, e-mail or name; of recent orders also within the name, where n finds ñ, too. */
function findBySearch(search: string): RawBuilder<{ id: number }> {
  const beginning = `${escapeLike(search)}%`;
  const number = numberIn(search);
  const limit = sql.lit(MAX_FOUND);
  return sql`
    ${number ? sql`(SELECT id FROM shop_order WHERE number LIKE ${`${number}%`} LIMIT ${limit}) UNION` : sql``}
    (SELECT id FROM shop_order WHERE email LIKE ${beginning} LIMIT ${limit})
    UNION (SELECT id FROM shop_order WHERE name LIKE ${beginning} LIMIT ${limit})
    UNION (
      SELECT id FROM shop_order FORCE INDEX (PRIMARY)
      WHERE id > (SELECT CAST(MAX(id) AS SIGNED) FROM shop_order) - ${sql.lit(RECENT)} AND name COLLATE utf8mb4_0900_ai_ci LIKE ${`%${beginning}`}
      LIMIT ${limit}
    )`;
}

/** `k7xm 2q` as K7XM-2Q, as far as it can be one. */
function numberIn(search: string): string | undefined {
  const letters = search.replace(/[\s-]/g, '').toUpperCase();
  if (!/^[0-9A-Z]{1,8}$/.test(letters)) return undefined;
  return letters.length > 4 ? `${letters.slice(0, 4)}-${letters.slice(4)}` : letters;
}
