import { randomUUID } from 'node:crypto';
import type { Kysely, Transaction } from 'kysely';
import { z } from 'zod';
import type { Catalogue } from '../database/tables.ts';
import { inSeconds } from '../jobs/lease.ts';
import { enqueue, type OutboxKind } from '../jobs/outbox.ts';
import type { Attempt, PaymentProvider } from '../payments/provider.ts';
import { movePayment, recordEvent, type Why } from './states.ts';

const cancelledAttempt = z.object({ payment: z.number() });

/** Tells the provider that an attempt is over. If its money has come, it is late money. */
export const CANCEL_ATTEMPT: OutboxKind<z.output<typeof cancelledAttempt>> = {
  name: 'cancel-payment',
  payload: cancelledAttempt,
};

export interface NewAttempt {
  orderId: number;
  total: number;
  currency: string;
  provider: Pick<PaymentProvider, 'name' | 'holdSeconds'>;
}

/** The order must have no live attempt. */
export async function insertAttempt(
  trx: Transaction<Catalogue>,
  { orderId, total, currency, provider }: NewAttempt,
  actor: Why['actor'],
): Promise<number> {
  const { insertId } = await trx
    .insertInto('payment')
    .values({
      ...{ order_id: orderId, method: provider.name, state: 'pending', amount: total, currency },
      attempt_key: randomUUID(),
      expires_at: provider.holdSeconds === null ? null : inSeconds(provider.holdSeconds),
    })
    .executeTakeFirstOrThrow();
  const id = Number(insertId);
  await recordEvent(trx, {
    ...{ subject: 'payment', id, orderId, from: null, to: 'pending' },
    actor,
  });
  return id;
}

/** The order must be locked. */
export async function endPendingAttempts(
  trx: Transaction<Catalogue>,
  orderId: number,
  { to, except, ...why }: Why & { to: 'cancelled' | 'expired'; except?: number },
): Promise<void> {
  const pending = await trx
    .selectFrom('payment')
    .select('id')
    .where('order_id', '=', orderId)
    .where('state', '=', 'pending')
    .$if(except !== undefined, (query) => query.where('id', '<>', except!))
    .execute();
  for (const { id } of pending) {
    await movePayment(trx, { id, orderId, from: 'pending', to, ...why });
    await enqueue(trx, CANCEL_ATTEMPT, { payment: id });
  }
}

export interface StoredAttempt extends Attempt {
  method: string;
}

const KEY = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;

/** MySQL compares only letters of ASCII with a column of them. */
export function isAttemptKey(text: string): boolean {
  return KEY.test(text);
}

function selectAttempts(db: Kysely<Catalogue>) {
  return db
    .selectFrom('payment')
    .innerJoin('shop_order', 'shop_order.id', 'payment.order_id')
    .select(['payment.id', 'payment.attempt_key as key', 'payment.order_id as orderId'])
    .select(['shop_order.number as orderNumber', 'payment.amount', 'payment.currency'])
    .select(['payment.provider_reference as reference', 'payment.expires_at as expiresAt'])
    .select(['shop_order.email', 'shop_order.language', 'payment.method', 'payment.state']);
}

export async function findAttempt(db: Kysely<Catalogue>, id: number): Promise<StoredAttempt | undefined> {
  return selectAttempts(db).where('payment.id', '=', id).executeTakeFirst();
}

export async function findAttemptByKey(
  db: Kysely<Catalogue>,
  key: string,
): Promise<StoredAttempt | undefined> {
  return selectAttempts(db).where('payment.attempt_key', '=', key).executeTakeFirst();
}

export async function findAttemptByReference(
  db: Kysely<Catalogue>,
  method: string,
  reference: string,
): Promise<StoredAttempt | undefined> {
  return selectAttempts(db)
    .where('payment.method', '=', method)
    .where('payment.provider_reference', '=', reference)
    .orderBy('payment.id', 'desc')
    .executeTakeFirst();
}

export async function findPendingAttempt(
  db: Kysely<Catalogue>,
  orderId: number,
): Promise<StoredAttempt | undefined> {
  return selectAttempts(db)
    .where('payment.order_id', '=', orderId)
    .where('payment.state', '=', 'pending')
    .executeTakeFirst();
}

/** Of an unpaid order: the newest that failed, as its page may have taken another card since, and the pending one. */
export async function listPayableAttempts(db: Kysely<Catalogue>, orderId: number): Promise<StoredAttempt[]> {
  const failed = await selectAttempts(db)
    .where('payment.order_id', '=', orderId)
    .where('payment.state', '=', 'failed')
    .orderBy('payment.id', 'desc')
    .executeTakeFirst();
  return [failed, await findPendingAttempt(db, orderId)].filter((attempt) => attempt !== undefined);
}

/** What the provider calls an attempt that it has just begun. */
export async function saveReference(
  trx: Transaction<Catalogue>,
  id: number,
  reference: string,
): Promise<void> {
  await trx.updateTable('payment').set({ provider_reference: reference }).where('id', '=', id).execute();
}
