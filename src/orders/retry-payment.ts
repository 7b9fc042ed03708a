import { sql, type Transaction } from 'kysely';
import type { Catalogue } from '../database/tables.ts';
import { inSeconds } from '../jobs/lease.ts';
import type { PaymentProvider } from '../payments/provider.ts';
import { NotPayableError } from './order-errors.ts';
import { lockOrder } from './order-holds.ts';
import { endPendingAttempts, insertAttempt } from './payment-attempts.ts';
import type { Why } from './states.ts';

/** So that nobody holds stock for ever by trying again. */
const MAX_ATTEMPTS = 10;

/**
 * A new attempt of an order that still holds its stock, perhaps by another method: that hold never stands in its way.
 *
 * @returns the payment's id
 * @throws NotPayableError
 */
export async function retryPayment(
  trx: Transaction<Catalogue>,
  { orderId, provider, ...why }: Why & { orderId: number; provider: PaymentProvider },
): Promise<number> {
  const { state, total, currency } = await lockOrder(trx, orderId);
  if (state !== 'awaiting_payment' || !provider.isPrepaid) throw new NotPayableError();
  const { attempts } = await trx
    .selectFrom('payment')
    .select((eb) => eb.fn.countAll<number>().as('attempts'))
    .where('order_id', '=', orderId)
    .executeTakeFirstOrThrow();
  if (attempts >= MAX_ATTEMPTS) throw new NotPayableError();
  await endPendingAttempts(trx, orderId, { to: 'cancelled', ...why });
  const id = await insertAttempt(trx, { orderId, total, currency, provider }, why.actor);
  if (provider.holdSeconds !== null) {
    // A short attempt does not shorten the hold.
    const until = sql<Date>`GREATEST(hold_until, ${inSeconds(provider.holdSeconds)})`;
    await trx.updateTable('shop_order').set({ hold_until: until }).where('id', '=', orderId).execute();
  }
  return id;
}
