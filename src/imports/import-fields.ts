import { PRODUCT_FIELDS, type FieldKey } from '../products/product-fields.ts';
import { plainHeader } from '../spreadsheets/spreadsheet.ts';

export type Field = FieldKey;

const IMPORTED = PRODUCT_FIELDS.filter(({ headers }) => headers);

/** What a column can be; first the code, which tells products apart. */
export const FIELDS: readonly Field[] = [
  'code',
  ...IMPORTED.map(({ key }) => key).filter((key) => key !== 'code'),
];

const FIELD_OF = new Map(
  IMPORTED.flatMap(({ key, headers }) =>
    `${headers!.es} ${headers!.en}`.split(' ').map((header) => [header, key] as const),
  ),
);

/** The field of each column, null where none is recognised; of two columns for one field the first is it. */
export function recognise(headers: string[]): (Field | null)[] {
  const taken = new Set<Field>();
  return headers.map((header) => {
    const field = FIELD_OF.get(plainHeader(header));
    if (!field || taken.has(field)) return null;
    taken.add(field);
    return field;
  });
}

/** Whether these are the headers of a sheet of products: it has their codes. */
export function hasCodes(headers: string[]): boolean {
  return recognise(headers).includes('code');
}
