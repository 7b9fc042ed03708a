import { randomBytes } from 'node:crypto';
import { sql, type Kysely, type Transaction } from 'kysely';
import type { Catalogue } from '../database/tables.ts';
import { NOW } from '../jobs/lease.ts';
import { CartFullError } from './order-errors.ts';
import { hashOf } from './order-identity.ts';

const KEPT_DAYS = 30;
const MAX_LINES = 100;
const DELETED_AT_ONCE = 500;

const CART_END = sql<Date>`${NOW} + INTERVAL ${sql.lit(KEPT_DAYS)} DAY`;

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
  const token = randomBytes(24).toString('base64url');
  const { insertId } = await trx
    .insertInto('cart')
    .values({ token_sha256: hashOf(token), customer_id: customerId, expires_at: CART_END })
    .executeTakeFirstOrThrow();
  return { id: Number(insertId), version: 1, customerId, token };
}

export async function findCart(db: Kysely<Catalogue>, token: string): Promise<Cart | undefined> {
  return db
    .selectFrom('cart')
    .select(['id', 'version', 'customer_id as customerId'])
    .where('token_sha256', '=', hashOf(token))
    .where('expires_at', '>', NOW)
    .executeTakeFirst();
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

/** 0 takes the product out. @returns the cart's new version @throws CartFullError */
export async function setCartLine(
  trx: Transaction<Catalogue>,
  cartId: number,
  { productId, quantity }: CartLine,
): Promise<number> {
  await trx
    .updateTable('cart')
    .set({ version: sql`version + 1`, updated_at: NOW, expires_at: CART_END })
    .where('id', '=', cartId)
    .executeTakeFirstOrThrow();
  if (quantity > 0) {
    await sql`
      INSERT INTO cart_line (cart_id, product_id, quantity) VALUES (${cartId}, ${productId}, ${quantity})
      ON DUPLICATE KEY UPDATE quantity = VALUES(quantity)`.execute(trx);
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

/** Puts what a visitor has chosen into the cart of the customer as whom they log in. @returns how many products */
export async function mergeCarts(
  trx: Transaction<Catalogue>,
  { from, into }: { from: number; into: number },
): Promise<number> {
  // Both are locked in one order, whatever the other tabs do.
  const carts = trx.selectFrom('cart').select('id').where('id', 'in', [from, into]);
  await carts.orderBy('id').forUpdate().execute();
  await sql`
    INSERT INTO cart_line (cart_id, product_id, quantity)
    SELECT ${into}, taken.product_id, taken.quantity FROM cart_line AS taken WHERE taken.cart_id = ${from}
    ON DUPLICATE KEY UPDATE quantity = cart_line.quantity + taken.quantity`.execute(trx);
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
