import { sql, type Transaction } from 'kysely';
import type { Catalogue } from '../database/tables.ts';
import { NOW } from '../jobs/lease.ts';
import { release } from '../stock/holds.ts';
import { subtract } from '../stock/quantities.ts';
import { NotCancellableError } from './order-errors.ts';
import { lockOrder, releaseHolds } from './order-holds.ts';
import { endPendingAttempts } from './payment-attempts.ts';
import { lineTotal } from './prices.ts';
import { findPaid, oweRefund, type PaidAmount } from './refunds.ts';
import { moveOrder, moveParcel, recordEvent, type Why } from './states.ts';

/**
 * What has not left. Customers cancel what is unpaid; for staff, what is paid becomes a refund due. Of an order that has left in
 * part, the rest is cancelled.
 *
 * @throws NotCancellableError
 */
export async function cancelOrder(
  trx: Transaction<Catalogue>,
  { orderId, ...why }: Why & { orderId: number },
): Promise<void> {
  const { state } = await lockOrder(trx, orderId);
  // A second press, or one that NGINX has repeated. Staff's are told apart by their keys.
  const isOfCustomer = why.actor.kind === 'customer';
  if (state === 'cancelled' && isOfCustomer) return;
  const paid = await findPaid(trx, orderId);
  if (state === 'in_progress' && !isOfCustomer) return cancelRest(trx, { orderId, paid, ...why });
  if (state !== 'awaiting_payment' && state !== 'confirmed') throw new NotCancellableError();
  if (paid && isOfCustomer) throw new NotCancellableError();
  await moveOrder(trx, { id: orderId, from: state, to: 'cancelled', changes: { hold_until: null }, ...why });
  await endPendingAttempts(trx, orderId, { to: 'cancelled', ...why });
  if (paid && paid.kept > 0) {
    const { paymentId, kept: amount } = paid;
    await oweRefund(trx, { orderId, paymentId, amount, reason: 'cancelled', ...why });
  }
  await cancelParcels(trx, orderId, why);
  await releaseHolds(trx, orderId);
}

/** It is refunded, or not asked for at the door. The delivery has taken place, and stays paid. */
async function cancelRest(
  trx: Transaction<Catalogue>,
  { orderId, paid, ...why }: Why & { orderId: number; paid: PaidAmount | undefined },
): Promise<void> {
  const lines = await trx
    .selectFrom('order_line')
    .select(['product_id as productId', 'code', 'quantity', 'held', 'unit_price as price'])
    .where('order_id', '=', orderId)
    .where('held', '>', 0)
    .execute();
  if (lines.length === 0) throw new NotCancellableError();
  const amount = lines.reduce(
    (sum, { quantity, held, price }) =>
      sum + lineTotal(quantity, price) - lineTotal(subtract(quantity, held), price),
    0,
  );
  await cancelParcels(trx, orderId, why);
  await trx
    .updateTable('shop_order')
    .set({ cancelled_total: amount, updated_at: NOW })
    .where('id', '=', orderId)
    .execute();
  const what = lines.map(({ held, code }) => `${held} × ${code}`).join(', ');
  await recordEvent(trx, {
    ...{ subject: 'order', id: orderId, orderId, from: 'in_progress', to: 'in_progress' },
    ...{ actor: why.actor, note: `rest: ${[what, why.note].filter(Boolean).join(' · ')}` },
  });
  await takeOff(trx, { orderId, amount, paid, ...why });
  if (!(await isOnItsWay(trx, orderId)))
    await moveOrder(trx, { id: orderId, from: 'in_progress', to: 'completed', ...why });
  // MySQL assigns from left to right.
  await trx
    .updateTable('order_line')
    .set({ cancelled: sql.ref('held'), held: 0 })
    .where('order_id', '=', orderId)
    .execute();
  await release(
    trx,
    lines.map(({ productId, held }) => ({ productId, quantity: held })),
  );
}

async function takeOff(
  trx: Transaction<Catalogue>,
  { orderId, amount, paid, ...why }: Why & { orderId: number; amount: number; paid: PaidAmount | undefined },
): Promise<void> {
  if (!paid) {
    await trx
      .updateTable('payment')
      .set({ amount: sql`amount - ${amount}`, updated_at: NOW })
      .where('order_id', '=', orderId)
      .where('state', '=', 'pending')
      .execute();
    return;
  }
  const owed = Math.min(amount, paid.kept);
  if (owed > 0)
    await oweRefund(trx, {
      ...{ orderId, paymentId: paid.paymentId, amount: owed, reason: 'cancelled' },
      ...why,
    });
}

async function isOnItsWay(trx: Transaction<Catalogue>, orderId: number): Promise<boolean> {
  const parcel = await trx
    .selectFrom('parcel')
    .select('id')
    .where('order_id', '=', orderId)
    .where('state', '=', 'shipped')
    .executeTakeFirst();
  return parcel !== undefined;
}

async function cancelParcels(trx: Transaction<Catalogue>, orderId: number, why: Why): Promise<void> {
  const parcels = await trx
    .selectFrom('parcel')
    .select(['id', 'state'])
    .where('order_id', '=', orderId)
    .where('state', 'in', ['open', 'packed'])
    .execute();
  for (const { id, state } of parcels)
    await moveParcel(trx, { id, orderId, from: state, to: 'cancelled', ...why });
}
