import type { NumberMark } from '../locales/typed-numbers.ts';
import {
  fieldOf,
  isNumberKey,
  PRODUCT_FIELDS,
  productFields,
  type AmountKind,
  type FieldKey,
} from '../products/product-fields.ts';
import { plainHeader } from '../spreadsheets/spreadsheet.ts';

export type Field = FieldKey;

const IMPORTED = PRODUCT_FIELDS.filter(({ headers }) => headers);

export const FIELDS: readonly Field[] = [
  'code',
  ...IMPORTED.map(({ key }) => key).filter((key) => key !== 'code'),
];

/** Those that can be empty; of other numbers, an empty cell means 0. */
export const ERASABLE: readonly Field[] = FIELDS.filter((field) =>
  isNumberKey(field) ? fieldOf(field).hasNone : productFields.shape[field].safeParse('').data === '',
);

/** An empty cell never erases these: in a row, null stands for no value. */
export const AMOUNTS: ReadonlyMap<Field, AmountKind> = new Map(
  IMPORTED.flatMap(({ key, amount }) => (amount ? [[key, amount] as const] : [])),
);

const ROW_COLUMNS = new Map(PRODUCT_FIELDS.map(({ key, rowColumn }) => [key, rowColumn]));

export function rowColumnOf(field: Field) {
  return ROW_COLUMNS.get(field)!;
}

const FIELD_OF = new Map(
  IMPORTED.flatMap(({ key, headers }) =>
    `${headers!.es} ${headers!.en}`.split(' ').map((header) => [header, key] as const),
  ),
);

/** They say that a cell may hold several, so such a column is no code. */
const SEVERAL_BARCODES = ['codigosdebarras', 'barcodes'];

/** Of two columns with the same field, the first one gets it. In a file without codes, a barcode is the code. */
export function recogniseColumns(headers: string[]): (Field | null)[] {
  const plain = headers.map(plainHeader);
  const found = plain.map((header) => FIELD_OF.get(header));
  if (!found.includes('code')) {
    const index = found.findIndex(
      (field, at) => field === 'barcodes' && !SEVERAL_BARCODES.includes(plain[at]!),
    );
    if (index >= 0) found[index] = 'code';
  }
  return found.map((field, index) => (field && found.indexOf(field) === index ? field : null));
}

const HEADERS_OF = {
  es: new Set(IMPORTED.flatMap(({ headers }) => headers!.es.split(' '))),
  en: new Set(IMPORTED.flatMap(({ headers }) => headers!.en.split(' '))),
};

/** In Spanish 1.000 is a thousand. Undefined for headings in both languages or in neither. */
export function decimalMarkIn(headers: string[]): NumberMark | undefined {
  const plain = headers.map(plainHeader);
  const isIn = (language: 'es' | 'en', other: 'es' | 'en') =>
    plain.some((header) => HEADERS_OF[language].has(header) && !HEADERS_OF[other].has(header));
  const isSpanish = isIn('es', 'en');
  const isEnglish = isIn('en', 'es');
  if (isSpanish === isEnglish) return undefined;
  return isSpanish ? ',' : '.';
}

export function rateHeaders(headers: string[]): number {
  const columns = recogniseColumns(headers);
  return columns.includes('code') ? columns.filter(Boolean).length : 0;
}
