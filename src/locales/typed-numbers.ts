import type { TFunction } from 'i18next';

/** Plain digits, or groups of three separated by dots, commas or spaces. */
const FORMATS = [
  /^(?<whole>\d+)(?:[.,](?<decimals>\d+))?$/,
  /^(?<whole>\d{1,3}(?:\.\d{3})+)(?:,(?<decimals>\d+))?$/,
  /^(?<whole>\d{1,3}(?:,\d{3})+)(?:\.(?<decimals>\d+))?$/,
  /^(?<whole>\d{1,3}(?:[ \u00a0\u202f]\d{3})+)(?:[.,](?<decimals>\d+))?$/,
];

/** 1.234 is 1234 in Spanish, and a number with decimals in English. */
const EITHER = /^[1-9]\d{0,2}(?<mark>[.,])\d{3}$/;

export type NumberMark = '.' | ',';

export function decimalMarkOf(t: TFunction): NumberMark {
  return t('quantity.decimalMark') === ',' ? ',' : '.';
}

/**
 * "12,50", "1.234,5" and "1 234" as JavaScript writes numbers; other text as it is, for the rules to reject.
 *
 * @param decimalMark undefined if it is not known
 * @returns undefined if the number depends on it
 */
export function readTypedNumber(typed: string, decimalMark: NumberMark | undefined): string | undefined {
  const text = typed.trim();
  const mark = EITHER.exec(text)?.groups?.mark;
  if (mark && !decimalMark) return undefined;
  if (mark && mark === decimalMark) return text.replace(mark, '.').replace(/\.?0+$/, '');
  const [decimal, ...grouped] = FORMATS;
  const formats = mark ? grouped : [decimal!, ...grouped];
  const number = formats.map((format) => format.exec(text)?.groups).find(Boolean);
  if (!number?.whole) return text;
  const whole = number.whole.replace(/\D/g, '').replace(/^0+(?=\d)/, '');
  const decimals = number.decimals?.replace(/0+$/, '');
  return decimals ? `${whole}.${decimals}` : whole;
}

/** A number as people type it in a field, without separators of thousands. */
export function typedNumber(value: number, t: TFunction): string {
  return String(value).replace('.', decimalMarkOf(t));
}
