import type { Language } from './languages.ts';

export interface Currency {
  /** ISO 4217. */
  code: string;
  /** Of the minor unit, in which amounts are kept. */
  decimals: number;
}

/** In minor units: far from the last integer that a JavaScript number holds exactly. */
export const MAX_AMOUNT = 99_999_999_999_999;

/** ISO 4217 has two decimals, ICU none, as people write it; stored amounts must not depend on the version of ICU. */
const DECIMALS: Record<string, number> = { COP: 0 };

/** Where Spanish with a decimal comma is written and the currency is that of the country: $12,50 rather than 12,50 US$. */
const SPANISH_REGIONS: Record<string, string> = {
  ARS: 'AR',
  BOB: 'BO',
  CLP: 'CL',
  COP: 'CO',
  EUR: 'ES',
  PYG: 'PY',
  USD: 'EC',
  UYU: 'UY',
};

const MAX_LENGTH = 40;
/** Groups of three before a whole number of digits, so that 1.234.567 is not taken for a fraction. */
const GROUPED = [
  /^(?<whole>[1-9]\d{0,2}(?:\.\d{3})+)(?:,(?<fraction>\d+))?$/,
  /^(?<whole>[1-9]\d{0,2}(?:,\d{3})+)(?:\.(?<fraction>\d+))?$/,
  /^(?<whole>[1-9]\d{0,2}(?:[ '’\u00a0\u202f]\d{3})+)(?:[.,](?<fraction>\d+))?$/,
];
const PLAIN = /^(?<whole>\d*)(?:[.,](?<fraction>\d+))?$/;
/** A thousand in one country, and one with three decimals in another. */
const UNCLEAR = /^[1-9]\d{0,2}[.,]\d{3}$/;

export function findCurrency(code: string): Currency | undefined {
  const wanted = code.toUpperCase();
  if (!Intl.supportedValuesOf('currency').includes(wanted)) return undefined;
  const { maximumFractionDigits } = new Intl.NumberFormat('en', {
    style: 'currency',
    currency: wanted,
  }).resolvedOptions();
  return { code: wanted, decimals: DECIMALS[wanted] ?? maximumFractionDigits! };
}

export type ReadAmount = { amount: number } | { problem: 'format' | 'decimals' | 'limit' };

/** Reads 1.234,50 and 1,234.50 alike, with or without the sign of the currency. Only digits are moved: no arithmetic. */
export function readMoney(text: string, currency: Currency): ReadAmount {
  return readDecimal(withoutSign(text.trim(), currency), { decimals: currency.decimals, max: MAX_AMOUNT });
}

/** @returns the number without its decimal point: 1250 for "12,5" with two decimals */
export function readDecimal(text: string, { decimals, max }: { decimals: number; max: number }): ReadAmount {
  if (text === '' || text.length > MAX_LENGTH) return { problem: 'format' };
  if (UNCLEAR.test(text) && decimals > 0 && decimals < 3) return { problem: 'decimals' };
  const formats = decimals < 3 ? [...GROUPED, PLAIN] : [PLAIN, ...GROUPED];
  const groups = formats.map((format) => format.exec(text)?.groups).find(Boolean);
  if (!groups) return { problem: 'format' };
  const { whole = '', fraction = '' } = groups;
  if (/[1-9]/.test(fraction.slice(decimals))) return { problem: 'decimals' };
  const digits = (whole.replace(/\D/g, '') + fraction.slice(0, decimals).padEnd(decimals, '0')).replace(
    /^0+(?=\d)/,
    '',
  );
  if (digits.length > String(max).length || Number(digits) > max) return { problem: 'limit' };
  return { amount: Number(digits) };
}

const signs = new Map<string, RegExp>();

function withoutSign(text: string, { code }: Currency): string {
  let sign = signs.get(code);
  if (!sign) {
    const any = signsOf(code)
      .map((one) => one.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('|');
    sign = new RegExp(`^(?:${any})\\s*|\\s*(?:${any})$`, 'iu');
    signs.set(code, sign);
  }
  return text.replace(sign, '');
}

/** Longest first: US$ before $. */
function signsOf(code: string): string[] {
  const displays = ['symbol', 'narrowSymbol', 'code'] as const;
  const found = ['es', 'en', spanishLocale(code)].flatMap((locale) =>
    displays.flatMap((currencyDisplay) =>
      new Intl.NumberFormat(locale, { style: 'currency', currency: code, currencyDisplay })
        .formatToParts(0)
        .filter(({ type }) => type === 'currency')
        .map(({ value }) => value),
    ),
  );
  return [...new Set(found)].sort((one, other) => other.length - one.length);
}

function spanishLocale(code: string): string {
  return SPANISH_REGIONS[code] ? `es-${SPANISH_REGIONS[code]}` : 'es';
}

/** Exact, with all decimals: "12.50" for 1250. */
export function decimalText(amount: number | bigint, decimals: number): string {
  const digits = String(amount).padStart(decimals + 1, '0');
  return decimals === 0 ? digits : `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

/** As people type it: without separators of thousands. */
export function typedDecimal(amount: number, decimals: number, language: Language): string {
  return decimalText(amount, decimals).replace('.', DECIMAL_MARKS[language]);
}

export const DECIMAL_MARKS: Record<Language, string> = { es: ',', en: '.' };

/** Of a quantity with up to three decimals, rounded half up to the minor unit. */
export function stockValue(quantity: number | string, amount: number): bigint {
  const [whole = '0', fraction = ''] = String(quantity).split('.');
  const thousandths = BigInt(whole + fraction.slice(0, 3).padEnd(3, '0'));
  return (thousandths * BigInt(amount) + 500n) / 1000n;
}

/** For public/js/amounts.js, too. */
export function moneyFormat(language: Language, { code, decimals }: Currency) {
  return {
    locale: language === 'es' ? spanishLocale(code) : language,
    options: {
      style: 'currency',
      currency: code,
      minimumFractionDigits: decimals,
      maximumFractionDigits: decimals,
    } satisfies Intl.NumberFormatOptions,
  };
}

const formatters = new Map<string, Intl.NumberFormat>();

export function formatMoney(amount: number | bigint, language: Language, currency: Currency): string {
  const key = `${language} ${currency.code}`;
  let formatter = formatters.get(key);
  if (!formatter) {
    const { locale, options } = moneyFormat(language, currency);
    formatter = new Intl.NumberFormat(locale, options);
    formatters.set(key, formatter);
  }
  // A text: a number would be rounded beyond 2⁵³.
  return formatter.format(decimalText(amount, currency.decimals) as `${number}`);
}

/** Hundredths of a percent as "12,5". */
export function formatRate(rate: number, language: Language): string {
  return decimalText(rate, 2)
    .replace(/\.?0+$/, '')
    .replace('.', DECIMAL_MARKS[language]);
}
