import type { Transaction } from 'kysely';
import type { Catalogue } from '../database/tables.ts';
import { NotCancellableError } from './order-errors.ts';
import { lockOrder, releaseHolds } from './order-holds.ts';
import { endPendingAttempts } from './payment-attempts.ts';
import { findPaid, oweRefund } from './refunds.ts';
import { moveOrder, moveParcel, type Why } from './states.ts';

/**
 * Before anything is shipped. Customers cancel what is unpaid; for staff, what is paid becomes a refund due.
 *
 * @throws NotCancellableError
 */
export async function cancelOrder(
  trx: Transaction<Catalogue>,
  { orderId, ...why }: Why & { orderId: number },
): Promise<void> {
  const { state } = await lockOrder(trx, orderId);
  if (state !== 'awaiting_payment' && state !== 'confirmed') throw new NotCancellableError();
  const paid = await findPaid(trx, orderId);
  if (paid && why.actor.kind === 'customer') throw new NotCancellableError();
  await moveOrder(trx, { id: orderId, from: state, to: 'cancelled', changes: { hold_until: null }, ...why });
  await endPendingAttempts(trx, orderId, { to: 'cancelled', ...why });
  if (paid && paid.kept > 0)
    await oweRefund(trx, {
      ...{ orderId, paymentId: paid.paymentId, amount: paid.kept, reason: 'cancelled' },
      ...why,
    });
  await cancelParcels(trx, orderId, why);
  await releaseHolds(trx, orderId);
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
