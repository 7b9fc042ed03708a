import type { Writable } from 'node:stream';
import type { TFunction } from 'i18next';
import type { Dates } from '../locales/dates.ts';
import type { Language } from '../locales/languages.ts';
import { DECIMAL_MARKS, decimalText, type Currency } from '../locales/money.ts';
import { inBatches } from '../spreadsheets/batches.ts';
import { decimalWith, writeCsvTable } from '../spreadsheets/csv-writer.ts';
import { Decimal, writeTable, type Cell } from '../spreadsheets/workbook-writer.ts';
import type { ListedOrder } from './order-list-queries.ts';
import { methodName } from './order-texts.ts';

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
  const rows = inBatches(
    orders,
    cellsFor(reader, (date) => reader.dates.toWallClock(date)),
  );
  await writeTable({ name: reader.t('orderDesk.title'), columns, rows }, out);
}

export async function writeCsv(
  orders: AsyncIterable<ListedOrder>,
  out: Writable,
  reader: Reader,
): Promise<void> {
  const { dates, language } = reader;
  const rows = inBatches(
    orders,
    cellsFor(reader, (date) => date),
  );
  const cast = { date: dates.formatForCsv, object: decimalWith(DECIMAL_MARKS[language]) };
  await writeCsvTable({ titles: titlesFor(reader), rows, cast }, out);
}

function titlesFor({ t, dates }: Reader): string[] {
  return COLUMNS.map(({ titleKey }) =>
    titleKey === 'orderDesk.placed' ? `${t(titleKey)} (${dates.zone})` : t(titleKey),
  );
}

function cellsFor(reader: Reader, dateCell: (date: Date) => Cell) {
  return (order: ListedOrder): Cell[] =>
    COLUMNS.map(({ value }) => {
      const cell = value(order, reader);
      return cell instanceof Date ? dateCell(cell) : cell;
    });
}
