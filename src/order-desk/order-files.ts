import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';
import { stringify } from 'csv-stringify/sync';
import type { TFunction } from 'i18next';
import type { Dates } from '../locales/dates.ts';
import type { Language } from '../locales/languages.ts';
import { DECIMAL_MARKS, decimalText, type Currency } from '../locales/money.ts';
import { CSV_FORMAT } from '../spreadsheets/csv-format.ts';
import { Decimal, writeTable, type Cell } from '../spreadsheets/workbook-writer.ts';
import type { ListedOrder } from './order-list-queries.ts';
import { methodName } from './order-texts.ts';

const BATCH_ROWS = 100;

export interface Reader {
  t: TFunction;
  dates: Dates;
  language: Language;
  currency: Currency;
}

interface Column {
  titleKey: string;
  width: number;
  isText?: true;
  value: (order: ListedOrder, reader: Reader) => Cell;
}

const text = (titleKey: string, width: number, value: Column['value']): Column => ({
  titleKey,
  width,
  isText: true,
  value,
});

const money = (titleKey: string, amountOf: (order: ListedOrder) => number | null): Column => ({
  titleKey,
  width: 14,
  value: (order, { currency }) => {
    const amount = amountOf(order);
    return amount === null ? null : new Decimal(decimalText(amount, currency.decimals));
  },
});

const COLUMNS: Column[] = [
  text('orderDesk.number', 14, ({ number }) => number),
  { titleKey: 'orderDesk.placed', width: 26, value: ({ createdAt }) => createdAt },
  text('orderDesk.state', 20, ({ state }, { t }) => t(`orderDesk.states.order.${state}`)),
  text('orderDesk.customer', 30, ({ name }) => name),
  text('orderDesk.email', 30, ({ email }) => email),
  text('orderDesk.phone', 18, ({ phone }) => phone),
  text('orderDesk.payment', 22, ({ method }, { t }) => (method === null ? '' : methodName(method, t))),
  text('orderDesk.paymentState', 16, ({ paymentState }, { t }) =>
    paymentState === null ? '' : t(`orderDesk.states.payment.${paymentState}`),
  ),
  money('orderDesk.items', ({ itemsTotal }) => itemsTotal),
  money('orderDesk.deliveryTotal', ({ deliveryTotal }) => deliveryTotal),
  money('orderDesk.tax', ({ taxTotal }) => taxTotal),
  money('orderDesk.total', ({ total }) => total),
  money('orderDesk.paid', ({ captured }) => captured),
  money('orderDesk.refunds', ({ refunds }) => refunds),
  text('orderDesk.currency', 9, ({ currency }) => currency),
  text('orderDesk.tracking', 30, ({ tracking }) => tracking ?? ''),
];

export async function writeWorkbook(
  orders: AsyncIterable<ListedOrder>,
  out: Writable,
  reader: Reader,
): Promise<void> {
  const titles = titlesFor(reader);
  const columns = COLUMNS.map(({ width, isText }, index) => ({ title: titles[index]!, width, isText }));
  const rows = inBatches(orders, reader, (date) => reader.dates.toWallClock(date));
  await writeTable({ name: reader.t('orderDesk.title'), columns, rows }, out);
}

export async function writeCsv(
  orders: AsyncIterable<ListedOrder>,
  out: Writable,
  reader: Reader,
): Promise<void> {
  const { dates, language } = reader;
  const decimal = (cell: unknown) => (cell as Decimal).text.replace('.', DECIMAL_MARKS[language]);
  const format = {
    ...CSV_FORMAT,
    cast: { ...CSV_FORMAT.cast, date: dates.formatForCsv, object: decimal },
  };
  async function* lines() {
    yield Buffer.from(stringify([titlesFor(reader)], format));
    for await (const rows of inBatches(orders, reader, (date) => date))
      yield Buffer.from(stringify(rows, { ...format, bom: false }));
  }
  await pipeline(Readable.from(lines()), out);
}

function titlesFor({ t, dates }: Reader): string[] {
  return COLUMNS.map(({ titleKey }) =>
    titleKey === 'orderDesk.placed' ? `${t(titleKey)} (${dates.zone})` : t(titleKey),
  );
}

async function* inBatches(
  orders: AsyncIterable<ListedOrder>,
  reader: Reader,
  dateCell: (date: Date) => Cell,
): AsyncGenerator<Cell[][]> {
  let batch: Cell[][] = [];
  for await (const order of orders) {
    batch.push(
      COLUMNS.map(({ value }) => {
        const cell = value(order, reader);
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
