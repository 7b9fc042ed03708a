import { sql, type Transaction } from 'kysely';
import type { Catalogue } from '../database/tables.ts';
import { isDomainError } from '../errors/domain-error.ts';
import { PaymentMismatchError } from './order-errors.ts';
import { holdAgain, lockOrder } from './order-holds.ts';
import { endPendingAttempts } from './payment-attempts.ts';
import { oweRefund, type RefundReason } from './refunds.ts';
import { openSellerParcels } from './seller-parcels.ts';
import { moveOrder, movePayment, type Why } from './states.ts';

export interface Capture extends Why {
  paymentId: number;
  /** What has come, in minor units. */
  amount: number;
  currency: string;
}

export type CaptureOutcome =
  /** It pays the order, perhaps with some surplus. */
  | 'paid'
  /** It cannot be served any more, or another payment has paid the order: all of it is to be refunded. */
  | 'refund_due'
  /** It was known already. */
  | 'repeated';

/** Money has come, in time or not. @throws PaymentMismatchError */
export async function capturePayment(
  trx: Transaction<Catalogue>,
  { paymentId, amount, currency, ...why }: Capture,
): Promise<CaptureOutcome> {
  const { orderId } = await trx
    .selectFrom('payment')
    .select('order_id as orderId')
    .where('id', '=', paymentId)
    .executeTakeFirstOrThrow();
  const order = await lockOrder(trx, orderId);
  const payment = await trx
    .selectFrom('payment')
    .select(['state', 'amount', 'currency'])
    .where('id', '=', paymentId)
    .forUpdate()
    .executeTakeFirstOrThrow();
  const { state: from } = payment;
  if (from === 'captured' || from === 'surplus') return 'repeated';
  if (currency !== payment.currency || amount < payment.amount)
    throw new PaymentMismatchError({ payment: paymentId, amount, currency });
  const owe = (owed: number, reason: RefundReason) =>
    oweRefund(trx, { orderId, paymentId, amount: owed, reason, ...why });
  const moved = { id: paymentId, orderId, changes: { captured_amount: amount }, ...why };

  if (from !== 'pending' && (await isPaid(trx, orderId))) {
    await movePayment(trx, { ...moved, from, to: 'surplus' });
    await owe(amount, 'surplus');
    return 'refund_due';
  }
  // A later attempt is not needed now. If its money comes as well, it is surplus.
  const note = 'another payment has come';
  await endPendingAttempts(trx, orderId, { ...why, note, to: 'cancelled', except: paymentId });
  await movePayment(trx, { ...moved, from, to: 'captured' });
  if (!(await isServed(trx, order, why))) {
    await owe(amount, order.state === 'cancelled' ? 'cancelled' : 'too_late');
    return 'refund_due';
  }
  if (amount > payment.amount) await owe(amount - payment.amount, 'surplus');
  return 'paid';
}

async function isPaid(trx: Transaction<Catalogue>, orderId: number): Promise<boolean> {
  const paid = await trx
    .selectFrom('payment')
    .select('id')
    .where('order_id', '=', orderId)
    .where('state', '=', 'captured')
    .executeTakeFirst();
  return paid !== undefined;
}

/** Confirms the order if it waits for the money. @returns false if it cannot be served any more */
async function isServed(
  trx: Transaction<Catalogue>,
  { id, state, email, isForgotten }: Awaited<ReturnType<typeof lockOrder>>,
  why: Why,
): Promise<boolean> {
  const confirmed = { id, to: 'confirmed', changes: { hold_until: null }, ...why } as const;
  if (state === 'cancelled') return false;
  if (state !== 'awaiting_payment' && state !== 'expired') return true;
  // Of an account that was deleted: nobody knows any more where to send it.
  if (state === 'expired' && (isForgotten === 1 || email === '')) return false;
  if (state === 'expired' && !(await isHeldAgain(trx, id))) return false;
  await moveOrder(trx, { ...confirmed, from: state });
  await openSellerParcels(trx, id, why);
  return true;
}

async function isHeldAgain(trx: Transaction<Catalogue>, orderId: number): Promise<boolean> {
  await sql`SAVEPOINT before_holds`.execute(trx);
  try {
    await holdAgain(trx, orderId);
    return true;
  } catch (error) {
    if (!isDomainError(error, 'out_of_stock')) throw error;
    await sql`ROLLBACK TO SAVEPOINT before_holds`.execute(trx);
    return false;
  }
}

/** The order goes on waiting, and holds its stock: its customer tries again. */
export async function failPayment(
  trx: Transaction<Catalogue>,
  { paymentId, orderId, ...why }: Why & { paymentId: number; orderId: number },
): Promise<void> {
  await lockOrder(trx, orderId);
  await movePayment(trx, { id: paymentId, orderId, from: 'pending', to: 'failed', ...why });
}
