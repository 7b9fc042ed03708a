import type { Request, Response } from 'express';
import type { Logger } from 'pino';
import type { DatabaseGroup } from '../database/database-group.ts';
import type { Catalogue } from '../database/tables.ts';
import { allowFormTo } from '../http/security-headers.ts';
import { findPendingAttempt } from '../orders/payment-attempts.ts';
import { startPayment } from '../orders/provider-calls.ts';
import type { Providers } from '../payments/provider.ts';

export interface PaymentTools {
  catalogue: DatabaseGroup<Catalogue>;
  providers: Providers;
  logger: Logger;
}

/** @param orderPath where the customer sees the order, with instructions or another try */
export async function goToPayment(
  req: Request,
  res: Response,
  { catalogue, providers, logger }: PaymentTools,
  { orderId, orderPath }: { orderId: number; orderPath: string },
): Promise<void> {
  const attempt = await catalogue.transact((trx) => findPendingAttempt(trx, orderId));
  if (!attempt || !providers.get(attempt.method)?.isPrepaid) return res.redirect(303, orderPath);
  let start;
  try {
    start = await startPayment(catalogue, providers, attempt.id);
  } catch (error) {
    // The order is placed, and waits: its page offers to try again.
    logger.warn({ err: error, payment: attempt.id }, 'payment not started');
    return res.redirect(303, withParameter(orderPath, 'payment', 'failed'));
  }
  if (start.kind === 'instructions') return res.redirect(303, orderPath);
  // A page, not a redirect: browsers apply form-action of the checkout to where its form is redirected, too.
  if (start.kind === 'form') allowFormTo(res, start.url);
  res.render('shop/leave', { start, orderPath, method: attempt.method });
}

export function withParameter(path: string, name: string, value: string): string {
  return `${path}${path.includes('?') ? '&' : '?'}${name}=${value}`;
}
