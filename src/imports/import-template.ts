import { pipeline } from 'node:stream/promises';
import type { Writable } from 'node:stream';
import { stringify } from 'csv-stringify/sync';
import type { TFunction } from 'i18next';
import { installedCurrency } from '../config/currency.ts';
import { DECIMAL_MARKS, decimalText } from '../locales/money.ts';
import type { Language } from '../locales/languages.ts';
import { isNumberKey, isOfBook, PRODUCT_FIELDS } from '../products/product-fields.ts';
import { CSV_FORMAT } from '../spreadsheets/csv-format.ts';
import { Decimal, writeTable, type Cell } from '../spreadsheets/workbook-writer.ts';
import { AMOUNTS, FIELDS, type Field } from './import-fields.ts';

export const TEMPLATE_TYPES = {
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  csv: 'text/csv; charset=utf-8',
};
export type TemplateFormat = keyof typeof TEMPLATE_TYPES;

const EXAMPLES = ['full', 'short'] as const;
const NUMBERS = {
  full: { quantity: 24, minimumStock: 10, orderQuantity: 50, weight: 350 },
  short: { quantity: 6, minimumStock: 0, orderQuantity: 0, weight: 1200 },
};
/** In minor units and hundredths of a percent. */
const AMOUNT_EXAMPLES = {
  price: { full: 3200, short: 4750 },
  cost: { full: 1800, short: 2600 },
  taxRate: { full: 1500, short: 0 },
};
const DEFAULT_WIDTH = 20;

export async function writeTemplate(
  format: TemplateFormat,
  out: Writable,
  { t, language }: { t: TFunction; language: Language },
): Promise<void> {
  const rows = EXAMPLES.map((example) => FIELDS.map((field) => cellOf(field, example, t)));
  const titles = FIELDS.map((field) => t(`columns.${field}`));
  if (format === 'csv') {
    const decimal = (cell: unknown) => (cell as Decimal).text.replace('.', DECIMAL_MARKS[language]);
    const csv = { ...CSV_FORMAT, cast: { ...CSV_FORMAT.cast, object: decimal } };
    await pipeline([stringify([titles, ...rows], csv)], out);
    return;
  }
  const widths = new Map(PRODUCT_FIELDS.map(({ key, exportWidth }) => [key, exportWidth]));
  const columns = FIELDS.map((field, index) => ({
    title: titles[index]!,
    width: widths.get(field) ?? DEFAULT_WIDTH,
    isText: !isNumberKey(field) && !AMOUNTS.has(field),
  }));
  await writeTable({ name: t('imports.template.sheet'), columns, rows: oneBatch(rows) }, out);
}

function cellOf(field: Field, example: (typeof EXAMPLES)[number], t: TFunction): Cell {
  if (isOfBook(field)) return null;
  if (field === 'onSale') return t(`product.flag.${example === 'full' ? 'yes' : 'no'}`);
  if (field === 'price' || field === 'cost' || field === 'taxRate') {
    const decimals = field === 'taxRate' ? 2 : installedCurrency().decimals;
    return new Decimal(decimalText(AMOUNT_EXAMPLES[field][example], decimals));
  }
  const numbers: Partial<Record<Field, number>> = NUMBERS[example];
  return numbers[field] ?? t(`imports.template.${example}.${field}`);
}

// eslint-disable-next-line @typescript-eslint/require-await
async function* oneBatch(rows: Cell[][]): AsyncGenerator<Cell[][]> {
  yield rows;
}
