import { randomUUID } from 'node:crypto';
import type { Transaction } from 'kysely';
import type { Connection, ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import type { Databases } from '../../src/database/databases.ts';
import { retrying } from '../../src/database/retrying.ts';
import type { Catalogue } from '../../src/database/tables.ts';
import { isDomainError } from '../../src/errors/domain-error.ts';
import { findBookFaults } from '../../src/orders/books.ts';
import { createCart, setCartLine } from '../../src/orders/cart.ts';
import { orderLink } from '../../src/orders/order-identity.ts';
import { placeOrder, type Checkout, type PlacedOrder } from '../../src/orders/place-order.ts';
import { priceLine, totalsOf } from '../../src/orders/prices.ts';
import { bankTransfer } from '../../src/payments/offline-providers.ts';
import { uniqueCode } from '../support/client.ts';
import { waitUntil } from '../support/wait-until.ts';

export interface ShopProduct {
  id: number;
  price: number;
  taxRate: number;
}

export const VISITOR = { kind: 'customer', id: 0, lastWrite: {} } as const;
export const STAFF = { kind: 'user', id: 1 } as const;

/** A product on sale, with the movement that its quantity comes from. */
export async function addProduct(
  root: Connection,
  { quantity = 10, price = 1000, taxRate = 1900 } = {},
): Promise<ShopProduct> {
  const whole = Math.ceil(quantity);
  const roundedUp = (whole - quantity).toFixed(3);
  const [{ insertId: id }] = await root.query<ResultSetHeader>(
    `INSERT INTO product (code, name, category_id, quantity, rounded_up, unit, price, tax_rate, on_sale)
     VALUES (?, 'Libro de prueba', 1, ?, ?, 'kg', ?, ?, TRUE)`,
    [uniqueCode(), whole, roundedUp, price, taxRate],
  );
  if (quantity > 0) {
    await root.query(
      `INSERT INTO stock_movement
         (product_id, delta, delta_rounded, quantity_after, after_rounded, reason, user_id, actor_id)
       VALUES (?, ?, ?, ?, ?, 'initial', 1, 1)`,
      [id, whole, roundedUp, whole, roundedUp],
    );
  }
  return { id, price, taxRate };
}

export async function stockOf(root: Connection, id: number) {
  const [[row]] = await root.query<RowDataPacket[]>(
    `SELECT on_hand + 0e0 AS onHand, exact_reserved + 0e0 AS exact, reserved, version FROM product WHERE id = ?`,
    [id],
  );
  return row as { onHand: number; exact: number; reserved: number; version: number };
}

export async function rowsOf(root: Connection, text: string, values: unknown[] = []) {
  return (await root.query<RowDataPacket[]>(text, values))[0];
}

export interface Wanted {
  product: ShopProduct;
  quantity: number;
}

/** A cart with a checkout that has just been shown. */
export async function checkoutOf(
  { catalogue }: Databases,
  wanted: Wanted[],
  changes: Partial<Checkout> = {},
): Promise<Checkout> {
  const cart = await catalogue.transact(async (trx) => {
    const { id } = await createCart(trx);
    let version = 1;
    for (const { product, quantity } of wanted)
      version = await setCartLine(trx, id, { productId: product.id, quantity });
    return { id, version };
  });
  const lines = wanted.map(({ product, quantity }) => priceLine(quantity, product.price, product.taxRate));
  const placedKey = randomUUID();
  const delivery = changes.delivery ?? { price: 500, tax: 80, method: { name: 'Moto' } };
  return {
    placedKey,
    cart,
    seenPrices: new Map(wanted.map(({ product }) => [product.id, product.price])),
    seenTotal: totalsOf(lines, delivery).total,
    customerId: null,
    contact: { email: `${randomUUID()}@example.com`, name: 'Ana', phone: '', language: 'es' },
    address: { city: 'Quito' },
    delivery,
    provider: bankTransfer,
    currency: 'USD',
    link: orderLink('secret', placedKey),
    ...changes,
  };
}

export async function buy(
  databases: Databases,
  wanted: Wanted[],
  changes: Partial<Checkout> = {},
): Promise<PlacedOrder> {
  return placeOrder(databases.catalogue, { ...VISITOR }, await checkoutOf(databases, wanted, changes));
}

/** As routes do it: a transaction that meets another one is repeated. */
export async function change<T>(
  { catalogue }: Databases,
  work: (trx: Transaction<Catalogue>) => Promise<T>,
): Promise<T> {
  return retrying(() => catalogue.transact(work));
}

/** The code with which it is refused. */
export async function refusalOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'done',
    (error: unknown) => {
      if (isDomainError(error)) return error.code;
      throw error;
    },
  );
}

export async function paymentsOf(root: Connection, orderId: number) {
  return rowsOf(
    root,
    'SELECT id, state, amount, captured_amount FROM payment WHERE order_id = ? ORDER BY id',
    [orderId],
  );
}

export async function stateOf(root: Connection, orderId: number): Promise<string> {
  const [order] = await rowsOf(root, 'SELECT state FROM shop_order WHERE id = ?', [orderId]);
  return String(order!.state);
}

/** As if the time had come. */
export async function endHold(root: Connection, orderId: number): Promise<void> {
  await root.query('UPDATE shop_order SET hold_until = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND WHERE id = ?', [
    orderId,
  ]);
}

/** Keeps the system under test from ending holds, until `resumeExpiry`: it would put off orders of gateways that it has not. */
export async function pauseExpiry(root: Connection): Promise<void> {
  await waitUntil(async () => {
    const [{ affectedRows }] = await root.query<ResultSetHeader>(
      `UPDATE job_lease SET due_at = UTC_TIMESTAMP(3) + INTERVAL 1 DAY
       WHERE name = 'order expiry' AND owner IS NULL`,
    );
    return affectedRows === 1;
  });
}

export async function resumeExpiry(root: Connection): Promise<void> {
  await root.query("UPDATE job_lease SET due_at = UTC_TIMESTAMP(3) WHERE name = 'order expiry'");
}

export async function faultsOf({ catalogue }: Databases) {
  return catalogue.transact((trx) => findBookFaults(trx));
}
