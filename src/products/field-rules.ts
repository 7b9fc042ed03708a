import { z } from 'zod';
import { installedCurrency } from '../config/currency.ts';
import { decimalText, MAX_AMOUNT, readDecimal, readMoney } from '../locales/money.ts';
import { MAX_DECIMALS, MAX_QUANTITY } from '../stock/quantities.ts';
import { findChoice, type ChoiceKind } from './book-choices.ts';
import { findFlag } from './flags.ts';

/** Excel refuses files with control characters, lone surrogates or U+FFFE. */
function tidy(text: string): string {
  return text
    .normalize('NFC')
    .toWellFormed()
    .replace(/[\p{Cc}\uFFFE\uFFFF]+/gu, ' ')
    .replace(/ {2,}/g, ' ')
    .trim();
}

function tidyLines(text: string): string {
  return text.replace(/\r\n?/g, '\n').split('\n').map(tidy).join('\n').trim();
}

/** Also true of characters that show nothing, such as a zero-width space, Hangul fillers and Braille without dots. */
export function isBlank(text: string): boolean {
  return text.replace(/[\p{Cf}\p{Default_Ignorable_Code_Point}\s\u2800]/gu, '') === '';
}

/** Code points, as MySQL counts them: an emoji is one. */
const length = (text: string) => Array.from(text).length;

export function line(max: number, keys: { missing: string; tooLong: string }) {
  return z
    .string(keys.missing)
    .transform(tidy)
    .superRefine((text, context) => {
      if (isBlank(text)) context.addIssue({ code: 'custom', message: keys.missing });
      if (length(text) > max) context.addIssue({ code: 'custom', message: keys.tooLong });
    });
}

export function optionalText(max: number, tooLong: string, { keepsLines = false } = {}) {
  return z
    .string()
    .default('')
    .transform(keepsLines ? tidyLines : tidy)
    .transform((text) => (isBlank(text) ? '' : text))
    .refine((text) => length(text) <= max, tooLong);
}

const TOO_MANY_DECIMALS = new RegExp(`\\.\\d{${MAX_DECIMALS}}\\d*[1-9]`);

/** As JavaScript writes numbers (src/locales/typed-numbers.ts reads what people type); units allow fewer decimals. */
export function decimalField(wrong: string) {
  return z
    .union([z.string(), z.number().transform(String)], wrong)
    .transform((text) => text.trim())
    .pipe(
      z
        .string()
        .regex(/^\d{1,10}(?:\.\d+)?$/, wrong)
        .refine((text) => !TOO_MANY_DECIMALS.test(text), 'product.errors.thousandths'),
    )
    .transform(Number)
    .pipe(z.number().max(MAX_QUANTITY, 'product.errors.quantityLimit'));
}

export const quantityField = decimalField('product.errors.quantity');

/** Empty is 0: none. */
export const optionalQuantity = z
  .union([z.string(), z.number().transform(String)], 'product.errors.quantity')
  .default('')
  .transform((text): string | number => (isBlank(text) ? '0' : text))
  .pipe(quantityField);

/** In minor units of the currency; null when it is left empty: not known. */
export const moneyField = z
  .string('product.errors.money')
  .default('')
  .transform((text, context): number | null => {
    if (isBlank(text)) return null;
    const { decimals } = installedCurrency();
    const read = readMoney(text, installedCurrency());
    if ('amount' in read) return read.amount;
    const issues = {
      format: { message: 'product.errors.money' },
      decimals:
        decimals === 0
          ? { message: 'product.errors.moneyWhole' }
          : { message: 'product.errors.moneyDecimals', maximum: decimals },
      limit: { message: 'product.errors.moneyLimit', maximum: decimalText(MAX_AMOUNT, decimals) },
    };
    context.addIssue({ code: 'custom', ...issues[read.problem] });
    return z.NEVER;
  });

export const MAX_RATE = 100_00;

/** In hundredths of a percent, like `moneyField`. */
export const rateField = z
  .string('product.errors.taxRate')
  .default('')
  .transform((text, context): number | null => {
    if (isBlank(text)) return null;
    const read = readDecimal(text.trim().replace(/\s*%$/, ''), { decimals: 2, max: MAX_RATE });
    if ('amount' in read) return read.amount;
    context.addIssue({ code: 'custom', message: 'product.errors.taxRate' });
    return z.NEVER;
  });

/** A ton, far more than a parcel. */
const MAX_WEIGHT = 1_000_000;

/** In grams, which may be typed as kilograms; null when it is left empty: not known. */
export const weightField = z
  .string('product.errors.weight')
  .default('')
  .transform((text, context): number | null => {
    if (isBlank(text)) return null;
    const { number = '', unit } = WEIGHT.exec(text.trim())?.groups ?? {};
    const decimals = unit?.toLowerCase() === 'kg' ? 3 : 0;
    const read = readDecimal(number, { decimals, max: MAX_WEIGHT });
    if ('amount' in read) return read.amount;
    context.addIssue({ code: 'custom', message: 'product.errors.weight' });
    return z.NEVER;
  });

const WEIGHT = /^(?<number>\d[\d.,\s]*?)\s*(?<unit>kg|gr?)?$/i;

/** Empty is 0. A form sends "no" before what its box sends, so that a box without a tick is not taken for absent. */
export function flagField(wrong: string) {
  return z
    .union([z.string(), z.array(z.string()).transform((all) => all.at(-1) ?? '')], wrong)
    .default('')
    .transform((text, context): number => {
      if (isBlank(text)) return 0;
      const flag = findFlag(text);
      if (flag !== undefined) return flag;
      context.addIssue({ code: 'custom', message: wrong });
      return z.NEVER;
    });
}

/** Words or phrases, each once, with a comma and a space between them. */
export function tagList(max: number, tooLong: string) {
  return textList(max, { splitAt: /[,;\r\n]/, between: ', ', tooLong });
}

export const AUTHOR_SEPARATOR = '; ';

/** In order, each once, with a semicolon and a space between them: "García Márquez, Gabriel" is one. */
export function authorList(max: number, tooLong: string) {
  return textList(max, { splitAt: /[;|\r\n]/, between: AUTHOR_SEPARATOR, tooLong });
}

function textList(
  max: number,
  { splitAt, between, tooLong }: { splitAt: RegExp; between: string; tooLong: string },
) {
  return z
    .string()
    .default('')
    .transform((text) => {
      // To Unicode, the Greek question mark is a semicolon.
      const parts = text.normalize('NFC').split(splitAt).map(tidy);
      const byName = new Map(parts.map((part) => [part.toLowerCase(), part]));
      return [...byName.values()].filter((part) => !isBlank(part)).join(between);
    })
    .refine((text) => length(text) <= max, tooLong);
}

/** Empty is 0: not known. `max` is asked for each time. */
export function optionalWhole(min: number, max: () => number, wrong: string) {
  return z
    .union([z.string(), z.number().transform(String)], wrong)
    .default('')
    .transform((text, context): number => {
      if (isBlank(text) || text.trim() === '0') return 0;
      const number = /^\d{1,9}$/.test(text.trim()) ? Number(text) : NaN;
      if (number >= min && number <= max()) return number;
      context.addIssue({ code: 'custom', message: wrong, maximum: max() });
      return z.NEVER;
    });
}

export function choiceField(kind: ChoiceKind, wrong: string) {
  return z
    .string()
    .default('')
    .transform((text, context): string => {
      if (isBlank(text)) return '';
      const code = findChoice(kind, text);
      if (code !== undefined) return code;
      context.addIssue({ code: 'custom', message: wrong });
      return z.NEVER;
    });
}
