import { sql, type Kysely, type Transaction } from 'kysely';
import { z } from 'zod';
import { recordAuditEvent } from '../audit/audit-trail.ts';
import type { Databases } from '../database/databases.ts';
import type { Cadence, Catalogue, Directory } from '../database/tables.ts';
import { NOW } from '../jobs/lease.ts';
import { enqueue, type OutboxKind } from '../jobs/outbox.ts';
import type { Language } from '../locales/languages.ts';
import { nextDailyDigest } from './daily-time.ts';

const PAUSE_MS = 15 * 60_000;
const AT_ONCE = 500;

const digestRange = z.object({ user: z.number(), after: z.number(), upTo: z.number() });

/** The changes of the batches after `after`, up to `upTo`. */
export type DigestRange = z.output<typeof digestRange>;

export const LOW_STOCK_DIGEST: OutboxKind<DigestRange> = { name: 'low-stock-digest', payload: digestRange };

export interface Subscription {
  email: string;
  language: Language;
  cadence: Cadence;
}

const NONE: Subscription & { told: number } = { email: '', language: 'es', cadence: 'none', told: 0 };

export async function findSubscription(
  db: Kysely<Directory>,
  userId: number,
): Promise<Subscription & { told: number }> {
  const row = await db
    .selectFrom('user')
    .leftJoin('low_stock_subscription', 'user_id', 'user.id')
    .select(['email', 'mail_language as language', 'cadence', 'told_batch as told'])
    .where('user.id', '=', userId)
    .where('disabled_at', 'is', null)
    .executeTakeFirst();
  if (!row) return NONE;
  return { ...row, cadence: row.cadence ?? NONE.cadence, told: row.told ?? NONE.told };
}

/** @param batch the last one: a new subscriber is told of what comes after it */
export async function saveSubscription(
  trx: Transaction<Directory>,
  userId: number,
  { email, language, cadence }: Subscription,
  { batch, zone }: { batch: number; zone: string },
): Promise<void> {
  const before = await findSubscription(trx, userId);
  await trx.updateTable('user').set({ email, mail_language: language }).where('id', '=', userId).execute();
  const dueAt = cadence === 'daily' ? sql`${nextDailyDigest(new Date(), zone)}` : NOW;
  await sql`
    INSERT INTO low_stock_subscription (user_id, cadence, told_batch, due_at)
    VALUES (${userId}, ${cadence}, ${batch}, ${dueAt}) AS new
    ON DUPLICATE KEY UPDATE
      told_batch = IF(low_stock_subscription.cadence = 'none', new.told_batch, low_stock_subscription.told_batch),
      is_pending = low_stock_subscription.cadence <> 'none' AND low_stock_subscription.is_pending,
      cadence = new.cadence, due_at = new.due_at`.execute(trx);
  if (before.cadence !== cadence || before.email !== email)
    await recordAuditEvent(trx, { action: 'account.alertsChanged', userId, details: { cadence } });
}

export async function findLastBatch(db: Kysely<Catalogue>): Promise<number> {
  const row = await db.selectFrom('alert_state').select('batch').where('id', '=', 1).executeTakeFirst();
  return row?.batch ?? 0;
}

export async function lookForDigests(db: Kysely<Catalogue>): Promise<void> {
  await db.updateTable('alert_state').set({ look_at: NOW }).where('id', '=', 1).execute();
}

export const areDigestsDue = sql<boolean>`
  EXISTS (SELECT 1 FROM alert_state WHERE look_at <= ${NOW})`;

export async function enqueueDigests({ directory, catalogue }: Databases, zone: string): Promise<void> {
  const { batch, lookAt } = await catalogue.transact((trx) =>
    trx
      .selectFrom('alert_state')
      .select(['batch', 'look_at as lookAt'])
      .where('id', '=', 1)
      .executeTakeFirstOrThrow(),
  );
  const next = await directory.transact((trx) => enqueueDue(trx, { batch, zone }));
  await catalogue.transact((trx) =>
    trx
      .updateTable('alert_state')
      .set({ look_at: next })
      .where('id', '=', 1)
      // Otherwise there is more to tell, or someone has asked for another look.
      .where('batch', '=', batch)
      .where(sql<boolean>`look_at <=> ${lookAt}`)
      .execute(),
  );
}

/**
 * Of two instances, the second waits for the rows of the first and finds none that are due. A daily digest with
 * nothing to tell is put off to the next day, so that later drops wait for it. @returns when others are due
 */
async function enqueueDue(
  trx: Transaction<Directory>,
  { batch, zone }: { batch: number; zone: string },
): Promise<Date | null> {
  const waiting = await trx
    .selectFrom('low_stock_subscription')
    .select(['user_id as user', 'cadence', 'told_batch as after', 'due_at as dueAt'])
    .select([sql<0 | 1>`due_at <= ${NOW}`.as('isDue'), sql<Date>`UTC_TIMESTAMP(3)`.as('now')])
    .where('is_pending', '=', 0)
    .where((by) =>
      by.or([
        by('cadence', '=', 'daily'),
        by.and([by('cadence', '=', 'soon'), by('told_batch', '<', batch)]),
      ]),
    )
    .orderBy('due_at')
    .limit(AT_ONCE)
    .forUpdate()
    .execute();
  const later = waiting.filter(({ isDue }) => !isDue).map(({ dueAt }) => dueAt);
  for (const { user, after, cadence, now } of waiting.filter(({ isDue }) => isDue)) {
    const hasNews = after < batch;
    const next = nextTime(cadence, now, zone);
    if (hasNews) await enqueue(trx, LOW_STOCK_DIGEST, { user, after, upTo: batch });
    else later.push(next);
    await trx
      .updateTable('low_stock_subscription')
      .set({ is_pending: hasNews, due_at: next })
      .where('user_id', '=', user)
      .execute();
  }
  const last = waiting.at(-1);
  if (last?.isDue && waiting.length === AT_ONCE) return last.now;
  return later.toSorted((one, other) => +one - +other)[0] ?? null;
}

function nextTime(cadence: Cadence, now: Date, zone: string): Date {
  return cadence === 'daily' ? nextDailyDigest(now, zone) : new Date(now.getTime() + PAUSE_MS);
}

/** Call it once the digest is sent or given up: the next one may follow. */
export async function finishDigest(databases: Databases, { user, upTo }: DigestRange): Promise<void> {
  await databases.directory.transact((trx) =>
    trx
      .updateTable('low_stock_subscription')
      .set({ told_batch: upTo, is_pending: false })
      .where('user_id', '=', user)
      // An attempt that comes late must not end the next digest.
      .where('told_batch', '<', upTo)
      .execute(),
  );
  await databases.catalogue.transact(lookForDigests);
}
