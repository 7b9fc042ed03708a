import type { IncomingHttpHeaders } from 'node:http';
import type Stripe from 'stripe';
import { z } from 'zod';
import { fromGateway, toGateway } from './gateway-amounts.ts';
import { describeOrder, HOLD_MARGIN_SECONDS, pageEnd, type GatewayContext } from './gateway-context.ts';
import { isAwayWith } from './gateway-request.ts';
import {
  ForgedNotificationError,
  GatewayError,
  RefundRefusedError,
  type Attempt,
  type AttemptState,
  type Notification,
  type PaymentProvider,
} from './provider.ts';

export interface StripeSettings extends GatewayContext {
  secretKey: string;
  webhookSecret: string;
  /** Instead of Stripe's own. */
  apiUrl?: string | undefined;
}

/** Stripe ends pages after 30 minutes at the earliest; the customer gets to it a little later. */
const PAGE_SECONDS = 35 * 60;
const SHORTEST_PAGE_SECONDS = 31 * 60;
const TIME_LIMIT_MS = 10_000;
const TOLERANCE_SECONDS = 5 * 60;

/** https://docs.stripe.com/currencies: all others have two decimals. */
const WITHOUT_DECIMALS = new Set('BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF'.split(' '));
const WITH_THREE_DECIMALS = new Set('BHD JOD KWD OMR TND'.split(' '));

/** Cards and wallets by Stripe's own page. */
export function stripe(settings: StripeSettings): PaymentProvider {
  let made: Promise<Stripe> | undefined;
  const client = () => (made ??= createClient(settings));
  const call = async <T>(work: (api: Stripe) => Promise<T>): Promise<T> => {
    const api = await client();
    return work(api).catch((error: unknown) => {
      throw gatewayError(error);
    });
  };
  const findSession = (reference: string) =>
    call((api) => api.checkout.sessions.retrieve(reference, { expand: ['payment_intent'] }));

  const readNotification = async (rawBody: Buffer, headers: IncomingHttpHeaders) => {
    const api = await client();
    let event: Stripe.Event;
    try {
      const signature = headers['stripe-signature'] ?? '';
      event = api.webhooks.constructEvent(rawBody, signature, settings.webhookSecret, TOLERANCE_SECONDS);
    } catch {
      throw new ForgedNotificationError('signature');
    }
    if (event.livemode !== isLive(settings)) throw new ForgedNotificationError('mode');
    return notificationOf(event);
  };

  return {
    name: 'stripe',
    holdSeconds: PAGE_SECONDS + HOLD_MARGIN_SECONDS,
    isPrepaid: true,
    isOnline: true,
    repeatsRefundsSafely: true,

    async start(attempt) {
      const { reference } = attempt;
      if (reference) return redirectTo(await findSession(reference));
      const end = Math.floor(pageEnd(attempt).getTime() / 1000);
      const earliest = Math.ceil(Date.now() / 1000) + SHORTEST_PAGE_SECONDS;
      const expiresAt = Math.max(end, earliest);
      // A key with other parameters is refused. Without our knowing its session, no customer has its address.
      const idempotencyKey = expiresAt === end ? attempt.key : `${attempt.key}-${expiresAt}`;
      const session = sessionOf(attempt, settings.returnUrl(attempt), expiresAt);
      return redirectTo(await call((api) => api.checkout.sessions.create(session, { idempotencyKey })));
    },

    parseNotification: readNotification,

    async fetchState({ reference }) {
      // Nobody has been given the address of a session that we do not know.
      if (!reference) return { state: 'pending' };
      return stateOf(await findSession(reference));
    },

    async cancel({ reference }) {
      if (!reference) return;
      const { status } = await findSession(reference);
      if (status === 'expired') return;
      await call((api) => api.checkout.sessions.expire(reference));
    },

    async refund({ reference }, { amount, currency }, key) {
      const { payment_intent } = await findSession(reference ?? '');
      const paymentIntent = typeof payment_intent === 'string' ? payment_intent : payment_intent?.id;
      if (!paymentIntent) throw new RefundRefusedError('not paid');
      const earlier = await call((api) => api.refunds.list({ payment_intent: paymentIntent, limit: 100 }));
      // Stripe forgets keys after a day; staff may request it again later.
      if (earlier.data.some(({ metadata, status }) => metadata?.refund === key && !hasFailed(status))) return;
      const refund = {
        payment_intent: paymentIntent,
        amount: toGateway(amount, currency, decimalsAtStripe(currency)),
        metadata: { refund: key },
      };
      const made = await call((api) => api.refunds.create(refund, { idempotencyKey: key }));
      if (hasFailed(made.status)) throw new RefundRefusedError(made.status ?? '');
    },
  };
}

/** Loaded by those instances only that use it. */
async function createClient({ secretKey, apiUrl }: StripeSettings): Promise<Stripe> {
  const { default: Client } = await import('stripe');
  const limits = { timeout: TIME_LIMIT_MS, maxNetworkRetries: 0, telemetry: false } as const;
  if (!apiUrl) return new Client(secretKey, limits);
  const { protocol, hostname, port } = new URL(apiUrl);
  return new Client(secretKey, {
    ...limits,
    protocol: protocol === 'http:' ? 'http' : 'https',
    host: hostname,
    ...(port && { port }),
  });
}

function isLive({ secretKey }: StripeSettings): boolean {
  return secretKey.includes('_live_');
}

function decimalsAtStripe(currency: string): number {
  if (WITHOUT_DECIMALS.has(currency)) return 0;
  return WITH_THREE_DECIMALS.has(currency) ? 3 : 2;
}

function sessionOf(
  { key, amount, currency, orderNumber, email, language }: Attempt,
  returnUrl: string,
  expiresAt: number,
): Stripe.Checkout.SessionCreateParams {
  const metadata = { attempt: key, order: orderNumber };
  return {
    mode: 'payment',
    client_reference_id: key,
    customer_email: email,
    locale: language,
    success_url: returnUrl,
    cancel_url: returnUrl,
    expires_at: expiresAt,
    metadata,
    payment_intent_data: { metadata },
    line_items: [
      {
        quantity: 1,
        price_data: {
          currency: currency.toLowerCase(),
          unit_amount: toGateway(amount, currency, decimalsAtStripe(currency)),
          product_data: { name: describeOrder(orderNumber, language) },
        },
      },
    ],
  };
}

function redirectTo({ id, url, status }: Stripe.Checkout.Session) {
  if (!url) throw new GatewayError('stripe', `session ${status}`);
  return { kind: 'redirect', url, reference: id } as const;
}

const paidSession = z.object({
  status: z.enum(['open', 'complete', 'expired']).nullish(),
  payment_status: z.enum(['paid', 'unpaid', 'no_payment_required']),
  /** Expanded if asked for. */
  payment_intent: z.union([z.string(), z.object({ status: z.string() })]).nullish(),
  amount_total: z.number().int(),
  currency: z.string().transform((code) => code.toUpperCase()),
});

function stateOf(session: unknown): AttemptState {
  const { status, payment_status, amount_total, currency, payment_intent } = paidSession.parse(session);
  if (payment_status === 'paid')
    return {
      state: 'captured',
      amount: fromGateway(amount_total, currency, decimalsAtStripe(currency)),
      currency,
    };
  // A direct debit, for example, may fail after its customer has left.
  const hasEnded = typeof payment_intent === 'object' && ENDED.has(payment_intent?.status ?? '');
  return { state: status === 'expired' || (status === 'complete' && hasEnded) ? 'failed' : 'pending' };
}

const ENDED = new Set(['requires_payment_method', 'canceled']);

const FAILED = ['checkout.session.async_payment_failed', 'checkout.session.expired'];
const OF_SESSIONS = ['checkout.session.completed', 'checkout.session.async_payment_succeeded', ...FAILED];

const sessionEvent = z.object({ id: z.string().max(255), client_reference_id: z.string().nullish() });

function notificationOf({ id, type, data }: Stripe.Event): Notification | undefined {
  if (!OF_SESSIONS.includes(type)) return undefined;
  const { id: reference, client_reference_id } = sessionEvent.parse(data.object);
  // Another system of the same account.
  if (!client_reference_id) return undefined;
  const state: AttemptState = FAILED.includes(type) ? { state: 'failed' } : stateOf(data.object);
  return { ...state, eventId: id, attemptKey: client_reference_id, reference, payload: { type, ...state } };
}

function hasFailed(status: string | null): boolean {
  return status === 'failed' || status === 'canceled';
}

/** Without Stripe's message, which may hold what was sent. */
function gatewayError(error: unknown): Error {
  const { type = '', code = '', statusCode } = error as { type?: string; code?: string; statusCode?: number };
  if (type === 'StripeInvalidRequestError' && REFUSED_REFUNDS.has(code)) return new RefundRefusedError(code);
  const isAway = statusCode === undefined || isAwayWith(statusCode);
  return new GatewayError('stripe', code || type || String(statusCode ?? 'no answer'), { isAway });
}

const REFUSED_REFUNDS = new Set([
  ...['charge_already_refunded', 'charge_disputed', 'amount_too_large', 'refund_disputed_payment'],
]);
