import { z } from 'zod';
import { MAX_QUANTITY } from '../stock/stock-movements.ts';

/**
 * One spelling of each letter (é, not e and an accent), one space between words, and no control characters,
 * lone surrogates or U+FFFE: Excel cannot open a file with one of those.
 */
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

/** Whether a text has only invisible characters, such as a zero-width space. */
export function isBlank(text: string): boolean {
  return text.replace(/[\p{Cf}\s]/gu, '') === '';
}

/** Length as people count it: an emoji is one character, as for MySQL. */
const length = (text: string) => Array.from(text).length;

/** A line that must not be blank. */
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
    .refine((text) => length(text) <= max, tooLong);
}

/** A whole number typed by a person; "1.5", "-1", "1e3" and "" are refused. */
export const quantityField = z
  .union([z.string(), z.number().transform(String)], 'product.errors.quantity')
  .transform((text) => text.trim())
  .pipe(z.string().regex(/^\d{1,10}$/, 'product.errors.quantity'))
  .transform(Number)
  .pipe(z.number().max(MAX_QUANTITY, 'product.errors.quantityLimit'));
