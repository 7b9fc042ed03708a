import type { TFunction } from 'i18next';
import { z } from 'zod';
import { readForm, type FormResult } from '../http/forms.ts';
import { isBlank } from './field-rules.ts';
import {
  FIELD_KEYS,
  OTHER_CATEGORY,
  PRODUCT_FIELDS,
  productFields,
  type FieldKey,
  type ProductInput,
} from './product-fields.ts';
import type { Product } from './product.ts';

/** With "Otra…" chosen, the category is the name typed beside it. */
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

export const productId = z
  .string()
  .regex(/^[1-9]\d{0,9}$/)
  .transform(Number)
  .pipe(z.number().max(4_294_967_295));

export const versionField = z.coerce.number().int().positive();

export type ProductFormValues = Record<FieldKey | 'newCategory', string>;

export function readAsTyped(body: unknown): ProductFormValues {
  const typed = (body ?? {}) as Record<string, unknown>;
  return formValues((key) => (typeof typed[key] === 'string' ? typed[key] : ''));
}

export function initialValues(t: TFunction): ProductFormValues {
  const initial = new Map<string, string | undefined>(
    PRODUCT_FIELDS.map(({ key, form }) => [key, form.initialText ? t(form.initialText) : form.initial]),
  );
  return formValues((key) => initial.get(key) ?? '');
}

export function valuesOf(product: Product): ProductFormValues {
  return formValues((key) => (key === 'newCategory' ? '' : String(product[key])));
}

function formValues(valueOf: (key: FieldKey | 'newCategory') => string): ProductFormValues {
  const keys = [...FIELD_KEYS, 'newCategory'] as const;
  return Object.fromEntries(keys.map((key) => [key, valueOf(key)])) as ProductFormValues;
}
