import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';
import { stringify, type Options } from 'csv-stringify/sync';
import type { TFunction } from 'i18next';
import type { Availability } from '../product-list/product-filter.ts';
import { PRODUCT_FIELDS } from '../products/product-fields.ts';
import type { Product } from '../products/product.ts';
import { writeTable, type Cell } from '../spreadsheets/workbook-writer.ts';

/** Some milliseconds of work; between two of them others have their turn. */
const BATCH_ROWS = 100;

/** In the person's language; looked up once, because that takes longer than all the rest of a row. */
type Availabilities = Record<Availability, string>;

interface ExportColumn {
  titleKey: string;
  /** In characters. */
  width: number;
  value: (product: Product, availabilities: Availabilities) => Cell;
}

const COLUMNS: ExportColumn[] = [
  { titleKey: 'columns.number', width: 10, value: ({ id }) => id },
  ...PRODUCT_FIELDS.flatMap(({ key, exportWidth: width }): ExportColumn[] =>
    width ? [{ titleKey: `columns.${key}`, width, value: (product) => product[key] }] : [],
  ),
  {
    titleKey: 'columns.availability',
    width: 16,
    value: ({ available }, availabilities) => availabilities[available ? 'available' : 'out_of_stock'],
  },
  { titleKey: 'columns.updated', width: 20, value: ({ updatedAt }) => updatedAt },
];

/** Writes an Excel workbook of as many sheets as it takes, at the pace at which `out` takes it. */
export async function writeWorkbook(
  products: AsyncIterable<Product>,
  out: Writable,
  t: TFunction,
  { maxRows }: { maxRows?: number } = {},
): Promise<void> {
  const columns = COLUMNS.map(({ titleKey, width }) => ({ title: t(titleKey), width }));
  await writeTable({ name: t('export.sheet'), columns, rows: inBatches(products, t), maxRows }, out);
}

const CSV: Options = {
  delimiter: ';',
  record_delimiter: 'windows',
  // Puts ' before = + - @, so that a spreadsheet takes the cell as text.
  escape_formulas: true,
  // It only looks for the line ends of records itself; a description has others.
  quoted_match: /[\r\n]/,
  cast: { date: (date) => date.toISOString(), string: keepOwnQuote },
};

/** Writes CSV as Excel in Spanish opens it: semicolons, UTF-8 with a byte order mark. */
export async function writeCsv(products: AsyncIterable<Product>, out: Writable, t: TFunction): Promise<void> {
  async function* text() {
    yield Buffer.from(stringify([COLUMNS.map(({ titleKey }) => t(titleKey))], { ...CSV, bom: true }));
    for await (const rows of inBatches(products, t)) yield Buffer.from(stringify(rows, CSV));
  }
  await pipeline(Readable.from(text()), out);
}

async function* inBatches(products: AsyncIterable<Product>, t: TFunction): AsyncGenerator<Cell[][]> {
  const availabilities = {
    available: t('availability.available'),
    out_of_stock: t('availability.out_of_stock'),
  };
  let batch: Cell[][] = [];
  for await (const product of products) {
    batch.push(COLUMNS.map(({ value }) => value(product, availabilities)));
    if (batch.length < BATCH_ROWS) continue;
    yield batch;
    batch = [];
    await setImmediate();
  }
  if (batch.length > 0) yield batch;
}

/** A second ' before what begins with ' and a formula's sign: reading the file back takes away just one. */
function keepOwnQuote(text: string): string {
  return text.replace(/^(?='+[=+\-@\t\r\uFF1D\uFF0B\uFF0D\uFF20])/, "'");
}
