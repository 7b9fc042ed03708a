import type { TFunction } from 'i18next';
import { z } from 'zod';
import { readForm, type FormResult } from '../http/forms.ts';
import { MAX_QUANTITY } from '../stock/stock-movements.ts';
import type { ProductInput } from './product.ts';

/** The choice "Otra…" of the category field: the name stands in `newCategory`. */
export const OTHER_CATEGORY = '__other__';

/**
 * One spelling of each letter (é, not e and an accent), one space between words, and no marks that are
 * no characters (controls, halves of a pair, U+FFFE): an Excel file with one of those cannot be opened.
 */
function tidy(text: string): string {
  return text
    .normalize('NFC')
    .toWellFormed()
    .replace(/[\p{Cc}\uFFFE\uFFFF]+/gu, ' ')
    .replace(/ {2,}/g, ' ')
    .trim();
}

/** Nothing but marks that are not seen, such as a zero-width space. */
function isBlank(text: string): boolean {
  return text.replace(/[\p{Cf}\s]/gu, '') === '';
}

/** Descriptions keep their line breaks. */
function tidyLines(text: string): string {
  return text.replace(/\r\n?/g, '\n').split('\n').map(tidy).join('\n').trim();
}

/** Length as people count it: an emoji is one character, as for MySQL. */
const length = (text: string) => Array.from(text).length;

function line(max: number, keys: { missing: string; tooLong: string }) {
  return z
    .string(keys.missing)
    .transform(tidy)
    .superRefine((text, context) => {
      if (isBlank(text)) context.addIssue({ code: 'custom', message: keys.missing });
      if (length(text) > max) context.addIssue({ code: 'custom', message: keys.tooLong });
    });
}

/** A whole number typed by a person; "1.5", "-1", "1e3" and "" are refused. */
export const quantityField = z
  .union([z.string(), z.number().transform(String)], 'product.errors.quantity')
  .transform((text) => text.trim())
  .pipe(z.string().regex(/^\d{1,10}$/, 'product.errors.quantity'))
  .transform(Number)
  .pipe(z.number().max(MAX_QUANTITY, 'product.errors.quantityLimit'));

/** What holds for each field of a product, wherever it comes from. */
export const productFields = z.object({
  name: line(100, { missing: 'product.errors.name', tooLong: 'product.errors.nameLength' }),
  code: line(50, { missing: 'product.errors.code', tooLong: 'product.errors.codeLength' }),
  description: z
    .string()
    .default('')
    .transform(tidyLines)
    .refine((text) => length(text) <= 500, 'product.errors.descriptionLength'),
  quantity: quantityField,
  unit: line(30, { missing: 'product.errors.unit', tooLong: 'product.errors.unitLength' }),
  category: line(50, { missing: 'product.errors.category', tooLong: 'product.errors.categoryLength' }).refine(
    (text) => text !== OTHER_CATEGORY,
    'product.errors.category',
  ),
});

/** Reads the form of a product; with "Otra…" chosen, the category is the name typed beside it. */
export function readProductForm(body: unknown, t: TFunction): FormResult<ProductInput> {
  const typed = readAsTyped(body);
  if (typed.category !== OTHER_CATEGORY) return readForm(productFields, body, t);
  const form = readForm(productFields, { ...(body as object), category: typed.newCategory }, t);
  if (form.ok || !form.errors.category) return form;
  const { category, ...errors } = form.errors;
  const isMissing = isBlank(typed.newCategory);
  return {
    ok: false,
    errors: { ...errors, newCategory: isMissing ? t('product.errors.newCategory') : category },
  };
}

/** A product's number, as it stands in an address. */
export const productId = z
  .string()
  .regex(/^[1-9]\d{0,9}$/)
  .transform(Number)
  .pipe(z.number().max(4_294_967_295));

export const versionField = z.coerce.number().int().positive();

/** What was typed, to be shown again whatever it was. */
const asTyped = z.object({
  name: z.string().catch(''),
  code: z.string().catch(''),
  description: z.string().catch(''),
  quantity: z.string().catch(''),
  unit: z.string().catch(''),
  category: z.string().catch(''),
  newCategory: z.string().catch(''),
});

export type ProductFormValues = z.output<typeof asTyped>;

export function readAsTyped(body: unknown): ProductFormValues {
  return asTyped.parse(body ?? {});
}
