import type { Logger } from 'pino';
import { isAway } from '../database/away.ts';
import type { Databases } from '../database/databases.ts';
import { makeJobDue } from '../jobs/job-lease.ts';
import { LeaseLostError } from '../jobs/lease.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { Providers } from '../payments/provider.ts';
import { deleteExpiredCarts } from './cart.ts';
import { expireOrders } from './expire-orders.ts';
import { CANCEL_ATTEMPT } from './payment-attempts.ts';
import { cancelAttempt, deleteOldNotifications, reconcilePayments } from './provider-calls.ts';
import { SEND_REFUND, sendRefund } from './refunds.ts';

const EXPIRE_EVERY_SECONDS = 30;
const RECONCILE_EVERY_SECONDS = 10 * 60;
const PAYMENTS = 'payments';
const LOOK_FOR_PROMOTION_MS = 2000;

export function orderJobs(
  jobs: Jobs,
  { databases, providers, logger }: { databases: Databases; providers: Providers; logger: Logger },
): void {
  const { catalogue } = databases;
  jobs.underLease('order expiry', EXPIRE_EVERY_SECONDS, async (lease) => {
    const onError = (error: unknown, order: number) => {
      if (error instanceof LeaseLostError || isAway(error)) throw error;
      logger.warn({ err: error, order }, 'order not expired');
    };
    await expireOrders({ catalogue, providers, check: () => lease.check(), onError });
    jobs.wakeOutbox();
  });
  jobs.handle(
    CANCEL_ATTEMPT,
    ({ payment }, { attempt: tries }) => cancelAttempt(catalogue, providers, payment, tries),
    { atOnce: 1 },
  );
  jobs.underLease(PAYMENTS, RECONCILE_EVERY_SECONDS, async (lease) => {
    const onError = (error: unknown, payment: number) => {
      if (error instanceof LeaseLostError || isAway(error)) throw error;
      logger.warn({ err: error, payment }, 'payment not reconciled');
    };
    await reconcilePayments(catalogue, providers, { check: () => lease.check(), onError });
    jobs.wakeOutbox();
  });
  // A primary that was lost may have taken messages with it that providers do not repeat.
  let term = catalogue.monitor.term();
  jobs.every('payments after a promotion', LOOK_FOR_PROMOTION_MS, async () => {
    const now = catalogue.monitor.term();
    if (now > term && term > 0) await makeJobDue(databases.directory, PAYMENTS);
    term = now;
  });
  jobs.handle(
    SEND_REFUND,
    ({ refund }, { attempt: tries }) => sendRefund(catalogue, providers, refund, tries),
    { atOnce: 1 },
  );
  jobs.cleanUp('carts', catalogue, deleteExpiredCarts);
  jobs.cleanUp('payment notifications', catalogue, deleteOldNotifications);
}
