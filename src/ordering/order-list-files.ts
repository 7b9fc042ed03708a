import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';
import { stringify } from 'csv-stringify/sync';
import type { TFunction } from 'i18next';
import type { Permission } from '../auth/permissions.ts';
import type { Language } from '../locales/languages.ts';
import { DECIMAL_MARKS, decimalText, stockValue, type Currency } from '../locales/money.ts';
import { typedNumber } from '../locales/typed-numbers.ts';
import { CSV_FORMAT } from '../spreadsheets/csv-format.ts';
import { Decimal, writeTable, type Cell } from '../spreadsheets/workbook-writer.ts';
import type { OrderLine } from './order-list-queries.ts';

const BATCH_ROWS = 100;

export type FileLine = OrderLine & { supplier: string };

interface Column {
  titleKey: string;
  width: number;
  isText?: true;
  isCost?: true;
  value: (line: FileLine, currency: Currency) => Cell;
}

export interface Reader {
  t: TFunction;
  language: Language;
  permissions: ReadonlySet<Permission>;
  currency: Currency;
}

const COLUMNS: Column[] = [
  { titleKey: 'columns.supplier', width: 30, isText: true, value: ({ supplier }) => supplier },
  { titleKey: 'columns.code', width: 20, isText: true, value: ({ code }) => code },
  { titleKey: 'columns.name', width: 45, isText: true, value: ({ name }) => name },
  { titleKey: 'columns.supplierCode', width: 22, isText: true, value: ({ supplierCode }) => supplierCode },
  { titleKey: 'toOrder.toOrder', width: 12, value: ({ toOrder }) => toOrder },
  { titleKey: 'columns.unit', width: 12, isText: true, value: ({ unit }) => unit },
  { titleKey: 'toOrder.onHand', width: 14, value: ({ quantity }) => quantity },
  { titleKey: 'columns.minimumStock', width: 20, value: ({ minimumStock }) => minimumStock },
  {
    titleKey: 'columns.cost',
    width: 14,
    isCost: true,
    value: ({ cost }, currency) => moneyCell(cost, currency),
  },
  {
    titleKey: 'toOrder.amount',
    width: 16,
    isCost: true,
    value: (line, currency) => moneyCell(amountOf(line), currency),
  },
];

/** At cost, in minor units; null if the cost is not known. */
export function amountOf({ toOrder, cost }: OrderLine): bigint | null {
  return cost === null ? null : stockValue(toOrder, cost);
}

function moneyCell(amount: number | bigint | null, { decimals }: Currency): Cell {
  return amount === null ? null : new Decimal(decimalText(amount, decimals));
}

export async function writeWorkbook(
  lines: AsyncIterable<FileLine>,
  out: Writable,
  reader: Reader,
): Promise<void> {
  const { t } = reader;
  const shown = columnsFor(reader);
  const columns = shown.map(({ titleKey, width, isText }) => ({ title: t(titleKey), width, isText }));
  await writeTable({ name: t('toOrder.title'), columns, rows: inBatches(lines, shown, reader) }, out);
}

export async function writeCsv(lines: AsyncIterable<FileLine>, out: Writable, reader: Reader): Promise<void> {
  const { t, language } = reader;
  const shown = columnsFor(reader);
  const number = (value: number) => typedNumber(value, t);
  const decimal = (cell: unknown) => (cell as Decimal).text.replace('.', DECIMAL_MARKS[language]);
  const format = { ...CSV_FORMAT, cast: { ...CSV_FORMAT.cast, number, object: decimal } };
  async function* text() {
    yield Buffer.from(stringify([shown.map(({ titleKey }) => t(titleKey))], format));
    for await (const rows of inBatches(lines, shown, reader))
      yield Buffer.from(stringify(rows, { ...format, bom: false }));
  }
  await pipeline(Readable.from(text()), out);
}

function columnsFor({ permissions }: Reader): Column[] {
  return COLUMNS.filter(({ isCost }) => !isCost || permissions.has('cost:view'));
}

async function* inBatches(
  lines: AsyncIterable<FileLine>,
  shown: Column[],
  { currency }: Reader,
): AsyncGenerator<Cell[][]> {
  let batch: Cell[][] = [];
  for await (const line of lines) {
    batch.push(shown.map(({ value }) => value(line, currency)));
    if (batch.length < BATCH_ROWS) continue;
    yield batch;
    batch = [];
    await setImmediate();
  }
  if (batch.length > 0) yield batch;
}
