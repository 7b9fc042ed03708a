import { taxIn } from '../orders/prices.ts';

export interface DeliveryRate {
  /** In grams; null: any. */
  maxWeight: number | null;
  minAmount: number;
  price: number;
}

export interface DeliveryMethod {
  id: number;
  name: string;
  carrier: string;
  /** With {number}; empty: nowhere. */
  trackingUrl: string;
  daysFrom: number | null;
  daysTo: number | null;
  freeFrom: number | null;
  takesCash: boolean;
  rates: DeliveryRate[];
}

/** What is sent: its weight in grams, and what it costs. */
export interface Shipment {
  weight: number;
  amount: number;
}

/** Of the rates that apply, that of the largest amount, and of those that of the smallest weight. Undefined: too heavy. */
export function deliveryPrice(
  { rates, freeFrom }: Pick<DeliveryMethod, 'rates' | 'freeFrom'>,
  { weight, amount }: Shipment,
): number | undefined {
  const [rate] = rates
    .filter(({ maxWeight, minAmount }) => (maxWeight === null || weight <= maxWeight) && amount >= minAmount)
    .sort(
      (one, other) =>
        other.minAmount - one.minAmount || (one.maxWeight ?? Infinity) - (other.maxWeight ?? Infinity),
    );
  if (!rate) return undefined;
  return freeFrom !== null && amount >= freeFrom ? 0 : rate.price;
}

export interface DeliveryQuote {
  method: DeliveryMethod;
  price: number;
  /** In the price. */
  tax: number;
}

export function quotesFor(methods: DeliveryMethod[], shipment: Shipment, taxRate: number): DeliveryQuote[] {
  return methods.flatMap((method) => {
    const price = deliveryPrice(method, shipment);
    return price === undefined ? [] : [{ method, price, tax: taxIn(price, taxRate) }];
  });
}
