import { pipeline } from 'node:stream/promises';
import type { Writable } from 'node:stream';
import { stringify } from 'csv-stringify/sync';
import type { TFunction } from 'i18next';
import { isNumberKey, PRODUCT_FIELDS } from '../products/product-fields.ts';
import { CSV_FORMAT } from '../spreadsheets/csv-format.ts';
import { writeTable, type Cell } from '../spreadsheets/workbook-writer.ts';
import { FIELDS, type Field } from './import-fields.ts';

export const TEMPLATE_TYPES = {
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  csv: 'text/csv; charset=utf-8',
};
export type TemplateFormat = keyof typeof TEMPLATE_TYPES;

const EXAMPLES = ['full', 'short'] as const;
const NUMBERS = {
  full: { quantity: 24, minimumStock: 10, orderQuantity: 50 },
  short: { quantity: 6, minimumStock: 0, orderQuantity: 0 },
};
const DEFAULT_WIDTH = 20;

export async function writeTemplate(format: TemplateFormat, out: Writable, t: TFunction): Promise<void> {
  const rows = EXAMPLES.map((example) => FIELDS.map((field) => cellOf(field, example, t)));
  const titles = FIELDS.map((field) => t(`columns.${field}`));
  if (format === 'csv') {
    await pipeline([stringify([titles, ...rows], CSV_FORMAT)], out);
    return;
  }
  const widths = new Map(PRODUCT_FIELDS.map(({ key, exportWidth }) => [key, exportWidth]));
  const columns = FIELDS.map((field, index) => ({
    title: titles[index]!,
    width: widths.get(field) ?? DEFAULT_WIDTH,
    isText: !isNumberKey(field),
  }));
  await writeTable({ name: t('imports.template.sheet'), columns, rows: oneBatch(rows) }, out);
}

function cellOf(field: Field, example: (typeof EXAMPLES)[number], t: TFunction): Cell {
  const numbers: Partial<Record<Field, number>> = NUMBERS[example];
  return numbers[field] ?? t(`imports.template.${example}.${field}`);
}

// eslint-disable-next-line @typescript-eslint/require-await
async function* oneBatch(rows: Cell[][]): AsyncGenerator<Cell[][]> {
  yield rows;
}
