import { sql, type Kysely, type Transaction } from 'kysely';
import type { DatabaseGroup } from '../database/database-group.ts';
import { groupTables } from '../database/group-tables.ts';
import { isDuplicateIn } from '../database/mysql-errors.ts';
import { retrying } from '../database/retrying.ts';
import type { Catalogue, OrderState } from '../database/tables.ts';
import { countWrite, type Actor } from '../database/write-counts.ts';
import { inSeconds, NOW } from '../jobs/lease.ts';
import type { Language } from '../locales/languages.ts';
import type { PaymentProvider } from '../payments/provider.ts';
import { hold } from '../stock/holds.ts';
import {
  CartChangedError,
  OrderTooLargeError,
  TooManyUnpaidError,
  TotalChangedError,
} from './order-errors.ts';
import { capturePayment } from './capture-payment.ts';
import { hashOf, newOrderNumber } from './order-identity.ts';
import { insertAttempt } from './payment-attempts.ts';
import { priceCart, type CheckedLine } from './price-cart.ts';
import { isTooMuch, totalsOf, type OrderTotals } from './prices.ts';
import { openSellerParcels } from './seller-parcels.ts';
import { recordEvent } from './states.ts';

const MAX_UNPAID = 5;

export interface Checkout {
  /** Of the form, a UUID: sent again, it finds the order that it has placed. */
  placedKey: string;
  /** At the version that the customer has seen. */
  cart: { id: number; version: number };
  /** By product, as the customer has seen them. */
  seenPrices: ReadonlyMap<number, number>;
  seenTotal: number;
  customerId: number | null;
  contact: { email: string; name: string; phone: string; language: Language };
  address: object | null;
  /** Priced by the server. `method` is kept as it is now. */
  delivery: { price: number; tax: number; method: object | null };
  provider: PaymentProvider;
  currency: string;
  /** See `orderLink`. */
  link: string;
  /** Waited for before anything is written, so that it takes little time of its own. Its refusal is the order's. */
  isAllowed?: Promise<void>;
}

export interface PlacedOrder {
  id: number;
  number: string;
  state: OrderState;
}

/**
 * One transaction, which is safe to repeat. A visitor's is not counted as an own write: all visitors would wait for one row.
 *
 * @throws CartChangedError, OutOfStockError, TotalChangedError, OrderTooLargeError, TooManyUnpaidError,
 *   UnitDecimalsError
 */
export async function placeOrder(
  catalogue: DatabaseGroup<Catalogue>,
  actor: Actor,
  checkout: Checkout,
): Promise<PlacedOrder> {
  const { order, writes } = await retrying(() =>
    catalogue.transact(async (trx) => {
      const order = await place(trx, checkout, actor);
      if (actor.id === 0) return { order };
      return { order, writes: await countWrite(groupTables<Catalogue>(trx), catalogue.name, actor) };
    }),
  ).catch(async (error: unknown) => {
    if (!isDuplicateIn(error, 'shop_order')) throw error;
    // Another cart's, with the same key.
    const order = await catalogue.transact((trx) => findPlaced(trx, checkout.placedKey));
    if (!order) throw error;
    return { order, writes: undefined };
  });
  if (writes !== undefined) actor.lastWrite = { ...actor.lastWrite, [catalogue.name]: writes };
  return order;
}

async function place(trx: Transaction<Catalogue>, checkout: Checkout, actor: Actor): Promise<PlacedOrder> {
  const isAsSeen = await lockCart(trx, checkout.cart);
  const placed = await findPlaced(trx, checkout.placedKey);
  if (placed) return placed;
  if (!isAsSeen) throw new CartChangedError();
  await assertFewUnpaid(trx, checkout);
  await checkout.isAllowed;
  const lines = await priceCart(trx, checkout.cart.id, checkout.seenPrices);
  const totals = totalsOf(lines, checkout.delivery);
  if (isTooMuch(totals)) throw new OrderTooLargeError();
  if (totals.total !== checkout.seenTotal) throw new TotalChangedError(totals.total);
  const order = await insertOrder(trx, checkout, totals);
  await insertLines(trx, order.id, lines);
  await recordEvent(trx, {
    ...{ subject: 'order', id: order.id, orderId: order.id, from: null, to: order.state },
    actor,
  });
  const paymentId = await insertAttempt(trx, { orderId: order.id, ...totals, ...checkout }, actor);
  await emptyCart(trx, checkout.cart.id);
  if (order.state === 'confirmed') await openSellerParcels(trx, order.id, { actor });
  else if (totals.total === 0) {
    // Nobody can transfer nothing, and gateways refuse it.
    await capturePayment(trx, { paymentId, amount: 0, currency: checkout.currency, actor });
    order.state = 'confirmed';
  }
  await hold(trx, lines);
  return order;
}

async function lockCart(trx: Transaction<Catalogue>, { id, version }: Checkout['cart']): Promise<boolean> {
  const cart = await trx
    .selectFrom('cart')
    .select('version')
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst();
  return cart?.version === version;
}

/** By an earlier press of the button. */
export async function findPlaced(db: Kysely<Catalogue>, placedKey: string): Promise<PlacedOrder | undefined> {
  return db
    .selectFrom('shop_order')
    .select(['id', 'number', 'state'])
    .where('placed_key', '=', placedKey)
    .executeTakeFirst();
}

async function assertFewUnpaid(
  trx: Transaction<Catalogue>,
  { customerId, contact }: Checkout,
): Promise<void> {
  const unpaid = await trx
    .selectFrom('shop_order')
    .select('id')
    .where('state', '=', 'awaiting_payment')
    .where((eb) =>
      eb.or([
        eb('email', '=', contact.email),
        ...(customerId === null ? [] : [eb('customer_id', '=', customerId)]),
      ]),
    )
    .limit(MAX_UNPAID)
    .execute();
  if (unpaid.length >= MAX_UNPAID) throw new TooManyUnpaidError(MAX_UNPAID);
}

async function insertOrder(
  trx: Transaction<Catalogue>,
  { placedKey, customerId, contact, address, delivery, provider, currency, link }: Checkout,
  { itemsTotal, taxTotal, total }: OrderTotals,
): Promise<PlacedOrder> {
  const number = newOrderNumber();
  const state = provider.isPrepaid ? 'awaiting_payment' : 'confirmed';
  const { insertId } = await trx
    .insertInto('shop_order')
    .values({
      ...{ number, state, currency, placed_key: placedKey, customer_id: customerId, ...contact },
      link_sha256: hashOf(link),
      ...{ items_total: itemsTotal, delivery_total: delivery.price, delivery_tax: delivery.tax },
      ...{ tax_total: taxTotal, total },
      address: address && JSON.stringify(address),
      delivery: delivery.method && JSON.stringify(delivery.method),
      hold_until: provider.holdSeconds === null ? null : inSeconds(provider.holdSeconds),
      ...{ created_at: NOW, updated_at: NOW },
    })
    .executeTakeFirstOrThrow();
  return { id: Number(insertId), number, state };
}

async function insertLines(
  trx: Transaction<Catalogue>,
  orderId: number,
  lines: CheckedLine[],
): Promise<void> {
  await trx
    .insertInto('order_line')
    .values(
      lines.map(({ productId, code, name, unit, quantity, price, taxRate, ...line }, position) => ({
        ...{ order_id: orderId, position, product_id: productId, code, name, unit, quantity },
        ...{ unit_price: price, tax_rate: taxRate, line_total: line.lineTotal, tax: line.tax },
        ...{ seller_id: line.sellerId, commission_rate: line.commissionRate },
        held: quantity,
      })),
    )
    .execute();
}

/** The order has its lines. Another tab that still shows them is told so by the version. */
async function emptyCart(trx: Transaction<Catalogue>, id: number): Promise<void> {
  await trx.deleteFrom('cart_line').where('cart_id', '=', id).execute();
  await trx
    .updateTable('cart')
    .set({ version: sql`version + 1`, updated_at: NOW })
    .where('id', '=', id)
    .execute();
}
