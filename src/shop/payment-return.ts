import { Router } from 'express';
import type { Logger } from 'pino';
import type { DatabaseGroup } from '../database/database-group.ts';
import type { Databases } from '../database/databases.ts';
import type { Catalogue } from '../database/tables.ts';
import { HttpError } from '../http/http-error.ts';
import { orderLink } from '../orders/order-identity.ts';
import { findAttemptByKey, isAttemptKey, type StoredAttempt } from '../orders/payment-attempts.ts';
import { askProvider } from '../orders/provider-calls.ts';
import type { Attempt, Providers } from '../payments/provider.ts';
import { orderPath } from './order-path.ts';
import { pathOf, routesOf } from './shop-paths.ts';

/** A customer does not wait longer for a gateway: the order page shows what has been heard by then. */
const PATIENCE_MS = 4000;
/** Opening the address again and again asks the gateway no more often. */
const ASK_AGAIN_MS = 5000;

interface ReturnDependencies {
  config: { SESSION_SECRET: string };
  databases: Databases;
  providers: Providers;
  logger: Logger;
}

export function returnPath({ key, language }: Pick<Attempt, 'key' | 'language'>): string {
  return pathOf(language, 'paymentReturn', { attempt: key });
}

/** Where gateways send people back to, who may have no session here: the key in the address cannot be guessed. */
export function paymentReturnRoutes({ config, databases, providers, logger }: ReturnDependencies): Router {
  const { catalogue } = databases;
  const router = Router();
  const asking = new Map<string, Promise<void>>();

  const ask = (attempt: StoredAttempt): Promise<void> => {
    const { key } = attempt;
    const known = asking.get(key);
    if (known) return known;
    const answer = askProvider(catalogue, providers, attempt).catch((error: unknown) => {
      // A message of the gateway or the next look at its payments tells.
      logger.warn({ err: error, payment: attempt.id }, 'payment not asked for');
    });
    asking.set(key, answer);
    setTimeout(() => asking.delete(key), ASK_AGAIN_MS).unref();
    return answer;
  };

  for (const route of routesOf('paymentReturn')) {
    router.get(route, async (req, res) => {
      const { attempt: key = '' } = req.params as { attempt?: string };
      const attempt = isAttemptKey(key) ? await findOnPrimary(catalogue, key) : undefined;
      if (!attempt) throw new HttpError(404, 'errors.notFound');
      const isOnline = providers.get(attempt.method)?.isOnline;
      // Some gateways take another card on the page where one was declined.
      const isPaid = attempt.state === 'captured' || attempt.state === 'surplus';
      if (!isPaid && isOnline) await Promise.race([ask(attempt), patience()]);
      const { placedKey, isGuests } = await getOwner(catalogue, attempt.orderId);
      const link = isGuests ? orderLink(config.SESSION_SECRET, placedKey) : undefined;
      res.redirect(303, orderPath(req.language, attempt.orderNumber, link));
    });
  }
  return router;
}

function patience(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PATIENCE_MS).unref());
}

async function findOnPrimary(
  catalogue: DatabaseGroup<Catalogue>,
  key: string,
): Promise<StoredAttempt | undefined> {
  return catalogue.readPrimary((db) => findAttemptByKey(db, key));
}

/** Customers with an account have a session, or log in. */
async function getOwner(
  catalogue: DatabaseGroup<Catalogue>,
  orderId: number,
): Promise<{ placedKey: string; isGuests: boolean }> {
  const { placedKey, customerId } = await catalogue.readPrimary((db) =>
    db
      .selectFrom('shop_order')
      .select(['placed_key as placedKey', 'customer_id as customerId'])
      .where('id', '=', orderId)
      .executeTakeFirstOrThrow(),
  );
  return { placedKey, isGuests: customerId === null };
}
