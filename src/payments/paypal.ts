import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import { PAYPAL_CURRENCIES } from '../config/gateways.ts';
import type { Language } from '../locales/languages.ts';
import { fromDecimal, toDecimal } from './gateway-amounts.ts';
import { describeOrder, HOLD_MARGIN_SECONDS, PAGE_SECONDS, type GatewayContext } from './gateway-context.ts';
import { readAnswer } from './gateway-request.ts';
import { PaypalApi, type PaypalAccess } from './paypal-api.ts';
import { PaypalVerifier } from './paypal-signatures.ts';
import {
  ForgedNotificationError,
  GatewayError,
  RefundRefusedError,
  type Attempt,
  type AttemptState,
  type Notification,
  type PaymentProvider,
} from './provider.ts';

export interface PaypalSettings extends GatewayContext, PaypalAccess {
  webhookId: string;
  /** Where its certificates may be. */
  certificateOrigins: string[];
}

const money = z.object({ currency_code: z.string(), value: z.string() });

const capture = z.object({
  id: z.string().max(100),
  status: z.string(),
  amount: money,
  custom_id: z.string().optional(),
});

const refund = z.object({ status: z.string().optional(), custom_id: z.string().optional() });

const order = z.object({
  id: z.string().max(100),
  status: z.string(),
  purchase_units: z
    .array(
      z.object({
        payments: z
          .object({ captures: z.array(capture).default([]), refunds: z.array(refund).default([]) })
          .partial()
          .optional(),
      }),
    )
    .default([]),
  links: z.array(z.object({ rel: z.string(), href: z.string() })).default([]),
});

type Order = z.output<typeof order>;

const LOCALES: Record<Language, string> = { es: 'es-ES', en: 'en-US' };

/** A customer approves on PayPal's page; the money is taken by us, with `fetchState`. */
export function paypal(settings: PaypalSettings): PaymentProvider {
  const api = new PaypalApi(settings);
  const verifier = new PaypalVerifier(settings.webhookId, settings.certificateOrigins);
  const orderPath = (reference: string) => `/v2/checkout/orders/${encodeURIComponent(reference)}`;

  /** @returns undefined if PayPal has forgotten it, as it does if nobody approves it */
  const findOrder = async (reference: string): Promise<Order | undefined> => {
    const answer = await api.call('GET', orderPath(reference));
    return answer.status === 404 ? undefined : order.parse(readAnswer('paypal', answer));
  };

  const takeMoney = async (reference: string, { key }: Attempt): Promise<AttemptState> => {
    const answer = await api.call('POST', `${orderPath(reference)}/capture`, { requestId: `${key}-capture` });
    // Refused by the card's bank, or taken at the same time.
    if (answer.status === 422) return stateOf(await findOrder(reference), 'failed');
    return stateOf(order.parse(readAnswer('paypal', answer)), 'pending');
  };

  return {
    name: 'paypal',
    holdSeconds: PAGE_SECONDS + HOLD_MARGIN_SECONDS,
    isPrepaid: true,
    isOnline: true,
    repeatsRefundsSafely: true,

    async start(attempt) {
      const body = orderOf(attempt, settings.returnUrl(attempt));
      const answer = await api.call('POST', '/v2/checkout/orders', { requestId: attempt.key, body });
      const { id, links } = order.parse(readAnswer('paypal', answer));
      const url = links.find(({ rel }) => rel === 'payer-action' || rel === 'approve')?.href;
      if (!url) throw new GatewayError('paypal', 'no link');
      return { kind: 'redirect', url, reference: id };
    },

    async parseNotification(rawBody: Buffer, headers: IncomingHttpHeaders) {
      await verifier.verify(rawBody, headers);
      return notificationOf(rawBody);
    },

    async fetchState(attempt) {
      const { reference, state } = attempt;
      if (!reference) return { state: 'pending' };
      const found = await findOrder(reference);
      // The money of an attempt that is over is left where it is.
      if (found?.status === 'APPROVED' && state === 'pending') return takeMoney(reference, attempt);
      return stateOf(found, 'pending');
    },

    /** Without our asking for it, no money is taken. */
    cancel: () => Promise.resolve(),

    async refund({ reference }, { amount, currency }, key) {
      const found = reference ? await findOrder(reference) : undefined;
      const { captures = [], refunds = [] } = paymentsOf(found);
      if (refunds.some(({ custom_id, status }) => custom_id === key && !hasFailed(status))) return;
      const paid = captures.find(({ status }) => PAID.has(status));
      if (!paid) throw new RefundRefusedError('not paid');
      const answer = await api.call('POST', `/v2/payments/captures/${encodeURIComponent(paid.id)}/refund`, {
        requestId: key,
        body: { amount: moneyOf(amount, currency), custom_id: key },
      });
      if (answer.status === 422) throw new RefundRefusedError('HTTP 422');
      const { status } = refund.parse(readAnswer('paypal', answer));
      if (hasFailed(status)) throw new RefundRefusedError(String(status));
    },
  };
}

const PAID = new Set(['COMPLETED', 'PARTIALLY_REFUNDED', 'REFUNDED']);

function moneyOf(amount: number, currency: string) {
  return { currency_code: currency, value: toDecimal(amount, currency, PAYPAL_CURRENCIES[currency]!) };
}

function orderOf({ key, amount, currency, orderNumber, language }: Attempt, returnUrl: string) {
  return {
    intent: 'CAPTURE',
    purchase_units: [
      {
        custom_id: key,
        description: describeOrder(orderNumber, language),
        amount: moneyOf(amount, currency),
      },
    ],
    payment_source: {
      paypal: {
        experience_context: {
          ...{ locale: LOCALES[language], user_action: 'PAY_NOW', shipping_preference: 'NO_SHIPPING' },
          ...{ return_url: returnUrl, cancel_url: returnUrl },
        },
      },
    },
  };
}

function paymentsOf(found: Order | undefined) {
  return found?.purchase_units[0]?.payments ?? {};
}

/** @param otherwise of an order without a payment */
function stateOf(found: Order | undefined, otherwise: 'pending' | 'failed'): AttemptState {
  const { captures = [] } = paymentsOf(found);
  const states = captures.map(captureState);
  const captured = states.find(({ state }) => state === 'captured');
  if (captured) return captured;
  if (states.some(({ state }) => state === 'pending')) return { state: 'pending' };
  if (states.length > 0 || !found || found.status === 'VOIDED') return { state: 'failed' };
  return { state: otherwise };
}

function captureState({
  status,
  amount: { currency_code: currency, value },
}: z.output<typeof capture>): AttemptState {
  if (status === 'PENDING') return { state: 'pending' };
  if (!PAID.has(status)) return { state: 'failed' };
  const decimals = PAYPAL_CURRENCIES[currency];
  const amount = decimals === undefined ? undefined : fromDecimal(value, currency, decimals);
  return { state: 'captured', amount: amount ?? 0, currency };
}

const event = z.object({ id: z.string().max(100), event_type: z.string(), resource: z.unknown() });

const CAPTURES = /^PAYMENT\.CAPTURE\.(?:COMPLETED|DENIED|DECLINED|PENDING)$/;

function notificationOf(rawBody: Buffer): Notification | undefined {
  const { id: eventId, event_type: type, resource } = readEvent(rawBody);
  if (type === 'CHECKOUT.ORDER.APPROVED') {
    const { id: reference } = order.pick({ id: true }).parse(resource);
    return { state: 'to_ask', eventId, reference, payload: { type, reference } };
  }
  if (!CAPTURES.test(type)) return undefined;
  const { custom_id: attemptKey, ...found } = capture.parse(resource);
  // Another system of the same account.
  if (!attemptKey) return undefined;
  const state = captureState(found);
  return { ...state, eventId, attemptKey, payload: { type, capture: found.id, ...state } };
}

function readEvent(rawBody: Buffer): z.output<typeof event> {
  try {
    return event.parse(JSON.parse(rawBody.toString()));
  } catch {
    throw new ForgedNotificationError('form');
  }
}

function hasFailed(status: string | undefined): boolean {
  return status === 'FAILED' || status === 'CANCELLED';
}
