import type { IncomingHttpHeaders } from 'node:http';
import { sql, type Insertable, type Kysely, type Transaction } from 'kysely';
import type { DatabaseGroup } from '../database/database-group.ts';
import { isDuplicateIn } from '../database/mysql-errors.ts';
import { retrying } from '../database/retrying.ts';
import type { Catalogue } from '../database/tables.ts';
import { DomainError, isDomainError } from '../errors/domain-error.ts';
import { NOW } from '../jobs/lease.ts';
import { TRIES_OF_AN_HOUR } from '../jobs/outbox.ts';
import {
  awayGateway,
  GatewayError,
  providerOf,
  type AttemptState,
  type PaymentProvider,
  type Providers,
  type Start,
} from '../payments/provider.ts';
import { capturePayment, failPayment } from './capture-payment.ts';
import { NotPayableError } from './order-errors.ts';
import {
  findAttempt,
  findAttemptByKey,
  findAttemptByReference,
  isAttemptKey,
  saveReference,
  type StoredAttempt,
} from './payment-attempts.ts';
import { recordEvent, SYSTEM } from './states.ts';

const AT_ONCE = 100;
/** A customer is likely to be paying still, and the provider tells of it. */
const YOUNG_MINUTES = 2;
/** Its page at the provider may have taken the money all the same. */
const ENDED_HOURS = 24;
/** A customer may dispute a payment for a year. */
const KEEP_NOTIFICATIONS_DAYS = 400;
const DELETED_AT_ONCE = 1000;

/** Not ours, or its order was lost with a primary: the provider tells of it again later. */
export class UnknownAttemptError extends DomainError {
  constructor() {
    super({ code: 'unknown_attempt', status: 404, textKey: 'orders.errors.unknownAttempt' });
  }
}

type Group = DatabaseGroup<Catalogue>;

/** After the commit of the order, outside any transaction. Repeated with the same key, it starts the same attempt. */
export async function startPayment(
  catalogue: Group,
  providers: Providers,
  paymentId: number,
): Promise<Start> {
  const attempt = await catalogue.transact((trx) => findAttempt(trx, paymentId));
  if (attempt?.state !== 'pending') throw new NotPayableError();
  const start = await providerOf(providers, attempt.method).start(attempt);
  if (start.kind !== 'instructions' && start.reference !== null) {
    const { reference } = start;
    await catalogue.transact((trx) => saveReference(trx, paymentId, reference));
  }
  return start;
}

/**
 * Handles `CANCEL_ATTEMPT`.
 *
 * @param tries how often the outbox has tried, with this time
 */
export async function cancelAttempt(
  catalogue: Group,
  providers: Providers,
  paymentId: number,
  tries: number,
): Promise<void> {
  const attempt = await catalogue.transact((trx) => findAttempt(trx, paymentId));
  // If its money has come meanwhile, there is nothing to prevent.
  if (attempt?.state !== 'cancelled' && attempt?.state !== 'expired') return;
  try {
    // A provider that is not set up any more cannot be told.
    await providers.get(attempt.method)?.cancel(attempt);
  } catch (error) {
    // A direct debit under way, for example, is not stopped. If its money comes, it is late money.
    const isRefused = error instanceof GatewayError && !error.isAway;
    if (!isRefused || tries < TRIES_OF_AN_HOUR) throw error;
  }
}

/**
 * Answer 200 only after it: by then the message is committed. A repeat changes nothing.
 *
 * @throws ForgedNotificationError, UnknownAttemptError
 */
export async function takeNotification(
  catalogue: Group,
  provider: PaymentProvider,
  rawBody: Buffer,
  headers: IncomingHttpHeaders,
): Promise<void> {
  const message = await provider.parseNotification(rawBody, headers);
  if (!message) return;
  const { eventId, attemptKey, reference, payload, ...said } = message;
  const names = { attemptKey, reference };
  const found = said.state === 'to_ask' ? await askAbout(catalogue, provider, { eventId, names }) : said;
  if (!found) return;
  await retrying(() =>
    catalogue.transact(async (trx) => {
      if (
        !(await isNew(trx, { provider: provider.name, event_id: eventId, payload: JSON.stringify(payload) }))
      )
        return;
      await takeState(trx, await getAttempt(trx, provider, names), found);
    }),
  );
}

interface AttemptNames {
  attemptKey: string | undefined;
  reference: string | undefined;
}

async function getAttempt(
  db: Kysely<Catalogue>,
  { name }: PaymentProvider,
  { attemptKey, reference }: AttemptNames,
): Promise<StoredAttempt> {
  const attempt =
    attemptKey === undefined
      ? await findAttemptByReference(db, name, reference ?? '')
      : isAttemptKey(attemptKey) && (await findAttemptByKey(db, attemptKey));
  if (!attempt || attempt.method !== name) throw new UnknownAttemptError();
  return attempt;
}

/** Outside any transaction. @returns undefined for a repeat */
async function askAbout(
  catalogue: Group,
  provider: PaymentProvider,
  { eventId, names }: { eventId: string; names: AttemptNames },
): Promise<AttemptState | undefined> {
  const attempt = await catalogue.transact(async (trx) => {
    const known = await trx
      .selectFrom('payment_notification')
      .select('id')
      .where('provider', '=', provider.name)
      .where('event_id', '=', eventId)
      .executeTakeFirst();
    return known ? undefined : getAttempt(trx, provider, names);
  });
  return attempt && provider.fetchState(attempt);
}

/** Asks the provider now, outside any transaction, and takes what it says. */
export async function askProvider(
  catalogue: Group,
  providers: Providers,
  attempt: StoredAttempt,
): Promise<void> {
  const found = await providerOf(providers, attempt.method).fetchState(attempt);
  await retrying(() => catalogue.transact((trx) => takeState(trx, attempt, found)));
}

/** A concurrent repeat waits here for the first one. */
async function isNew(
  trx: Transaction<Catalogue>,
  message: Insertable<Catalogue['payment_notification']>,
): Promise<boolean> {
  try {
    await trx.insertInto('payment_notification').values(message).execute();
    return true;
  } catch (error) {
    if (isDuplicateIn(error, 'payment_notification')) return false;
    throw error;
  }
}

export function deleteOldNotifications(trx: Transaction<Catalogue>) {
  return sql`
    DELETE FROM payment_notification
    WHERE received_at < ${NOW} - INTERVAL ${sql.lit(KEEP_NOTIFICATIONS_DAYS)} DAY
    ORDER BY received_at LIMIT ${sql.lit(DELETED_AT_ONCE)}`.execute(trx);
}

/** What a provider says of an attempt, whatever we have thought of it. */
export async function takeState(
  trx: Transaction<Catalogue>,
  attempt: StoredAttempt,
  found: AttemptState,
): Promise<void> {
  const { id: paymentId, orderId } = attempt;
  if (found.state === 'captured') {
    const { amount, currency } = found;
    try {
      await capturePayment(trx, { paymentId, amount, currency, actor: SYSTEM });
    } catch (error) {
      if (!isDomainError(error, 'payment_mismatch')) throw error;
      // Nothing has changed yet. The history tells staff, who have to look at it.
      await noteMismatch(trx, attempt, found);
    }
  } else if (found.state === 'failed') {
    await failPayment(trx, { paymentId, orderId, actor: SYSTEM }).catch((error: unknown) => {
      // A message that is late: it has been paid, or is over, by now.
      if (!isDomainError(error, 'stale_state')) throw error;
    });
  }
}

/** Once, however often the provider says it: what staff have done about it stays done. The order must be locked. */
async function noteMismatch(
  trx: Transaction<Catalogue>,
  { id, orderId, state, ...asked }: StoredAttempt,
  came: { amount: number; currency: string },
): Promise<void> {
  const note = `mismatch: ${came.amount} ${came.currency} for ${asked.amount} ${asked.currency}`;
  const last = await trx
    .selectFrom('order_event')
    .select('note')
    .where('order_id', '=', orderId)
    .where('subject', '=', 'payment')
    .where('subject_id', '=', id)
    .whereRef('from_state', '=', 'to_state')
    .orderBy('id', 'desc')
    .executeTakeFirst();
  if (last?.note === note) return;
  const at = { subject: 'payment', id, orderId, from: state, to: state } as const;
  await recordEvent(trx, { ...at, actor: SYSTEM, note });
}

/** Asks providers about all attempts that have not ended, and then about those that ended lately: messages get lost. */
export async function reconcilePayments(
  catalogue: Group,
  providers: Providers,
  { check, onError }: { check: () => void; onError: (error: unknown, paymentId: number) => void },
): Promise<void> {
  const online = [...providers.values()].filter(({ isOnline }) => isOnline).map(({ name }) => name);
  if (online.length === 0) return;
  const away = new Set<string>();
  const ask = async (id: number) => {
    try {
      const attempt = await catalogue.transact((trx) => findAttempt(trx, id));
      if (attempt && !away.has(attempt.method)) await askProvider(catalogue, providers, attempt);
    } catch (error) {
      // A provider that is down must not keep the others' money. Waiting for it once is enough.
      const gateway = awayGateway(error);
      if (gateway) away.add(gateway);
      onError(error, id);
    }
  };
  for (const list of [listPending, listEnded]) {
    let ids: number[] = [];
    do {
      ids = await catalogue.transact((trx) => list(trx, online, ids.at(-1) ?? 0));
      for (const id of ids) {
        check();
        await ask(id);
      }
    } while (ids.length === AT_ONCE);
  }
}

async function listPending(trx: Transaction<Catalogue>, methods: string[], after: number): Promise<number[]> {
  const rows = await trx
    .selectFrom('payment')
    .select('id')
    .where('state', '=', 'pending')
    .where('method', 'in', methods)
    .where('id', '>', after)
    .where(sql<boolean>`created_at < ${NOW} - INTERVAL ${sql.lit(YOUNG_MINUTES)} MINUTE`)
    .orderBy('id')
    .limit(AT_ONCE)
    .execute();
  return rows.map(({ id }) => id);
}

/** Without the hint MySQL would walk all payments by id. */
async function listEnded(trx: Transaction<Catalogue>, methods: string[], after: number): Promise<number[]> {
  const { rows } = await sql<{ id: number }>`
    SELECT id FROM payment FORCE INDEX (ended)
    WHERE state IN ('failed', 'cancelled', 'expired') AND method IN (${sql.join(methods)}) AND id > ${after}
      AND updated_at > ${NOW} - INTERVAL ${sql.lit(ENDED_HOURS)} HOUR
    ORDER BY id LIMIT ${sql.lit(AT_ONCE)}`.execute(trx);
  return rows.map(({ id }) => id);
}
