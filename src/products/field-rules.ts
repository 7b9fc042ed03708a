import { z } from 'zod';
import { MAX_QUANTITY } from '../stock/stock-movements.ts';

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
    .refine((text) => length(text) <= max, tooLong);
}

export const quantityField = z
  .union([z.string(), z.number().transform(String)], 'product.errors.quantity')
  .transform((text) => text.trim())
  .pipe(z.string().regex(/^\d{1,10}$/, 'product.errors.quantity'))
  .transform(Number)
  .pipe(z.number().max(MAX_QUANTITY, 'product.errors.quantityLimit'));

/** Empty is 0: none. */
export const optionalQuantity = z
  .union([z.string(), z.number().transform(String)], 'product.errors.quantity')
  .default('')
  .transform((text): string | number => (isBlank(text) ? '0' : text))
  .pipe(quantityField);

/** Words or phrases, each once, with a comma and a space between them. */
export function tagList(max: number, tooLong: string) {
  return z
    .string()
    .default('')
    .transform((text) => {
      const tags = text.split(/[,;\r\n]/).map(tidy);
      const byName = new Map(tags.map((tag) => [tag.toLowerCase(), tag]));
      return [...byName.values()].filter((tag) => !isBlank(tag)).join(', ');
    })
    .refine((text) => length(text) <= max, tooLong);
}
