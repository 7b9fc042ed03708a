import type { TFunction } from 'i18next';
import type { FormResult } from '../http/forms.ts';
import { isBlank } from '../products/field-rules.ts';
import { FIELD_KEYS, FORM_FIELDS, type FieldKey, type ProductField } from '../products/product-fields.ts';
import { readAsTyped, readNewProduct, readProductEdit } from '../products/product-form.ts';
import type { NewProductInput, ProductEdit } from '../products/product-merge.ts';
import type { Unit } from '../products/unit-queries.ts';

/** What sellers fill in, in this order. The rest of a product is the shop's own: they neither see nor change it. */
const SELLER_KEYS: readonly FieldKey[] = [
  ...(['name', 'code', 'description', 'barcodes', 'quantity', 'price', 'taxRate', 'weight'] as const),
  ...(['category', 'onSale', 'authors', 'publisher', 'year', 'pages', 'language', 'binding'] as const),
];
const OTHER_KEYS = FIELD_KEYS.filter((key) => !SELLER_KEYS.includes(key));

/** Of what they sell. */
export const SELLER_UNIT = 'unidad';

const OWN_FORMS: Partial<Record<FieldKey, Partial<ProductField['form']>>> = {
  code: { hint: 'sellers.codeHint' },
  price: { isRequired: true },
  quantity: { hint: 'sellers.quantityHint' },
  onSale: { hint: 'sellers.onSaleHint', width: 'col-md-4' },
};

/** Defined as for staff, with hints for sellers. */
export const SELLER_FIELDS = FORM_FIELDS.filter(({ key }) => SELLER_KEYS.includes(key))
  .toSorted((one, other) => SELLER_KEYS.indexOf(one.key) - SELLER_KEYS.indexOf(other.key))
  .map((field) => {
    const form = { ...field.form, ...OWN_FORMS[field.key] };
    if (field.key === 'code') delete form.isRequired;
    return { ...field, form };
  });

export type SellerField = (typeof SELLER_FIELDS)[number];

interface Reading {
  t: TFunction;
  /** Those that the shop has: sellers add none. */
  categories: string[];
  /** If none is typed. */
  code: string;
  unit: Unit;
}

export function readSellerProduct(body: unknown, reading: Reading): FormResult<NewProductInput> {
  const form = readNewProduct(ownFields(body, reading), reading.t, reading.unit);
  return withOwnRules(form, body, reading);
}

export function readSellerEdit(body: unknown, reading: Reading): FormResult<ProductEdit> {
  const form = readProductEdit(ownFields(body, reading), reading.t, reading.unit);
  const own = withOwnRules(form, body, reading);
  return own.ok ? { ok: true, data: { ...own.data, absent: OTHER_KEYS } } : own;
}

/** Nothing else of what the browser sends. */
function ownFields(body: unknown, { code, unit }: Reading): Record<string, unknown> {
  const given = (body ?? {}) as Record<string, unknown>;
  const names = ['version', ...SELLER_KEYS.flatMap((key) => [key, `was.${key}`])];
  const typed = readAsTyped(body).code;
  return {
    ...Object.fromEntries(names.filter((name) => name in given).map((name) => [name, given[name]])),
    ...{ unit: unit.code, code: isBlank(typed) ? code : typed },
  };
}

function withOwnRules<Data>(
  form: FormResult<Data>,
  body: unknown,
  { t, categories }: Reading,
): FormResult<Data> {
  const { price, category } = readAsTyped(body);
  const errors = {
    ...(isBlank(price) && { price: t('sellers.errors.price') }),
    ...(!categories.includes(category) && { category: t('product.errors.category') }),
    ...(!form.ok && form.errors),
  };
  return Object.keys(errors).length > 0 ? { ok: false, errors } : form;
}
