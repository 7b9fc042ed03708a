import type { TFunction } from 'i18next';
import { z } from 'zod';
import { readForm, type FormResult } from '../http/forms.ts';
import type { Language } from '../locales/languages.ts';
import { isBlank, quantityField } from './field-rules.ts';
import { formText, hiddenText } from './field-texts.ts';
import {
  FIELD_KEYS,
  isNumberKey,
  OTHER_CATEGORY,
  PRODUCT_FIELDS,
  productFields,
  type FieldKey,
  type ProductField,
  type ProductInput,
} from './product-fields.ts';
import type { NewProductInput, ProductEdit } from './product-merge.ts';
import { unitProblem, withPlainNumber } from './typed-quantity.ts';
import { plainUnit, type Unit } from './unit-queries.ts';

export function readNewProduct(body: unknown, t: TFunction, unit?: Unit): FormResult<NewProductInput> {
  const form = readProductForm(body, t, unit);
  return form.ok ? { ok: true, data: { input: form.data, isNewCategory: isNewCategory(body) } } : form;
}

const isNewCategory = (body: unknown) => readAsTyped(body).category === OTHER_CATEGORY;

/** With "Otra…" chosen, the category is the name typed beside it. */
export function readProductForm(body: unknown, t: TFunction, unit?: Unit): FormResult<ProductInput> {
  const typed = readAsTyped(body);
  if (typed.category !== OTHER_CATEGORY) return readFields(body, t, unit);
  const form = readFields({ ...(body as object), category: typed.newCategory }, t, unit);
  if (form.ok || !form.errors.category) return form;
  const { category, ...errors } = form.errors;
  const isMissing = isBlank(typed.newCategory);
  return {
    ok: false,
    errors: { ...errors, newCategory: isMissing ? t('product.errors.newCategory') : category },
  };
}

function readFields(body: unknown, t: TFunction, unit: Unit = plainUnit('')): FormResult<ProductInput> {
  const numbers = FIELD_KEYS.filter(isNumberKey);
  const plain = numbers.reduce<unknown>((fields, key) => withPlainNumber(fields, key, t), body);
  const form = readForm(productFields, plain, t);
  const typed = (plain as { quantity?: unknown } | undefined)?.quantity;
  const problem = unitProblem({ field: 'quantity', rule: quantityField, typed }, unit, t);
  if (problem === undefined) return form;
  return { ok: false, errors: { ...(!form.ok && form.errors), quantity: problem } };
}

/** An edit also sends `was.<field>`, as opened; in conflict, `seen.<field>`, as then saved, and `choice.<field>`. */
export function readProductEdit(body: unknown, t: TFunction, unit?: Unit): FormResult<ProductEdit> {
  const { version } = editedVersion.parse(body ?? {});
  const form = readProductForm(body, t, unit);
  if (!form.ok) return form;
  const seen = readPrefixed(body, 'seen');
  const opened = readPrefixed(body, 'was');
  const choices = readChoices(body);
  const decided = (wanted: Choice[]) =>
    Object.fromEntries(
      Object.entries(seen).filter(([key]) => wanted.includes(choices[key as FieldKey]!)),
    ) as Partial<ProductInput>;
  return {
    ok: true,
    data: {
      // Having seen a saved value and chosen is like having opened the form with it.
      input: { ...form.data, ...decided(['theirs']) },
      opened: { ...opened, ...decided(['mine', 'theirs']) },
      absent: absentFields(body),
      isNewCategory: isNewCategory(body),
      version,
    },
  };
}

/** The form of the previous version lacks fields that an empty text would erase. */
function absentFields(body: unknown): FieldKey[] {
  const typed: object = body ?? {};
  return PRODUCT_FIELDS.filter(
    ({ key, amount, isFlag, isOfBook }) =>
      (amount || isFlag || isOfBook || key === 'barcodes') && !(key in typed),
  ).map(({ key }) => key);
}

type Choice = 'mine' | 'theirs';

export function readChoices(body: unknown): Partial<Record<FieldKey, Choice>> {
  const typed = (body ?? {}) as Record<string, unknown>;
  const entries = FIELD_KEYS.map((key) => [key, typed[`choice.${key}`]]);
  return Object.fromEntries(
    entries.filter(([, choice]) => choice === 'mine' || choice === 'theirs'),
  ) as Partial<Record<FieldKey, Choice>>;
}

function readPrefixed(body: unknown, prefix: 'was' | 'seen'): Partial<ProductInput> {
  const entries = Object.entries(readOpened(body, prefix)).map(([key, text]) => {
    const { rule } = PRODUCT_FIELDS.find((field) => field.key === key)!;
    return [key, rule.safeParse(text).data];
  });
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as Partial<ProductInput>;
}

export function readOpened(body: unknown, prefix: 'was' | 'seen' = 'was'): OpenedValues {
  const sent = (body ?? {}) as Record<string, unknown>;
  const entries = FIELD_KEYS.map((key) => [key, sent[`${prefix}.${key}`]]);
  return Object.fromEntries(entries.filter(([, value]) => typeof value === 'string')) as OpenedValues;
}

export function openedWith(product: ProductInput, language: Language): OpenedValues {
  return Object.fromEntries(FIELD_KEYS.map((key) => [key, hiddenText(key, product[key], language)]));
}

export type OpenedValues = Partial<Record<FieldKey, string>>;

export const productId = z
  .string()
  .regex(/^[1-9]\d{0,9}$/)
  .transform(Number)
  .pipe(z.number().max(4_294_967_295));

export const versionField = z.coerce.number().int().positive();
const editedVersion = z.object({ version: versionField });

export type ProductFormValues = Record<FieldKey | 'newCategory', string>;

export function readAsTyped(body: unknown): ProductFormValues {
  const typed = (body ?? {}) as Record<string, unknown>;
  return formValues((key) => {
    // Of a box with a tick, after the "no" that a form always sends.
    const value = [typed[key]].flat().at(-1);
    return typeof value === 'string' ? value : '';
  });
}

export function initialValues(t: TFunction): ProductFormValues {
  const initial = new Map<string, string | undefined>(
    PRODUCT_FIELDS.map(({ key, form }) => [key, form.initialText ? t(form.initialText) : form.initial]),
  );
  return formValues((key) => initial.get(key) ?? '');
}

/** A new product after `saved`: what people enter in a row often shares these. */
export function valuesAfter(saved: ProductInput, reader: Reader): ProductFormValues {
  return valuesFrom(saved, reader, ({ isKept }) => isKept === true);
}

export function valuesOfCopy(product: ProductInput, reader: Reader): ProductFormValues {
  return valuesFrom(product, reader, ({ isNotCopied }) => !isNotCopied);
}

interface Reader {
  t: TFunction;
  language: Language;
}

function valuesFrom(
  product: ProductInput,
  { t, language }: Reader,
  isTaken: (form: ProductField['form']) => boolean,
): ProductFormValues {
  const taken = PRODUCT_FIELDS.filter(({ form }) => isTaken(form)).map(({ key }) => [
    key,
    formText(key, product[key], language),
  ]);
  return { ...initialValues(t), ...(Object.fromEntries(taken) as Partial<ProductFormValues>) };
}

export function valuesOf(product: ProductInput, language: Language): ProductFormValues {
  return formValues((key) => (key === 'newCategory' ? '' : formText(key, product[key], language)));
}

function formValues(valueOf: (key: FieldKey | 'newCategory') => string): ProductFormValues {
  const keys = [...FIELD_KEYS, 'newCategory'] as const;
  return Object.fromEntries(keys.map((key) => [key, valueOf(key)])) as ProductFormValues;
}
