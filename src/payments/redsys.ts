import { createHash } from 'node:crypto';
import { z } from 'zod';
import { REDSYS_CURRENCIES } from '../config/gateways.ts';
import type { Language } from '../locales/languages.ts';
import { fromGateway, toGateway } from './gateway-amounts.ts';
import { describeOrder, HOLD_MARGIN_SECONDS, PAGE_SECONDS, type GatewayContext } from './gateway-context.ts';
import { askGateway, readAnswer } from './gateway-request.ts';
import {
  ForgedNotificationError,
  GatewayError,
  RefundRefusedError,
  type Attempt,
  type AttemptState,
  type Notification,
  type PaymentProvider,
} from './provider.ts';
import { queryOperation, type RedsysTerminal } from './redsys-query.ts';
import { readSignedMessage, signedRequest, type RedsysSignature } from './redsys-signatures.ts';

export interface RedsysSettings extends GatewayContext, RedsysTerminal {
  signature: RedsysSignature;
}

const PAYMENT = '0';
const REFUND = '3';
/** Bizum, not cards. */
const BIZUM = 'z';
const CARDS = 'C';
const REFUNDED = '0900';
/** Of all currencies that we send. */
const DECIMALS = 2;
const LANGUAGES: Record<Language, string> = { es: '001', en: '002' };

/** Cards of Spain's banks. */
export function redsys(settings: RedsysSettings): PaymentProvider {
  return redsysMethod(settings, { name: 'redsys', payMethods: CARDS });
}

/** By telephone, at the same terminal. */
export function bizum(settings: RedsysSettings): PaymentProvider {
  return redsysMethod(settings, { name: 'bizum', payMethods: BIZUM });
}

function redsysMethod(
  settings: RedsysSettings,
  { name, payMethods }: { name: string; payMethods: string },
): PaymentProvider {
  const { merchantCode, terminal, key, host, signature: version } = settings;

  const parametersOf = (attempt: Attempt, amount: number, transactionType: string) => ({
    DS_MERCHANT_MERCHANTCODE: merchantCode,
    DS_MERCHANT_TERMINAL: terminal,
    DS_MERCHANT_ORDER: redsysOrder(attempt),
    DS_MERCHANT_AMOUNT: String(toGateway(amount, attempt.currency, DECIMALS)),
    DS_MERCHANT_CURRENCY: REDSYS_CURRENCIES[attempt.currency]!,
    DS_MERCHANT_TRANSACTIONTYPE: transactionType,
  });

  const readNotification = (rawBody: Buffer): Notification | undefined => {
    const found = readSignedMessage(Object.fromEntries(new URLSearchParams(rawBody.toString())), key);
    if (found.Ds_MerchantCode !== merchantCode || Number(found.Ds_Terminal) !== Number(terminal))
      throw new ForgedNotificationError('merchant');
    // Refunds are told of, too.
    if (found.Ds_TransactionType === REFUND) return undefined;
    const { Ds_Order = '', Ds_Response = '', Ds_AuthorisationCode = '', Ds_MerchantData } = found;
    const { Ds_Amount, Ds_Currency } = found;
    return {
      ...stateOf(found),
      eventId: `${Ds_Order} ${Ds_Response} ${Ds_AuthorisationCode.trim()}`.slice(0, 100),
      attemptKey: Ds_MerchantData || undefined,
      reference: Ds_Order,
      // Some terminals tell the number of the card, too.
      payload: { Ds_Order, Ds_Response, Ds_AuthorisationCode, Ds_Amount, Ds_Currency },
    };
  };

  return {
    name,
    holdSeconds: PAGE_SECONDS + HOLD_MARGIN_SECONDS,
    isPrepaid: true,
    isOnline: true,
    // Its refunds have no key.
    repeatsRefundsSafely: false,

    start: (attempt) => {
      const returnUrl = settings.returnUrl(attempt);
      const fields = signedRequest(
        {
          ...parametersOf(attempt, attempt.amount, PAYMENT),
          DS_MERCHANT_PAYMETHODS: payMethods,
          DS_MERCHANT_MERCHANTDATA: attempt.key,
          DS_MERCHANT_PRODUCTDESCRIPTION: describeOrder(attempt.orderNumber, attempt.language),
          DS_MERCHANT_CONSUMERLANGUAGE: LANGUAGES[attempt.language],
          DS_MERCHANT_MERCHANTURL: settings.webhookUrl(name),
          DS_MERCHANT_URLOK: returnUrl,
          DS_MERCHANT_URLKO: returnUrl,
        },
        { version, key },
      );
      const reference = redsysOrder(attempt);
      return Promise.resolve({
        kind: 'form',
        url: `${host}/sis/realizarPago`,
        fields: { ...fields },
        reference,
      });
    },

    parseNotification: async (rawBody) => Promise.resolve(readNotification(rawBody)),

    async fetchState(attempt) {
      const found = await queryOperation(name, settings, redsysOrder(attempt));
      // Otherwise its customer is still on the page, or has left it.
      if (found?.get('Ds_State') !== FINISHED) return { state: 'pending' };
      return stateOf(Object.fromEntries(found));
    },

    /** Redsys cannot cancel what nobody has paid yet: its page ends by itself, and money that comes is late money. */
    cancel: () => Promise.resolve(),

    async refund(attempt, { amount }) {
      const request = signedRequest(parametersOf(attempt, amount, REFUND), { version, key });
      const answer = readAnswer(
        name,
        await askGateway(name, `${host}/sis/rest/trataPeticionREST`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(request),
        }),
      );
      const { errorCode } = z.object({ errorCode: z.string().max(20).optional() }).parse(answer);
      if (errorCode !== undefined) throw new RefundRefusedError(errorCode);
      const { Ds_Order, Ds_Response } = readSignedMessage(answer, key);
      if (Ds_Order !== redsysOrder(attempt)) throw new GatewayError(name, 'another order');
      if (Ds_Response !== REFUNDED) throw new RefundRefusedError(String(Ds_Response));
    },
  };
}

const FINISHED = 'F';

/** Twelve letters and digits, the first four digits; the same for each call about an attempt. */
export function redsysOrder({ key }: Pick<Attempt, 'key'>): string {
  const digest = createHash('sha256').update(key).digest();
  const digits = String(digest.readUInt16BE(0) % 10_000).padStart(4, '0');
  return digits + digest.toString('hex', 2, 6).toUpperCase();
}

/** 0000 to 0099 are authorised; all other answers refuse. */
function stateOf(found: Record<string, string>): AttemptState {
  const { Ds_Response = '', Ds_Amount = '', Ds_Currency = '' } = found;
  if (!/^0{0,2}\d{1,2}$/.test(Ds_Response)) return { state: 'failed' };
  const currency = Object.entries(REDSYS_CURRENCIES).find(([, number]) => number === Ds_Currency)?.[0];
  if (currency === undefined || !/^\d{1,12}$/.test(Ds_Amount))
    return { state: 'captured', amount: 0, currency: currency ?? Ds_Currency };
  return { state: 'captured', amount: fromGateway(Number(Ds_Amount), currency, DECIMALS), currency };
}
