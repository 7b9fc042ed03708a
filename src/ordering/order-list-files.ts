import type { Writable } from 'node:stream';
import type { TFunction } from 'i18next';
import type { Permission } from '../auth/permissions.ts';
import type { Language } from '../locales/languages.ts';
import { DECIMAL_MARKS, decimalText, stockValue, type Currency } from '../locales/money.ts';
import { typedNumber } from '../locales/typed-numbers.ts';
import { inBatches } from '../spreadsheets/batches.ts';
import { decimalWith, writeCsvTable } from '../spreadsheets/csv-writer.ts';
import { Decimal, writeTable, type Cell } from '../spreadsheets/workbook-writer.ts';
import type { OrderLine } from './order-list-queries.ts';

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
  const rows = inBatches(lines, cellsFor(shown, reader));
  await writeTable({ name: t('toOrder.title'), columns, rows }, out);
}

export async function writeCsv(lines: AsyncIterable<FileLine>, out: Writable, reader: Reader): Promise<void> {
  const { t, language } = reader;
  const shown = columnsFor(reader);
  const titles = shown.map(({ titleKey }) => t(titleKey));
  const rows = inBatches(lines, cellsFor(shown, reader));
  const number = (value: number) => typedNumber(value, t);
  await writeCsvTable({ titles, rows, cast: { number, object: decimalWith(DECIMAL_MARKS[language]) } }, out);
}

function columnsFor({ permissions }: Reader): Column[] {
  return COLUMNS.filter(({ isCost }) => !isCost || permissions.has('cost:view'));
}

function cellsFor(shown: Column[], { currency }: Reader) {
  return (line: FileLine): Cell[] => shown.map(({ value }) => value(line, currency));
}
