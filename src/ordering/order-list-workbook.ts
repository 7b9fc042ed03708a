import type { Writable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import type { TFunction } from 'i18next';
import type { Permission } from '../auth/permissions.ts';
import { decimalText, stockValue, type Currency } from '../locales/money.ts';
import { Decimal, writeTable, type Cell } from '../spreadsheets/workbook-writer.ts';
import type { OrderLine } from './order-list-queries.ts';

/** A few milliseconds of work; the event loop runs between batches. */
const BATCH_ROWS = 100;

type Line = OrderLine & { supplier: string };

interface Column {
  titleKey: string;
  width: number;
  isText?: true;
  isCost?: true;
  value: (line: Line, currency: Currency) => Cell;
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
    value: ({ cost }, { decimals }) => (cost === null ? null : new Decimal(decimalText(cost, decimals))),
  },
  {
    titleKey: 'toOrder.amount',
    width: 16,
    isCost: true,
    value: ({ cost, toOrder }, { decimals }) =>
      cost === null ? null : new Decimal(decimalText(stockValue(toOrder, cost), decimals)),
  },
];

export async function writeOrderList(
  lines: AsyncIterable<Line>,
  out: Writable,
  { t, permissions, currency }: { t: TFunction; permissions: ReadonlySet<Permission>; currency: Currency },
): Promise<void> {
  const shown = COLUMNS.filter(({ isCost }) => !isCost || permissions.has('cost:view'));
  const columns = shown.map(({ titleKey, width, isText }) => ({ title: t(titleKey), width, isText }));
  await writeTable({ name: t('toOrder.title'), columns, rows: inBatches(lines, shown, currency) }, out);
}

async function* inBatches(
  lines: AsyncIterable<Line>,
  shown: Column[],
  currency: Currency,
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
