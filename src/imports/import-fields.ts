import { PRODUCT_FIELDS, productFields, type FieldKey } from '../products/product-fields.ts';
import { plainHeader } from '../spreadsheets/spreadsheet.ts';

export type Field = FieldKey;

const IMPORTED = PRODUCT_FIELDS.filter(({ headers }) => headers);

export const FIELDS: readonly Field[] = [
  'code',
  ...IMPORTED.map(({ key }) => key).filter((key) => key !== 'code'),
];

export const ERASABLE: readonly Field[] = FIELDS.filter(
  (field) => productFields.shape[field].safeParse('').success,
);

const FIELD_OF = new Map(
  IMPORTED.flatMap(({ key, headers }) =>
    `${headers!.es} ${headers!.en}`.split(' ').map((header) => [header, key] as const),
  ),
);

/** They say that a cell may hold several, so such a column is no code. */
const SEVERAL_BARCODES = ['codigosdebarras', 'barcodes'];

/**
 * The field of each column, or null. The first of two columns with the same field gets it. A barcode is the code of
 * its product in a file that has no other.
 */
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

export function rateHeaders(headers: string[]): number {
  const columns = recogniseColumns(headers);
  return columns.includes('code') ? columns.filter(Boolean).length : 0;
}
