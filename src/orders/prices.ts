import { MAX_AMOUNT, stockValue } from '../locales/money.ts';

/** 100 % in hundredths of a percent, as rates are kept. */
const WHOLE = 10_000n;

export interface PricedLine {
  lineTotal: number;
  tax: number;
}

/** Of a quantity with up to three decimals, rounded half up to the minor unit. */
export function lineTotal(quantity: number, unitPrice: number): number {
  return Number(stockValue(quantity.toFixed(3), unitPrice));
}

/** The tax in a total that includes it, rounded half up, once. */
export function taxIn(total: number, rate: number): number {
  const divisor = WHOLE + BigInt(rate);
  return Number((2n * BigInt(total) * BigInt(rate) + divisor) / (2n * divisor));
}

export function priceLine(quantity: number, unitPrice: number, rate: number): PricedLine {
  const total = lineTotal(quantity, unitPrice);
  return { lineTotal: total, tax: taxIn(total, rate) };
}

export interface OrderTotals {
  itemsTotal: number;
  taxTotal: number;
  total: number;
}

export function totalsOf(lines: PricedLine[], delivery: { price: number; tax: number }): OrderTotals {
  const itemsTotal = lines.reduce((sum, line) => sum + line.lineTotal, 0);
  const taxTotal = lines.reduce((sum, line) => sum + line.tax, delivery.tax);
  return { itemsTotal, taxTotal, total: itemsTotal + delivery.price };
}

/** Beyond it, a JavaScript number would not hold sums of amounts exactly. */
export function isTooMuch({ total, itemsTotal }: OrderTotals): boolean {
  return !(itemsTotal <= MAX_AMOUNT && total <= MAX_AMOUNT);
}
