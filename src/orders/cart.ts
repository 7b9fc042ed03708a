import { randomBytes } from 'node:crypto';
import { sql, type Kysely, type Transaction } from 'kysely';
import type { Catalogue } from '../database/tables.ts';
import { NOW } from '../jobs/lease.ts';
import { add } from '../stock/quantities.ts';
import { CartFullError, TooManyUnitsError } from './order-errors.ts';
import { hashOf } from './order-identity.ts';

export const CART_DAYS = 30;
const MAX_LINES = 100;
/** Of one product. */
const MAX_UNITS = 999;
/** A form that is sent twice, or that NGINX repeats, comes again within it. */
const REPEAT_SECONDS = 30;
const DELETED_AT_ONCE = 500;

const CART_END = sql<Date>`${NOW} + INTERVAL ${sql.lit(CART_DAYS)} DAY`;

export interface Cart {
  id: number;
  version: number;
  customerId: number | null;
}

/** @returns also the token for the cookie, which is stored as a hash only */
export async function createCart(
  trx: Transaction<Catalogue>,
  customerId: number | null = null,
): Promise<Cart & { token: string }> {
  const token = newToken();
  const { insertId } = await trx
    .insertInto('cart')
    .values({ token_sha256: hashOf(token), customer_id: customerId, expires_at: CART_END })
    .executeTakeFirstOrThrow();
  return { id: Number(insertId), version: 1, customerId, token };
}

/** A customer has one, whatever they shop with. @returns its id */
export async function getCustomerCart(trx: Transaction<Catalogue>, customerId: number): Promise<number> {
  await trx.deleteFrom('cart').where('customer_id', '=', customerId).where('expires_at', '<=', NOW).execute();
  // Nobody gets the token: the session leads to it.
  await sql`
    INSERT INTO cart (token_sha256, customer_id, expires_at)
    VALUES (${hashOf(newToken())}, ${customerId}, ${CART_END})
    ON DUPLICATE KEY UPDATE expires_at = VALUES(expires_at)`.execute(trx);
  const { id } = await trx
    .selectFrom('cart')
    .select('id')
    .where('customer_id', '=', customerId)
    .executeTakeFirstOrThrow();
  return id;
}

export async function findCustomerCart(db: Kysely<Catalogue>, customerId: number): Promise<Cart | undefined> {
  return selectCarts(db).where('customer_id', '=', customerId).executeTakeFirst();
}

export async function findCart(db: Kysely<Catalogue>, token: string): Promise<Cart | undefined> {
  return selectCarts(db).where('token_sha256', '=', hashOf(token)).executeTakeFirst();
}

function selectCarts(db: Kysely<Catalogue>) {
  return db
    .selectFrom('cart')
    .select(['id', 'version', 'customer_id as customerId'])
    .where('expires_at', '>', NOW);
}

function newToken(): string {
  return randomBytes(24).toString('base64url');
}

export async function countCartLines(db: Kysely<Catalogue>, cartId: number): Promise<number> {
  const { count } = await db
    .selectFrom('cart_line')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('cart_id', '=', cartId)
    .executeTakeFirstOrThrow();
  return count;
}

/** In one statement, as the header of every page asks it. @param of the account, or else of the cookie */
export async function countLinesOf(
  db: Kysely<Catalogue>,
  of: { customerId: number } | { token: string },
): Promise<number> {
  const { count } = await selectCarts(db)
    .innerJoin('cart_line', 'cart_line.cart_id', 'cart.id')
    .clearSelect()
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .$if('customerId' in of, (query) =>
      query.where('customer_id', '=', (of as { customerId: number }).customerId),
    )
    .$if('token' in of, (query) => query.where('token_sha256', '=', hashOf((of as { token: string }).token)))
    .executeTakeFirstOrThrow();
  return count;
}

export interface CartLine {
  productId: number;
  quantity: number;
}

export async function listCartLines(db: Kysely<Catalogue>, cartId: number): Promise<CartLine[]> {
  return db
    .selectFrom('cart_line')
    .select(['product_id as productId', 'quantity'])
    .where('cart_id', '=', cartId)
    .orderBy('product_id')
    .execute();
}

/** @param change of the write; the same one again adds nothing @throws CartFullError, TooManyUnitsError */
export async function addToCart(
  trx: Transaction<Catalogue>,
  cartId: number,
  { productId, quantity }: CartLine,
  change: Buffer,
): Promise<void> {
  const { isRepeated, inCart } = await trx
    .selectFrom('cart')
    .leftJoin('cart_line', (join) =>
      join.onRef('cart_line.cart_id', '=', 'cart.id').on('cart_line.product_id', '=', productId),
    )
    .select(
      sql<0 | 1>`
        last_change <=> ${change} AND updated_at > ${NOW} - INTERVAL ${sql.lit(REPEAT_SECONDS)} SECOND`.as(
        'isRepeated',
      ),
    )
    .select('cart_line.quantity as inCart')
    .where('cart.id', '=', cartId)
    .forUpdate()
    .executeTakeFirstOrThrow();
  if (isRepeated === 1) return;
  await setCartLine(trx, cartId, { productId, quantity: add(inCart ?? 0, quantity) }, change);
}

/** 0 takes the product out. @returns the cart's new version @throws CartFullError, TooManyUnitsError */
export async function setCartLine(
  trx: Transaction<Catalogue>,
  cartId: number,
  { productId, quantity }: CartLine,
  change?: Buffer,
): Promise<number> {
  if (quantity > MAX_UNITS) throw new TooManyUnitsError(MAX_UNITS);
  await trx
    .updateTable('cart')
    .set({
      version: sql`version + 1`,
      updated_at: NOW,
      expires_at: CART_END,
      ...(change && { last_change: change }),
    })
    .where('id', '=', cartId)
    .executeTakeFirstOrThrow();
  if (quantity > 0) {
    await sql`
      INSERT INTO cart_line (cart_id, product_id, quantity, seen_price)
      VALUES (${cartId}, ${productId}, ${quantity}, (SELECT price FROM product WHERE id = ${productId}))
      ON DUPLICATE KEY UPDATE quantity = VALUES(quantity), seen_price = VALUES(seen_price)`.execute(trx);
  } else {
    await trx
      .deleteFrom('cart_line')
      .where('cart_id', '=', cartId)
      .where('product_id', '=', productId)
      .execute();
  }
  return assertNotFull(trx, cartId);
}

async function assertNotFull(trx: Transaction<Catalogue>, cartId: number): Promise<number> {
  const { version, lines } = await trx
    .selectFrom('cart')
    .select('version')
    .select(sql<number>`(SELECT COUNT(*) FROM cart_line WHERE cart_id = cart.id)`.as('lines'))
    .where('id', '=', cartId)
    .executeTakeFirstOrThrow();
  if (lines > MAX_LINES) throw new CartFullError(MAX_LINES);
  return version;
}

/**
 * Puts what a visitor has chosen into the cart of the customer as whom they log in.
 *
 * @returns how many products
 * @throws CartFullError
 */
export async function mergeCarts(
  trx: Transaction<Catalogue>,
  { from, into }: { from: number; into: number },
): Promise<number> {
  // Both are locked in one order, whatever the other tabs do.
  const carts = trx.selectFrom('cart').select('id').where('id', 'in', [from, into]);
  await carts.orderBy('id').forUpdate().execute();
  await sql`
    INSERT INTO cart_line (cart_id, product_id, quantity, seen_price)
    SELECT ${into}, taken.product_id, taken.quantity, taken.seen_price
    FROM cart_line AS taken WHERE taken.cart_id = ${from}
    ON DUPLICATE KEY UPDATE quantity = LEAST(cart_line.quantity + taken.quantity, ${MAX_UNITS})`.execute(trx);
  const { numDeletedRows } = await trx
    .deleteFrom('cart_line')
    .where('cart_id', '=', from)
    .executeTakeFirstOrThrow();
  await trx
    .updateTable('cart')
    .set({ version: sql`version + 1`, updated_at: NOW, expires_at: CART_END })
    .where('id', 'in', [from, into])
    .execute();
  await assertNotFull(trx, into);
  return Number(numDeletedRows);
}

export function deleteExpiredCarts(trx: Transaction<Catalogue>) {
  return sql`
    DELETE FROM cart WHERE expires_at < ${NOW} ORDER BY expires_at LIMIT ${sql.lit(DELETED_AT_ONCE)}`.execute(
    trx,
  );
}
