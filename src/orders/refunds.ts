import { randomUUID } from 'node:crypto';
import { sql, type Kysely, type Transaction } from 'kysely';
import type { Catalogue } from '../database/tables.ts';
import { recordEvent, type Why } from './states.ts';

/** Why money goes back. */
export type RefundReason = 'surplus' | 'too_late' | 'cancelled' | 'returned';

export interface NewRefund extends Why {
  orderId: number;
  paymentId: number;
  amount: number;
  reason: RefundReason;
}

/** Money that we owe: a person or a provider pays it back later. */
export async function oweRefund(
  trx: Transaction<Catalogue>,
  { orderId, paymentId, amount, reason, actor, note }: NewRefund,
): Promise<void> {
  const { insertId } = await trx
    .insertInto('refund')
    .values({
      ...{ order_id: orderId, payment_id: paymentId, amount, state: 'due', reason },
      ...{ refund_key: randomUUID(), made_by: actor.kind === 'user' ? actor.id : null },
    })
    .executeTakeFirstOrThrow();
  const id = Number(insertId);
  await recordEvent(trx, { subject: 'refund', id, orderId, from: null, to: 'due', actor, note });
}

export interface PaidAmount {
  paymentId: number;
  /** Captured, less what has been paid back or is owed. */
  kept: number;
}

/** Of the payment that has paid the order. */
export async function findPaid(db: Kysely<Catalogue>, orderId: number): Promise<PaidAmount | undefined> {
  return db
    .selectFrom('payment')
    .select('id as paymentId')
    .select(
      sql<number>`
        captured_amount - (SELECT COALESCE(SUM(amount), 0) FROM refund WHERE payment_id = payment.id)`.as(
        'kept',
      ),
    )
    .where('order_id', '=', orderId)
    .where('state', '=', 'captured')
    .executeTakeFirst();
}
