import { decimalText, findCurrency } from '../locales/money.ts';

/** In a gateway's minor units, which may be smaller than ours: pesos of Colombia have cents there. */
export function toGateway(amount: number, currency: string, decimals: number): number {
  const converted = scale(amount, decimals - decimalsOf(currency));
  if (!Number.isSafeInteger(converted)) throw new RangeError(`${amount} ${currency} has no such minor units`);
  return converted;
}

/** What is less than our minor unit counts as nothing. */
export function fromGateway(amount: number, currency: string, decimals: number): number {
  return Math.floor(scale(amount, decimalsOf(currency) - decimals));
}

/** As "12.50", with the gateway's decimals. */
export function toDecimal(amount: number, currency: string, decimals: number): string {
  return decimalText(toGateway(amount, currency, decimals), decimals);
}

/** @returns undefined unless it is a plain number with no more decimals than the gateway's */
export function fromDecimal(text: string, currency: string, decimals: number): number | undefined {
  const { whole, fraction = '' } = /^(?<whole>\d{1,12})(?:\.(?<fraction>\d+))?$/.exec(text)?.groups ?? {};
  if (whole === undefined || fraction.length > decimals) return undefined;
  return fromGateway(Number(whole + fraction.padEnd(decimals, '0')), currency, decimals);
}

/** Divides where others would multiply with a fraction: 70 * 0.1 is not 7. */
function scale(amount: number, decimals: number): number {
  return decimals < 0 ? amount / 10 ** -decimals : amount * 10 ** decimals;
}

function decimalsOf(currency: string): number {
  const found = findCurrency(currency);
  if (!found) throw new RangeError(`${currency} is no currency`);
  return found.decimals;
}
