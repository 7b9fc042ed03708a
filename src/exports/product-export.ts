import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';
import { stringify } from 'csv-stringify/sync';
import type { TFunction } from 'i18next';
import type { Dates } from '../locales/dates.ts';
import { isNumberKey, PRODUCT_FIELDS } from '../products/product-fields.ts';
import type { Product } from '../products/product.ts';
import type { StockLevel } from '../stock/stock-level.ts';
import { CSV_FORMAT } from '../spreadsheets/csv-format.ts';
import { writeTable, type Cell } from '../spreadsheets/workbook-writer.ts';

/** A few milliseconds of work; the event loop runs between batches. */
const BATCH_ROWS = 100;

/** Translated once per export: a lookup takes longer than the rest of a row. */
type Levels = Record<StockLevel, string>;

interface ExportColumn {
  titleKey: string;
  width: number;
  isText?: true;
  value: (product: Product, levels: Levels) => Cell;
}

/** Who reads the file: their language, and the zone of their dates, which the heading names. */
export interface Reader {
  t: TFunction;
  dates: Dates;
}

const COLUMNS: ExportColumn[] = [
  { titleKey: 'columns.number', width: 10, value: ({ id }) => id },
  ...PRODUCT_FIELDS.flatMap(({ key, exportWidth: width }): ExportColumn[] =>
    width
      ? [
          {
            titleKey: `columns.${key}`,
            width,
            ...(!isNumberKey(key) && { isText: true }),
            value: (product) => product[key],
          },
        ]
      : [],
  ),
  {
    titleKey: 'columns.availability',
    width: 16,
    isText: true,
    value: ({ level }, levels) => levels[level],
  },
  { titleKey: 'columns.updated', width: 30, value: ({ updatedAt }) => updatedAt },
];

export async function writeWorkbook(
  products: AsyncIterable<Product>,
  out: Writable,
  { t, dates }: Reader,
  { maxRows }: { maxRows?: number } = {},
): Promise<void> {
  const titles = titlesFor({ t, dates });
  const columns = COLUMNS.map(({ width, isText }, i) => ({ title: titles[i]!, width, isText }));
  const rows = inBatches(products, t, (date) => dates.toWallClock(date));
  await writeTable({ name: t('export.sheet'), columns, rows, maxRows }, out);
}

export async function writeCsv(
  products: AsyncIterable<Product>,
  out: Writable,
  { t, dates }: Reader,
): Promise<void> {
  const format = { ...CSV_FORMAT, cast: { ...CSV_FORMAT.cast, date: dates.formatForCsv } };
  async function* text() {
    yield Buffer.from(stringify([titlesFor({ t, dates })], format));
    for await (const rows of inBatches(products, t, (date) => date))
      yield Buffer.from(stringify(rows, { ...format, bom: false }));
  }
  await pipeline(Readable.from(text()), out);
}

function titlesFor({ t, dates }: Reader): string[] {
  return COLUMNS.map(({ titleKey }) =>
    titleKey === 'columns.updated' ? `${t(titleKey)} (${dates.zone})` : t(titleKey),
  );
}

async function* inBatches(
  products: AsyncIterable<Product>,
  t: TFunction,
  dateCell: (date: Date) => Cell,
): AsyncGenerator<Cell[][]> {
  const levels = {
    out: t('availability.out_of_stock'),
    low: t('availability.low'),
    enough: t('availability.available'),
  };
  let batch: Cell[][] = [];
  for await (const product of products) {
    batch.push(
      COLUMNS.map(({ value }) => {
        const cell = value(product, levels);
        return cell instanceof Date ? dateCell(cell) : cell;
      }),
    );
    if (batch.length < BATCH_ROWS) continue;
    yield batch;
    batch = [];
    await setImmediate();
  }
  if (batch.length > 0) yield batch;
}
