import type { Writable } from 'node:stream';
import type { TFunction } from 'i18next';
import { installedCurrency } from '../config/currency.ts';
import type { Permission } from '../auth/permissions.ts';
import type { Dates } from '../locales/dates.ts';
import { typedNumber } from '../locales/typed-numbers.ts';
import type { Language } from '../locales/languages.ts';
import { DECIMAL_MARKS, decimalText } from '../locales/money.ts';
import { listChoices, type ChoiceKind } from '../products/book-choices.ts';
import { flagName } from '../products/flags.ts';
import {
  isNumberKey,
  PRODUCT_FIELDS,
  type AmountKind,
  type FieldKey,
  type ProductField,
} from '../products/product-fields.ts';
import { mayView, type Product } from '../products/product.ts';
import type { StockLevel } from '../stock/stock-level.ts';
import { inBatches } from '../spreadsheets/batches.ts';
import { decimalWith, writeCsvTable } from '../spreadsheets/csv-writer.ts';
import { Decimal, writeTable, type Cell } from '../spreadsheets/workbook-writer.ts';

/** Translated once per export: a lookup takes longer than the rest of a row. */
interface Words {
  levels: Record<StockLevel, string>;
  choices: Record<ChoiceKind, Map<string, string>>;
  flags: [no: string, yes: string];
}

interface ExportColumn {
  titleKey: string;
  width: number;
  isText?: true;
  field?: ProductField;
  value: (product: Product, words: Words) => Cell;
}

export interface Reader {
  t: TFunction;
  dates: Dates;
  language: Language;
  permissions: ReadonlySet<Permission>;
}

const COLUMNS: ExportColumn[] = [
  { titleKey: 'columns.number', width: 10, value: ({ id }) => id },
  ...PRODUCT_FIELDS.flatMap((field): ExportColumn[] => {
    const { key, exportWidth: width } = field;
    return width
      ? [
          {
            titleKey: `columns.${key}`,
            width,
            field,
            ...(!isNumberKey(key) && !field.amount && { isText: true }),
            value: cellOf(field),
          },
        ]
      : [];
  }),
  {
    titleKey: 'columns.availability',
    width: 16,
    isText: true,
    value: ({ level }, { levels }) => levels[level],
  },
  { titleKey: 'columns.updated', width: 30, value: ({ updatedAt }) => updatedAt },
];

export async function writeWorkbook(
  products: AsyncIterable<Product>,
  out: Writable,
  reader: Reader,
  { maxRows }: { maxRows?: number } = {},
): Promise<void> {
  const { t, dates } = reader;
  const shown = columnsFor(reader);
  const titles = titlesFor(shown, reader);
  const columns = shown.map(({ width, isText }, i) => ({ title: titles[i]!, width, isText }));
  const rows = inBatches(
    products,
    cellsFor(shown, reader, (date) => dates.toWallClock(date)),
  );
  await writeTable({ name: t('export.sheet'), columns, rows, maxRows }, out);
}

export async function writeCsv(
  products: AsyncIterable<Product>,
  out: Writable,
  reader: Reader,
): Promise<void> {
  const { t, dates, language } = reader;
  const shown = columnsFor(reader);
  const titles = titlesFor(shown, reader);
  const rows = inBatches(
    products,
    cellsFor(shown, reader, (date) => date),
  );
  const number = (value: number) => typedNumber(value, t);
  const cast = { date: dates.formatForCsv, number, object: decimalWith(DECIMAL_MARKS[language]) };
  await writeCsvTable({ titles, rows, cast }, out);
}

function columnsFor({ permissions }: Reader): ExportColumn[] {
  return COLUMNS.filter(({ field }) => !field || mayView(field, permissions));
}

function cellOf({ key, amount, choices, hasNone, isFlag }: ProductField): ExportColumn['value'] {
  if (amount) return amountCell(key, amount);
  if (isFlag) return (product, { flags }) => flags[product[key] === 1 ? 1 : 0];
  if (choices) {
    return (product, words) => {
      const code = product[key] as string;
      return words.choices[choices].get(code) ?? code;
    };
  }
  return hasNone ? (product) => product[key] || null : (product) => product[key];
}

function amountCell(key: FieldKey, amount: AmountKind) {
  return (product: Product): Cell => {
    const value = product[key];
    if (typeof value !== 'number' || amount === 'weight') return value;
    return new Decimal(decimalText(value, amount === 'rate' ? 2 : installedCurrency().decimals));
  };
}

function titlesFor(columns: ExportColumn[], { t, dates }: Reader): string[] {
  return columns.map(({ titleKey }) =>
    titleKey === 'columns.updated' ? `${t(titleKey)} (${dates.zone})` : t(titleKey),
  );
}

function cellsFor(
  shown: ExportColumn[],
  { t, language }: Reader,
  dateCell: (date: Date) => Cell,
): (product: Product) => Cell[] {
  const levels = {
    out: t('availability.out_of_stock'),
    low: t('availability.low'),
    enough: t('availability.available'),
  };
  const namesOf = (kind: ChoiceKind) => new Map(listChoices(kind, language));
  const words: Words = {
    levels,
    choices: { language: namesOf('language'), binding: namesOf('binding') },
    flags: [flagName(0, language), flagName(1, language)],
  };
  return (product) =>
    shown.map(({ value }) => {
      const cell = value(product, words);
      return cell instanceof Date ? dateCell(cell) : cell;
    });
}
