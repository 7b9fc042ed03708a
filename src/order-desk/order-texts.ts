import type { TFunction } from 'i18next';
import { z } from 'zod';
import type { Language } from '../locales/languages.ts';
import { OFFLINE_PROVIDERS } from '../payments/offline-providers.ts';
import type { OrderEvent, OrderRecord } from './order-page-queries.ts';

const OFFLINE = new Set(OFFLINE_PROVIDERS.map(({ name }) => name));

/** Names of companies, which no language translates. */
const BRANDS: Record<string, string> = {
  wompi: 'Wompi',
  redsys: 'Redsys',
  bizum: 'Bizum',
  stripe: 'Stripe',
  paypal: 'PayPal',
};

/** Whether people see the money come and pay it back; otherwise a provider tells of it. */
export function isOffline(method: string): boolean {
  return OFFLINE.has(method);
}

export function methodName(method: string, t: TFunction): string {
  return isOffline(method) ? t(`orderDesk.methods.${method}`) : (BRANDS[method] ?? method);
}

const text = z.string().catch('');
const keptAddress = z
  .object({
    ...{ name: text, phone: text, street: text, directions: text, postalCode: text, municipality: text },
    ...{ city: text, region: text, country: text },
  })
  .partial();

export interface AddressLines {
  name: string;
  phone: string;
  lines: string[];
}

/** As on a parcel. @returns undefined if nothing is delivered */
export function readAddress(address: unknown, language: Language): AddressLines | undefined {
  const { success, data } = keptAddress.safeParse(address);
  if (!success) return undefined;
  const { name = '', phone = '', street, directions, postalCode, municipality, city, region } = data;
  const country = data.country && countryName(data.country, language);
  const place = [postalCode, municipality ?? city].filter(Boolean).join(' ');
  const lines = [street, directions, place, region, country].filter(
    (line) => line !== undefined && line !== '',
  );
  return { name, phone, lines: lines as string[] };
}

const COUNTRIES: Partial<Record<Language, Intl.DisplayNames>> = {};

/** ISO 3166 in words. */
function countryName(code: string, language: Language): string {
  if (!/^[A-Z]{2}$/.test(code)) return code;
  const names = (COUNTRIES[language] ??= new Intl.DisplayNames(language, { type: 'region' }));
  return names.of(code) ?? code;
}

const keptDelivery = z.object({ name: text, carrier: text, trackingUrl: text, place: text }).partial();

export interface Delivery {
  name: string;
  carrier: string;
  /** With {number} in place of the tracking number. */
  trackingUrl: string;
  /** Where the order is picked up. */
  place: string;
}

/** The method as it was when the order was placed. */
export function readDelivery(delivery: unknown): Delivery {
  const { data = {} } = keptDelivery.safeParse(delivery);
  const { name = '', carrier = '', trackingUrl = '', place = '' } = data;
  return { name, carrier, trackingUrl, place };
}

/** Undefined if it went with another carrier. Only https: a setting must not put a script into a page. */
export function trackingLink(
  delivery: Delivery,
  { carrier, trackingNumber }: { carrier: string; trackingNumber: string },
): string | undefined {
  const isSame = carrier === '' || carrier.toLowerCase() === delivery.carrier.toLowerCase();
  if (!isSame || !trackingNumber || !delivery.trackingUrl.includes('{number}')) return undefined;
  const url = URL.parse(delivery.trackingUrl.replaceAll('{number}', encodeURIComponent(trackingNumber)));
  return url?.protocol === 'https:' ? url.href : undefined;
}

interface EventWords {
  t: TFunction;
  formatMoney: (amount: number) => string;
}

/** What happened, in words: "Paquete 2 enviado". */
export function eventText(
  event: OrderEvent,
  { payments, parcels, refunds }: OrderRecord,
  { t, formatMoney }: EventWords,
): string {
  const { subject, subjectId, from, to } = event;
  if (subject === 'order' && from === to) return t(`orderDesk.events.${notedKind(event)}`);
  if (subject === 'order') return t(`orderDesk.events.order.${to}`);
  if (subject === 'payment') {
    const method = methodName(payments.find(({ id }) => id === subjectId)?.method ?? '', t);
    return t(`orderDesk.events.payment.${from === to ? 'mismatch' : to}`, { method });
  }
  if (subject === 'parcel') {
    const number = parcels.findIndex(({ id }) => id === subjectId) + 1;
    return t(`orderDesk.events.parcel.${to}`, { number });
  }
  const amount = formatMoney(refunds.find(({ id }) => id === subjectId)?.amount ?? 0);
  return t(`orderDesk.events.refund.${to}`, { amount });
}

/** Events that change no state: the beginning of the note says which. The rest of it is for people. */
const NOTED = {
  stock: 'returnedToStock',
  aside: 'returnedAside',
  accepted: 'returnAccepted',
  refused: 'returnRefused',
  rest: 'restCancelled',
} as const;
export type ReturnKind = 'stock' | 'aside';
const KIND = /^(stock|aside|accepted|refused|rest): /;

export function returnNote(kind: ReturnKind, what: string, note: string): string {
  return `${kind}: ${[what, note].filter(Boolean).join(' · ')}`;
}

function notedKind(event: OrderEvent): string {
  const { note } = event;
  if (isReturnAsked(event)) return 'returnAsked';
  const kind = KIND.exec(note ?? '')?.[1] as keyof typeof NOTED | undefined;
  return kind ? NOTED[kind] : 'noted';
}

function isReturnAsked({ actorKind, note }: OrderEvent): boolean {
  return actorKind === 'customer' && /^return request \d+$/.test(note ?? '');
}

const MISMATCH = /^mismatch: (\d+) (\w{3}) for (\d+) (\w{3})$/;

/** What the system notes of a refund that goes to its provider. */
const REFUND_NOTES: Record<string, string> = {
  sent: 'refundSent',
  'the outcome is not known': 'outcomeUnknown',
};

/** What stands beside it. */
export function eventNote(event: OrderEvent, { t, formatMoney }: EventWords): string {
  const { subject, from, to, note, actorKind } = event;
  if (!note || isReturnAsked(event)) return '';
  if (subject === 'refund' && actorKind === 'system' && REFUND_NOTES[note])
    return t(`orderDesk.events.${REFUND_NOTES[note]}`);
  if (note === 'another payment has come') return t('orderDesk.events.anotherPaid');
  const [, came, currency, asked, wanted] = MISMATCH.exec(note) ?? [];
  if (came && asked) {
    const values = { came: formatMoney(Number(came)), asked: formatMoney(Number(asked)) };
    return t('orderDesk.events.mismatchNote', { ...values, currency, wanted });
  }
  return subject === 'order' && from === to ? note.replace(KIND, '') : note;
}
