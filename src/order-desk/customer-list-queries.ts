import { sql, type Kysely, type RawBuilder } from 'kysely';
import type { Catalogue, Directory } from '../database/tables.ts';
import { escapeLike } from '../search/search-terms.ts';

export const CUSTOMERS_PER_PAGE = 50;
/** Of those whose name, or address, begins with what is searched. */
const MAX_FOUND = 2000;

/** What staff see of a customer: no password, no link. */
export interface ListedCustomer {
  id: number;
  name: string;
  email: string;
  /** When the address was confirmed, with which an account begins. */
  createdAt: Date;
}

export interface CustomerPosition {
  /** Customers that come after this one in the list. */
  after?: number | undefined;
  before?: number | undefined;
}

export interface CustomerPage {
  customers: ListedCustomer[];
  next: number | undefined;
  previous: number | undefined;
}

/** Newest first. */
export async function listCustomerPage(
  db: Kysely<Directory>,
  search: string,
  { after, before }: CustomerPosition,
): Promise<CustomerPage> {
  const isBackwards = before !== undefined;
  const { rows } = await sql<ListedCustomer>`
    SELECT c.id, c.name, c.email, c.created_at AS createdAt
    FROM ${search ? sql`(${findBySearch(search)}) AS found STRAIGHT_JOIN customer AS c ON c.id = found.id` : sql`customer AS c`}
    WHERE ${before !== undefined ? sql`c.id > ${before}` : after !== undefined ? sql`c.id < ${after}` : sql`TRUE`}
    ORDER BY c.id ${isBackwards ? sql`ASC` : sql`DESC`} LIMIT ${sql.lit(CUSTOMERS_PER_PAGE + 1)}`.execute(db);
  const hasMore = rows.length > CUSTOMERS_PER_PAGE;
  const customers = rows.slice(0, CUSTOMERS_PER_PAGE);
  if (isBackwards) customers.reverse();
  return {
    customers,
    next: hasMore || isBackwards ? customers.at(-1)?.id : undefined,
    previous: (isBackwards ? hasMore : after !== undefined) ? customers[0]?.id : undefined,
  };
}

function findBySearch(search: string): RawBuilder<{ id: number }> {
  const beginning = `${escapeLike(search)}%`;
  const limit = sql.lit(MAX_FOUND);
  const address = `${escapeLike(search.toLowerCase())}%`;
  // Addresses are ASCII, which MySQL does not compare with other letters.
  const byAddress = /^[\x20-\x7e]+$/.test(search)
    ? sql`UNION (SELECT id FROM customer WHERE email LIKE ${address} LIMIT ${limit})`
    : sql``;
  return sql`(SELECT id FROM customer WHERE name LIKE ${beginning} LIMIT ${limit}) ${byAddress}`;
}

export async function findCustomerName(db: Kysely<Directory>, id: number): Promise<string | undefined> {
  const row = await db.selectFrom('customer').select('name').where('id', '=', id).executeTakeFirst();
  return row?.name;
}

export async function countOrdersOf(
  db: Kysely<Catalogue>,
  customers: number[],
): Promise<Map<number, number>> {
  if (customers.length === 0) return new Map();
  const rows = await db
    .selectFrom('shop_order')
    .select(['customer_id as id', (eb) => eb.fn.countAll<number>().as('orders')])
    .where('customer_id', 'in', customers)
    .groupBy('customer_id')
    .execute();
  return new Map(rows.map(({ id, orders }) => [id!, orders]));
}
