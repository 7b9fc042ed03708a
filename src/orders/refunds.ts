import { randomUUID } from 'node:crypto';
import { sql, type Kysely, type Transaction } from 'kysely';
import { z } from 'zod';
import type { DatabaseGroup } from '../database/database-group.ts';
import type { Catalogue } from '../database/tables.ts';
import { isDomainError } from '../errors/domain-error.ts';
import { enqueue, TRIES_OF_AN_HOUR, type OutboxKind } from '../jobs/outbox.ts';
import { GatewayError, providerOf, type Providers } from '../payments/provider.ts';
import { kindOfError } from '../telemetry/recent-errors.ts';
import { NotOfLineError, NotRefundableError } from './order-errors.ts';
import { lockOrder } from './order-holds.ts';
import { findAttempt } from './payment-attempts.ts';
import { moveRefund, recordEvent, StaleStateError, SYSTEM, type Why } from './states.ts';

/** Why money goes back. */
export type RefundReason = 'surplus' | 'too_late' | 'cancelled' | 'returned';

export interface NewRefund extends Why {
  orderId: number;
  paymentId: number;
  amount: number;
  reason: RefundReason;
  /** The line of a seller who bears it. */
  lineId?: number | undefined;
}

/** Money that we owe: a person or a provider pays it back later. */
export async function oweRefund(
  trx: Transaction<Catalogue>,
  { orderId, paymentId, amount, reason, lineId, actor, note }: NewRefund,
): Promise<void> {
  const { insertId } = await trx
    .insertInto('refund')
    .values({
      ...{ order_id: orderId, payment_id: paymentId, amount, state: 'due', reason },
      ...{ refund_key: randomUUID(), made_by: actor.kind === 'user' ? actor.id : null },
      order_line_id: lineId ?? null,
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

/**
 * A part of what has been paid, or all of it, as staff decide.
 *
 * @param lineId of a seller, whose payouts it reduces; undefined: the shop bears it
 * @throws NotRefundableError, NotOfLineError
 */
export async function makeRefund(
  trx: Transaction<Catalogue>,
  { orderId, amount, lineId, ...why }: Why & { orderId: number; amount: number; lineId?: number | undefined },
): Promise<void> {
  await lockOrder(trx, orderId);
  const paid = await findPaid(trx, orderId);
  if (!paid || amount > paid.kept) throw new NotRefundableError(paid?.kept ?? 0);
  if (lineId !== undefined) await chargeToSeller(trx, { orderId, lineId, amount });
  await oweRefund(trx, { orderId, paymentId: paid.paymentId, amount, reason: 'returned', lineId, ...why });
}

/** @throws NotOfLineError */
async function chargeToSeller(
  trx: Transaction<Catalogue>,
  { orderId, lineId, amount }: { orderId: number; lineId: number; amount: number },
): Promise<void> {
  const { numUpdatedRows } = await trx
    .updateTable('order_line')
    .set({ refunded: sql`refunded + ${amount}` })
    .where('id', '=', lineId)
    .where('order_id', '=', orderId)
    .where('seller_id', 'is not', null)
    .where(sql<boolean>`refunded + ${amount} <= ROUND((quantity - cancelled) * unit_price)`)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n) throw new NotOfLineError();
}

const sentRefund = z.object({ refund: z.number() });

/** Asks the provider to pay a refund back. */
export const SEND_REFUND: OutboxKind<z.output<typeof sentRefund>> = {
  name: 'send-refund',
  payload: sentRefund,
};

/** Of a refund that is due or has failed, by its provider. @throws StaleStateError */
export async function requestRefund(trx: Transaction<Catalogue>, id: number, why: Why): Promise<void> {
  const { orderId, state } = await lockRefund(trx, id);
  if (state !== 'due' && state !== 'failed') throw new StaleStateError('refund', 'due');
  await moveRefund(trx, { id, orderId, from: state, to: 'requested', ...why });
  await enqueue(trx, SEND_REFUND, { refund: id });
}

/** A person has paid it back, or its provider. @throws StaleStateError if that is known already */
export async function finishRefund(trx: Transaction<Catalogue>, id: number, why: Why): Promise<void> {
  const { orderId, state } = await lockRefund(trx, id);
  if (state === 'done') throw new StaleStateError('refund', 'due');
  await moveRefund(trx, { id, orderId, from: state, to: 'done', ...why });
}

const SENT = 'sent';

/**
 * Handles `SEND_REFUND`. Most providers recognise a repeat by the key. For others a refund is sent once: if its outcome is
 * unknown, a person has to look at it.
 *
 * @param tries how often the outbox has tried, with this time
 */
export async function sendRefund(
  catalogue: DatabaseGroup<Catalogue>,
  providers: Providers,
  id: number,
  tries = 1,
): Promise<void> {
  const found = await catalogue.transact(async (trx) => {
    const refund = await trx.selectFrom('refund').selectAll().where('id', '=', id).executeTakeFirst();
    const attempt = refund && (await findAttempt(trx, refund.payment_id));
    return attempt && { refund, attempt };
  });
  if (found?.refund.state !== 'requested') return;
  const { refund, attempt } = found;
  const { amount, refund_key: key } = refund;
  const fail = (note: string) => catalogue.transact((trx) => failRefund(trx, id, { actor: SYSTEM, note }));
  try {
    const provider = providerOf(providers, attempt.method);
    if (!provider.repeatsRefundsSafely) {
      const isFirst = await catalogue.transact((trx) => noteSending(trx, id));
      if (!isFirst) return await fail('the outcome is not known');
    }
    await provider.refund(attempt, { id, amount, currency: attempt.currency }, key);
  } catch (error) {
    if (isDomainError(error, 'refund_refused')) return fail(JSON.stringify(error.details));
    if (tries < TRIES_OF_AN_HOUR) throw error;
    // No list shows what is requested. Staff see what has failed, and the key stays the same if they request it again.
    return fail(error instanceof GatewayError ? error.message : kindOfError(error));
  }
  await catalogue.transact((trx) => finishRefund(trx, id, { actor: SYSTEM }));
}

/** @returns false if it has been sent since it was requested */
async function noteSending(trx: Transaction<Catalogue>, id: number): Promise<boolean> {
  const { orderId, state } = await lockRefund(trx, id);
  const last = await trx
    .selectFrom('order_event')
    .select('note')
    .where('order_id', '=', orderId)
    .where('subject', '=', 'refund')
    .where('subject_id', '=', id)
    .orderBy('id', 'desc')
    .executeTakeFirst();
  if (last?.note === SENT) return false;
  const at = { subject: 'refund', id, orderId, from: state, to: state } as const;
  await recordEvent(trx, { ...at, actor: SYSTEM, note: SENT });
  return true;
}

/** For staff, who look at it, and request it again or pay it back in another way. */
async function failRefund(trx: Transaction<Catalogue>, id: number, why: Why): Promise<void> {
  const { orderId, state } = await lockRefund(trx, id);
  if (state === 'requested') await moveRefund(trx, { id, orderId, from: state, to: 'failed', ...why });
}

async function lockRefund(trx: Transaction<Catalogue>, id: number) {
  const { orderId } = await trx
    .selectFrom('refund')
    .select('order_id as orderId')
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  await lockOrder(trx, orderId);
  const { state } = await trx
    .selectFrom('refund')
    .select('state')
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  return { orderId, state };
}
