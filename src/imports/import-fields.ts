import { isNumberKey, PRODUCT_FIELDS, productFields, type FieldKey } from '../products/product-fields.ts';
import { plainHeader } from '../spreadsheets/spreadsheet.ts';

export type Field = FieldKey;

const IMPORTED = PRODUCT_FIELDS.filter(({ headers }) => headers);

export const FIELDS: readonly Field[] = [
  'code',
  ...IMPORTED.map(({ key }) => key).filter((key) => key !== 'code'),
];

/** Their empty text; of numbers, an empty cell means 0. */
export const ERASABLE: readonly Field[] = FIELDS.filter(
  (field) => !isNumberKey(field) && productFields.shape[field].safeParse('').success,
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

/** The field of each column, or null. The first of two columns with the same field gets it. */
export function recogniseColumns(headers: string[]): (Field | null)[] {
  const taken = new Set<Field>();
  return headers.map((header) => {
    const field = FIELD_OF.get(plainHeader(header));
    if (!field || taken.has(field)) return null;
    taken.add(field);
    return field;
  });
}

export function rateHeaders(headers: string[]): number {
  const columns = recogniseColumns(headers);
  return columns.includes('code') ? columns.filter(Boolean).length : 0;
}
