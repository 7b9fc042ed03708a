import { Router, type Request, type Response } from 'express';
import type { Kysely, Transaction } from 'kysely';
import { z } from 'zod';
import { logInPath } from '../customers/customer-access.ts';
import { readTyped } from '../customers/customer-forms.ts';
import { retrying } from '../database/retrying.ts';
import type { Catalogue } from '../database/tables.ts';
import { getShopSettings } from '../delivery/delivery-queries.ts';
import { isDomainError } from '../errors/domain-error.ts';
import { countryName } from '../http/countries.ts';
import { typedNumber } from '../locales/typed-numbers.ts';
import { cancelOrder } from '../orders/cancel-order.ts';
import { lockOrder } from '../orders/order-holds.ts';
import { retryPayment } from '../orders/retry-payment.ts';
import { recordEvent } from '../orders/states.ts';
import type { PaymentProvider } from '../payments/provider.ts';
import { unitWord } from '../products/unit-queries.ts';
import { routesOf, type ShopPage } from '../shop/shop-paths.ts';
import type { CheckoutDependencies } from './checkout-situation.ts';
import { goToPayment } from './go-to-payment.ts';
import { orderPath } from '../shop/order-path.ts';
import { findOwnOrder, getOrder, listOrders, type CustomerOrder } from './order-queries.ts';
import { laterPayments } from './payment-choices.ts';
import { askForReturn, lineName, readReturn, returnableOf } from './return-requests.ts';

/** Of the link; empty if it cannot be one. */
const token = z
  .string()
  .regex(/^[\w-]{43}$/)
  .catch('');
const NOTICES = ['placed', 'cancelled', 'returnAsked'] as const;
const orderQuery = z.object({
  t: token,
  placed: z.string().optional().catch(undefined),
  done: z.enum(NOTICES).optional().catch(undefined),
  payment: z.enum(['failed']).optional().catch(undefined),
});
const formToken = z.object({ t: token });
const payForm = z.object({ method: z.string().max(30).catch('') });
const listQuery = z.object({ before: z.coerce.number().int().positive().optional().catch(undefined) });

/** The customer's side of an order: what it is, how to pay, cancel and return it. */
export function orderRoutes(dependencies: CheckoutDependencies): Router {
  const { databases, providers, jobs } = dependencies;
  const { catalogue } = databases;
  const router = Router();

  for (const path of routesOf('orders')) {
    router.get(path, async (req, res) => {
      const { before } = listQuery.parse(req.query);
      const page = await catalogue.readReplica(req.customer, (db) => listOrders(db, req.customer.id, before));
      res.render('shop/orders/list', { ...page, before });
    });
  }

  for (const path of routesOf('order')) {
    router.get(path, async (req, res) => {
      // A link to an account's order has no secret. Whether there is such an order is not told before the log-in.
      if (req.customer.id === 0 && req.query.t === undefined) return res.redirect(303, logInPath(req));
      const { t, placed, done, payment } = orderQuery.parse(req.query);
      await show(req, res, { token: t, notice: placed ? 'placed' : done, hasFailed: payment === 'failed' });
    });
  }

  post('cancelOrder', async (req, res, { id, back, token: secret }) => {
    try {
      await change(req, (trx) => cancelOrder(trx, { orderId: id, actor: actorOf(req) }));
      jobs.wakeOutbox();
      res.redirect(303, withDone(back, 'cancelled'));
    } catch (error) {
      await explain(req, res, error, secret);
    }
  });

  post('payOrder', async (req, res, { id, back, token: secret }) => {
    const { method } = payForm.parse(req.body ?? {});
    const { transferText } = await read(req, getShopSettings);
    const provider = laterPayments(providers, transferText !== '').find(({ name }) => name === method);
    try {
      if (provider) {
        await change(req, (trx) => payAgain(trx, req, id, provider));
        jobs.wakeOutbox();
      }
      await goToPayment(req, res, { ...dependencies, catalogue }, { orderId: id, orderPath: back });
    } catch (error) {
      await explain(req, res, error, secret);
    }
  });

  post('returnOrder', async (req, res, { id, back, token: secret }) => {
    const order = await read(req, (db) => getOrder(db, id));
    const { lines, reason, errors } = readReturn(req, order);
    if (isAskedAlready(order, reason)) return res.redirect(303, withDone(back, 'returnAsked'));
    if (Object.keys(errors).length > 0) {
      res.status(422);
      return show(req, res, { token: secret, errors });
    }
    try {
      await change(req, async (trx) => {
        const { state } = await lockOrder(trx, id);
        const request = await askForReturn(trx, { orderId: id, lines, reason });
        await recordEvent(trx, {
          ...{ subject: 'order', id, orderId: id, from: state, to: state },
          ...{ actor: actorOf(req), note: `return request ${request}` },
        });
      });
      res.redirect(303, withDone(back, 'returnAsked'));
    } catch (error) {
      await explain(req, res, error, secret);
    }
  });

  interface OwnOrder {
    id: number;
    back: string;
    token: string;
  }

  /** The forms of an order's page. Opened by their addresses, as after a change of language, they lead to it. */
  function post(
    page: ShopPage,
    work: (req: Request, res: Response, order: OwnOrder) => Promise<unknown>,
  ): void {
    for (const path of routesOf(page)) {
      router.get(path, (req, res) => {
        const { t } = orderQuery.parse(req.query);
        res.redirect(303, orderPath(req.language, numberOf(req), t || undefined));
      });
      router.post(path, async (req, res) => {
        const { t } = formToken.parse(req.body ?? {});
        const number = numberOf(req);
        const { id } = await catalogue.readPrimary((db) => findOwnOrder(db, number, readerOf(req, t)));
        await work(req, res, { id, token: t, back: orderPath(req.language, number, t || undefined) });
      });
    }
  }

  async function show(
    req: Request,
    res: Response,
    page: {
      token: string;
      notice?: (typeof NOTICES)[number] | undefined;
      hasFailed?: boolean;
      errors?: Record<string, string>;
      problem?: string;
    },
  ): Promise<void> {
    const reader = readerOf(req, page.token);
    const { order, settings } = await read(req, async (db) => {
      const { id } = await findOwnOrder(db, numberOf(req), reader);
      return { order: await getOrder(db, id), settings: await getShopSettings(db) };
    });
    const [payment] = order.payments;
    const isPaid = order.payments.some(({ state }) => state === 'captured');
    res.render('shop/orders/show', {
      ...{ notice: undefined, hasFailed: false, errors: {}, problem: undefined, ...page },
      ...{ order, payment, isPaid },
      transferText: payment?.method === 'bank_transfer' ? settings.transferText : '',
      canCancel: ['awaiting_payment', 'confirmed'].includes(order.state) && !isPaid,
      otherPayments:
        order.state === 'awaiting_payment' ? laterPayments(providers, settings.transferText !== '') : [],
      returnable: returnableOf(order),
      typed: readTyped(req.body, ['reason', ...order.lines.map(({ id }) => lineName(id))]),
      lineName,
      unitWord,
      typedNumber: (value: number) => typedNumber(value, req.t),
      countryName: (code: string) => countryName(code, req.language),
    });
  }

  async function explain(req: Request, res: Response, error: unknown, secret: string): Promise<void> {
    if (!isDomainError(error) || error.status === 404) throw error;
    const { status, textKey, values, field } = error;
    const text = req.t(textKey, values);
    res.status(status);
    await show(req, res, { token: secret, ...(field ? { errors: { [field]: text } } : { problem: text }) });
  }

  /** Guests have no count of their writes, so that they read what they have done from the primary. */
  function read<T>(req: Request, query: (db: Kysely<Catalogue>) => Promise<T>): Promise<T> {
    return req.customer.id > 0 ? catalogue.readReplica(req.customer, query) : catalogue.readPrimary(query);
  }

  async function change(req: Request, work: (trx: Transaction<Catalogue>) => Promise<void>): Promise<void> {
    if (req.customer.id > 0) await catalogue.transactOnce(req.customer, req.writeId(), work);
    else await retrying(() => catalogue.transact(work));
  }

  return router;
}

/** An attempt of the same method goes on; another method begins a new one. */
async function payAgain(
  trx: Transaction<Catalogue>,
  req: Request,
  orderId: number,
  provider: PaymentProvider,
): Promise<void> {
  const pending = await trx
    .selectFrom('payment')
    .select('id')
    .where('order_id', '=', orderId)
    .where('state', '=', 'pending')
    .where('method', '=', provider.name)
    .executeTakeFirst();
  if (pending && !provider.isOnline) return;
  await retryPayment(trx, { orderId, provider, actor: actorOf(req) });
}

/** By a first press, or before NGINX has repeated it. */
function isAskedAlready({ returnRequest }: CustomerOrder, reason: string): boolean {
  return returnRequest?.state === 'asked' && returnRequest.reason === reason;
}

/** Empty if it cannot be one: MySQL compares only letters of ASCII with a column of them. */
function numberOf(req: Request): string {
  const { number = '' } = req.params as { number?: string };
  return /^[\dA-Z-]{1,20}$/i.test(number) ? number.toUpperCase() : '';
}

function readerOf(req: Request, secret: string) {
  return { customerId: req.customer.id, token: secret };
}

function actorOf(req: Request) {
  return { kind: 'customer', id: req.customer.id } as const;
}

function withDone(path: string, done: (typeof NOTICES)[number]): string {
  return `${path}${path.includes('?') ? '&' : '?'}done=${done}`;
}
