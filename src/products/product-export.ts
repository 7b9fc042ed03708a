import { once } from 'node:events';
import { pipeline } from 'node:stream/promises';
import { Readable, type Writable } from 'node:stream';
import { stringify } from 'csv-stringify';
import ExcelJS from 'exceljs';
import type { TFunction } from 'i18next';
import type { Product } from './product.ts';

interface ExportColumn {
  titleKey: string;
  /** In characters. */
  width: number;
  value: (product: Product, t: TFunction) => string | number | Date;
}

const COLUMNS: ExportColumn[] = [
  { titleKey: 'columns.number', width: 10, value: ({ id }) => id },
  { titleKey: 'columns.name', width: 45, value: ({ name }) => name },
  { titleKey: 'columns.code', width: 20, value: ({ code }) => code },
  { titleKey: 'columns.description', width: 60, value: ({ description }) => description },
  { titleKey: 'columns.category', width: 20, value: ({ category }) => category },
  { titleKey: 'columns.quantity', width: 12, value: ({ quantity }) => quantity },
  { titleKey: 'columns.unit', width: 16, value: ({ unit }) => unit },
  {
    titleKey: 'columns.availability',
    width: 16,
    value: ({ available }, t) => t(available ? 'availability.available' : 'availability.out_of_stock'),
  },
  { titleKey: 'columns.updated', width: 20, value: ({ updatedAt }) => updatedAt },
];

/** Writes an Excel workbook, row by row, at the pace at which `out` takes it. */
export async function writeWorkbook(products: AsyncIterable<Product>, out: Writable, t: TFunction) {
  const workbook = new ExcelJS.stream.xlsx.WorkbookWriter({ stream: out, useStyles: true });
  const sheet = workbook.addWorksheet(t('export.sheet'), { views: [{ state: 'frozen', ySplit: 1 }] });
  sheet.columns = COLUMNS.map(({ titleKey, width }) => ({ header: t(titleKey), width }));
  sheet.getColumn(COLUMNS.length).numFmt = 'yyyy-mm-dd hh:mm';
  sheet.autoFilter = { from: { row: 1, column: 1 }, to: { row: 1, column: COLUMNS.length } };
  const header = sheet.getRow(1);
  header.font = { bold: true };
  header.commit();
  for await (const product of products) {
    // A string becomes a text cell whatever it begins with: Excel computes nothing in it.
    sheet.addRow(COLUMNS.map(({ value }) => value(product, t))).commit();
    for (const stream of [compressorOf(sheet), out]) {
      if (stream?.writableNeedDrain && !out.destroyed) await drained(stream, out);
    }
    if (out.destroyed) return;
  }
  sheet.commit();
  // It would wait for ever for one who has gone.
  await Promise.race([workbook.commit(), new Promise((resolve) => out.once('close', resolve))]);
}

/** Where rows go next: ExcelJS hands them on without asking whether there is room. */
function compressorOf(sheet: ExcelJS.Worksheet): Writable | undefined {
  return (sheet as unknown as { stream: { pipes: Writable[] } }).stream.pipes[0];
}

/** Waits until `stream` takes more, or whoever was to get it has gone. */
async function drained(stream: Writable, out: Writable): Promise<void> {
  const waiting = new AbortController();
  const { signal } = waiting;
  try {
    await Promise.race([once(stream, 'drain', { signal }), once(out, 'close', { signal })]);
  } finally {
    // The one that did not happen is not waited for any more.
    waiting.abort();
  }
}

/** Writes CSV as Excel in Spanish opens it: semicolons, UTF-8 with a byte order mark. */
export async function writeCsv(products: AsyncIterable<Product>, out: Writable, t: TFunction) {
  const rows = Readable.from(products).map((product: Product) =>
    COLUMNS.map(({ value }) => value(product, t)),
  );
  const format = stringify({
    bom: true,
    delimiter: ';',
    record_delimiter: 'windows',
    header: true,
    columns: COLUMNS.map(({ titleKey }) => t(titleKey)),
    // Puts ' before = + - @, so that a spreadsheet takes the cell as text.
    escape_formulas: true,
    cast: { date: (date) => date.toISOString() },
  });
  await pipeline(rows, format, out);
}
