import type { DeliveryQuote } from '../delivery/delivery.ts';
import type { PaymentProvider, Providers } from '../payments/provider.ts';

/** How an order may be received. */
export interface Receiving {
  quotes: DeliveryQuote[];
  canPickUp: boolean;
}

/** `pick_up`, or the number of a delivery method. */
export type Delivery = { kind: 'pick_up' } | { kind: 'delivery'; quote: DeliveryQuote };

/** All that fit one of the ways to receive the order. */
export function paymentChoices(
  providers: Providers,
  { quotes, canPickUp }: Receiving,
  hasTransfer: boolean,
): PaymentProvider[] {
  const ways: Delivery[] = quotes.map((quote) => ({ kind: 'delivery', quote }));
  if (canPickUp) ways.push({ kind: 'pick_up' });
  return [...providers.values()].filter((provider) =>
    ways.some((way) => isPayable(provider, way, hasTransfer)),
  );
}

/** What an order that waits for its payment can be paid by instead. */
export function laterPayments(providers: Providers, hasTransfer: boolean): PaymentProvider[] {
  return [...providers.values()].filter(
    ({ name, isPrepaid, isOnline }) => isPrepaid && (isOnline || (name === 'bank_transfer' && hasTransfer)),
  );
}

export function isPayable({ name }: PaymentProvider, way: Delivery, hasTransfer: boolean): boolean {
  if (name === 'bank_transfer') return hasTransfer;
  if (name === 'pick_up') return way.kind === 'pick_up';
  if (name === 'cash_on_delivery') return way.kind === 'delivery' && way.quote.method.takesCash;
  return true;
}
