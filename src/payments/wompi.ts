import { z } from 'zod';
import { fromGateway, toGateway } from './gateway-amounts.ts';
import { HOLD_MARGIN_SECONDS, PAGE_SECONDS, pageEnd, type GatewayContext } from './gateway-context.ts';
import { askGateway, readAnswer } from './gateway-request.ts';
import {
  ForgedNotificationError,
  RefundRefusedError,
  type Attempt,
  type AttemptState,
  type Notification,
  type PaymentProvider,
} from './provider.ts';
import { integrityOf, readWompiEvent } from './wompi-signatures.ts';

export interface WompiSettings extends GatewayContext {
  publicKey: string;
  privateKey: string;
  eventsSecret: string;
  integritySecret: string;
  checkoutUrl: string;
  apiUrl: string;
}

/** Also of Colombian pesos, which are counted without decimals elsewhere here. */
const DECIMALS = 2;

const transaction = z.object({
  id: z.string().max(60),
  status: z.string(),
  reference: z.string(),
  amount_in_cents: z.number().int().nonnegative(),
  currency: z.string(),
});

type Transaction = z.output<typeof transaction>;

const signedTransaction = z.object({
  transaction: z.object({
    id: z.string().max(60),
    status: z.string().max(20),
    reference: z.string().max(255),
  }),
});

/** Cards, PSE, Nequi and others of Colombia. The reference at Wompi is the key of the attempt. */
export function wompi(settings: WompiSettings): PaymentProvider {
  const ask = async (path: string, request: RequestInit = {}) => {
    const headers = { authorization: `Bearer ${settings.privateKey}`, 'content-type': 'application/json' };
    return askGateway('wompi', `${settings.apiUrl}${path}`, { ...request, headers });
  };

  const listTransactions = async ({ key }: Attempt): Promise<Transaction[]> => {
    const answer = readAnswer('wompi', await ask(`/transactions?reference=${encodeURIComponent(key)}`));
    const { data } = z.object({ data: z.array(transaction) }).parse(answer);
    return data.filter(({ reference }) => reference === key);
  };

  /** Wompi signs the state and the amount, but neither the reference nor the currency: it is asked for them. */
  const readNotification = (rawBody: Buffer): Notification | undefined => {
    const { event, data, timestamp } = readWompiEvent(rawBody, settings.eventsSecret);
    if (event !== 'transaction.updated') return undefined;
    const found = signedTransaction.safeParse(data);
    if (!found.success) throw new ForgedNotificationError('transaction');
    const { id, status, reference } = found.data.transaction;
    const payload = { id, status, reference };
    return { state: 'to_ask', eventId: `${id} ${status} ${timestamp}`, attemptKey: reference, payload };
  };

  return {
    name: 'wompi',
    holdSeconds: PAGE_SECONDS + HOLD_MARGIN_SECONDS,
    isPrepaid: true,
    isOnline: true,
    repeatsRefundsSafely: true,

    start: (attempt) => {
      const { key: reference, amount, currency } = attempt;
      const amountInCents = toGateway(amount, currency, DECIMALS);
      const expiration = pageEnd(attempt).toISOString();
      const query = new URLSearchParams({
        ...{
          'public-key': settings.publicKey,
          currency,
          'amount-in-cents': String(amountInCents),
          reference,
        },
        'signature:integrity': integrityOf(
          { reference, amountInCents, currency, expiration },
          settings.integritySecret,
        ),
        'redirect-url': settings.returnUrl(attempt),
        'expiration-time': expiration,
        'customer-data:email': attempt.email,
      });
      const url = `${settings.checkoutUrl}?${query.toString()}`;
      return Promise.resolve({ kind: 'redirect', url, reference: null });
    },

    parseNotification: async (rawBody) => Promise.resolve(readNotification(rawBody)),

    fetchState: async (attempt) => stateOf(await listTransactions(attempt)),

    /** Nothing to cancel: the page ends by itself at the time that is signed in its address. */
    cancel: () => Promise.resolve(),

    /** Wompi only voids, all of a payment by card; what is voided stays so, however often it is asked for. */
    async refund(attempt, { amount, currency }) {
      const paid = (await listTransactions(attempt)).find(({ status }) => PAID.has(status));
      if (paid?.status === 'VOIDED') return;
      if (paid?.amount_in_cents !== toGateway(amount, currency, DECIMALS))
        throw new RefundRefusedError('a part cannot be voided');
      const answer = await ask(`/transactions/${encodeURIComponent(paid.id)}/void`, {
        method: 'POST',
        body: '{}',
      });
      if (answer.status >= 400 && answer.status < 500) throw new RefundRefusedError(`HTTP ${answer.status}`);
      readAnswer('wompi', answer);
    },
  };
}

const PAID = new Set(['APPROVED', 'VOIDED']);

/** A customer may try several cards on one page. */
function stateOf(transactions: Transaction[]): AttemptState {
  const approved = transactions.find(({ status }) => status === 'APPROVED');
  if (approved) {
    const { amount_in_cents, currency } = approved;
    return { state: 'captured', amount: fromGateway(amount_in_cents, currency, DECIMALS), currency };
  }
  const isOpen = transactions.length === 0 || transactions.some(({ status }) => status === 'PENDING');
  return { state: isOpen ? 'pending' : 'failed' };
}
