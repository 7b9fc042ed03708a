import { sql, type Transaction } from 'kysely';
import type { DatabaseGroup } from '../database/database-group.ts';
import type { Catalogue } from '../database/tables.ts';
import { inSeconds, NOW } from '../jobs/lease.ts';
import { awayGateway, GatewayError, providerOf, type Providers } from '../payments/provider.ts';
import { capturePayment } from './capture-payment.ts';
import { lockOrder, releaseHolds } from './order-holds.ts';
import { endPendingAttempts, listPayableAttempts, type StoredAttempt } from './payment-attempts.ts';
import { moveOrder, SYSTEM } from './states.ts';

const AT_ONCE = 100;
const LIMIT_MS = 10_000;
/** While a provider does not answer, nobody knows whether the money has come. */
const ASK_AGAIN_SECONDS = 5 * 60;
const GIVE_UP_HOURS = 24;

/** For a transaction that should rather be tried again than waited for. */
const limited = { limitMs: LIMIT_MS };

export interface ExpiryTools {
  catalogue: DatabaseGroup<Catalogue>;
  providers: Providers;
  /** Throws once another instance expires orders. */
  check: () => void;
  onError: (error: unknown, orderId: number) => void;
}

/** Lets go what unpaid orders have held too long, by the primary's clock. @returns how many have expired */
export async function expireOrders({ catalogue, providers, check, onError }: ExpiryTools): Promise<number> {
  let expired = 0;
  const away = new Set<string>();
  for (let after = 0; ;) {
    const due = await catalogue.transact((trx) => listDue(trx, after), limited);
    for (const id of due) {
      check();
      try {
        if (await isUnpaid({ catalogue, providers, away }, id)) {
          if (await catalogue.transact((trx) => expireOrder(trx, id), limited)) expired++;
        }
      } catch (error) {
        // One failing order must not keep the others' holds. Waiting for a gateway once is enough.
        const gateway = awayGateway(error);
        if (gateway) away.add(gateway);
        onError(error, id);
      }
    }
    if (due.length < AT_ONCE) return expired;
    after = due.at(-1)!;
  }
}

async function listDue(trx: Transaction<Catalogue>, after: number): Promise<number[]> {
  const rows = await trx
    .selectFrom('shop_order')
    .select('id')
    .where('state', '=', 'awaiting_payment')
    .where('hold_until', '<=', NOW)
    .where('id', '>', after)
    .orderBy('id')
    .limit(AT_ONCE)
    .execute();
  return rows.map(({ id }) => id);
}

interface Asking extends Pick<ExpiryTools, 'catalogue' | 'providers'> {
  /** Gateways that are not waited for again. */
  away: ReadonlySet<string>;
}

/** Asks the providers of its attempts, outside any transaction, and takes the money if it has come. */
async function isUnpaid(asking: Asking, orderId: number): Promise<boolean> {
  const attempts = await asking.catalogue.transact((trx) => listPayableAttempts(trx, orderId), limited);
  for (const attempt of attempts) if (await hasPaid(asking, attempt)) return false;
  return true;
}

async function hasPaid({ catalogue, providers, away }: Asking, attempt: StoredAttempt): Promise<boolean> {
  try {
    const provider = providerOf(providers, attempt.method);
    if (!provider.isOnline) return false;
    if (away.has(provider.name)) throw new GatewayError(provider.name, 'away', { isAway: true });
    const found = await provider.fetchState(attempt);
    if (found.state === 'captured') {
      const { amount, currency } = found;
      const capture = { paymentId: attempt.id, amount, currency, actor: SYSTEM };
      await catalogue.transact((trx) => capturePayment(trx, capture), limited);
      return true;
    }
    // So that it cannot be paid from now on.
    if (found.state === 'pending') await provider.cancel(attempt);
  } catch (error) {
    if (await catalogue.transact((trx) => isPutOff(trx, attempt), limited)) throw error;
  }
  return false;
}

/** @returns false if that has been going on for too long */
async function isPutOff(trx: Transaction<Catalogue>, { id, orderId }: StoredAttempt): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('shop_order')
    .set({ hold_until: inSeconds(ASK_AGAIN_SECONDS) })
    .where('id', '=', orderId)
    .where('state', '=', 'awaiting_payment')
    .where(
      sql<boolean>`EXISTS (
        SELECT 1 FROM payment
        WHERE id = ${id} AND expires_at > ${NOW} - INTERVAL ${sql.lit(GIVE_UP_HOURS)} HOUR
      )`,
    )
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
}

/** @returns false if the order has been paid, cancelled or given more time since */
export async function expireOrder(trx: Transaction<Catalogue>, id: number): Promise<boolean> {
  await lockOrder(trx, id);
  const stillDue = await trx
    .selectFrom('shop_order')
    .select('id')
    .where('id', '=', id)
    .where('state', '=', 'awaiting_payment')
    .where('hold_until', '<=', NOW)
    .executeTakeFirst();
  if (!stillDue) return false;
  const why = { actor: SYSTEM };
  await moveOrder(trx, {
    ...{ id, from: 'awaiting_payment', to: 'expired', changes: { hold_until: null } },
    ...why,
  });
  await endPendingAttempts(trx, id, { to: 'expired', ...why });
  await releaseHolds(trx, id);
  return true;
}
