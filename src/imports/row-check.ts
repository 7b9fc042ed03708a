import { readTypedNumber, type NumberMark } from '../locales/typed-numbers.ts';
import { isBlank } from '../products/field-rules.ts';
import { isNumberKey, productFields, type ProductInput } from '../products/product-fields.ts';
import { AMOUNTS, FIELDS, type Field } from './import-fields.ts';
import { findLoss } from './lost-value.ts';
import { cutText, textOf, type Cell, type QuoteFlaw } from '../spreadsheets/spreadsheet.ts';

/** `key` and `values` are for the translation, `typed` is the cell's text. */
export interface Problem {
  /** Absent when the problem concerns the whole row. */
  field?: Field;
  key: string;
  values?: object;
  typed?: string;
}

/** Null where the row gives no value: the product keeps its own. */
export type CheckedFields = { [Key in Field]: ProductInput[Key] | null };

export interface CheckedRow extends CheckedFields {
  problems: Problem[];
}

const EMPTY_ROW = Object.fromEntries(FIELDS.map((field) => [field, null])) as Record<Field, null>;

const TYPED_LENGTH = 60;
/** A line break there comes from a stray quote or from cells that were joined. */
const ONE_LINE: readonly Field[] = [
  'code',
  'category',
  'unit',
  'location',
  'supplier',
  'supplierCode',
  'publisher',
];

interface Reading {
  erases: boolean;
  flaw?: QuoteFlaw | undefined;
  decimalMark?: NumberMark | undefined;
}

export function checkRow(
  cells: (Cell | undefined)[],
  columns: (Field | null)[],
  { erases, flaw, decimalMark }: Reading,
): CheckedRow {
  const row: Record<Field, string | number | null> = { ...EMPTY_ROW };
  const problems: Problem[] = [];
  for (const [index, field] of columns.entries()) {
    if (!field || (isEmpty(cells[index]) && isKept(field, erases))) continue;
    const checked = checkCell(field, cells[index], decimalMark);
    if ('value' in checked) row[field] = checked.value;
    else problems.push({ field, ...checked, typed: typedText(cells[index]) });
  }
  if (flaw) return { ...(row as CheckedFields), problems: [quoteProblem(flaw, cells, columns)] };
  // Usually decimal commas in a comma-separated file.
  const extra = cells.findIndex((cell, index) => index >= columns.length && textOf(cell).trim() !== '');
  if (extra >= 0) {
    const typed = shorten(textOf(cells[extra]));
    problems.push({ key: 'imports.problems.beyond', values: { columns: columns.length }, typed });
  }
  return { ...(row as CheckedFields), problems };
}

/** What else is wrong with such a row follows from the quote. */
function quoteProblem(
  { column, rowsBelow }: QuoteFlaw,
  cells: (Cell | undefined)[],
  columns: (Field | null)[],
): Problem {
  const field = columns[column];
  const key = `imports.problems.${rowsBelow === undefined ? 'openQuote' : 'lateQuote'}`;
  return {
    ...(field && { field }),
    key,
    values: { count: rowsBelow },
    typed: shorten(textOf(cells[column])),
  };
}

function isKept(field: Field, erases: boolean): boolean {
  return AMOUNTS.has(field) || (field !== 'code' && !erases);
}

function isEmpty(cell: Cell | undefined): boolean {
  return typeof cell !== 'object' && isBlank(textOf(cell));
}

export function hasLineBreak(cell: Cell | undefined): boolean {
  return /[\r\n]/.test(textOf(cell).trim());
}

export function typedText(cell: Cell | undefined): string {
  return shorten(textOf(cell));
}

function shorten(text: string): string {
  const typed = text.trim().replace(/\s*[\r\n]\s*/g, ' ⏎ ');
  return typed.length > TYPED_LENGTH
    ? `${cutText(typed, TYPED_LENGTH - 1).trimEnd()}…`
    : typed.toWellFormed();
}

/** The text that a field takes from a cell: of amounts the number counts, of others what the format shows. */
export function fieldText(field: Field | null | undefined, cell: Cell | null | undefined): string {
  if (!isNumber(field) || typeof cell !== 'object' || !cell || !('plain' in cell)) return textOf(cell);
  return field === 'taxRate' && cell.text.includes('%') ? asPercent(cell.plain) : cell.plain;
}

function isNumber(field: Field | null | undefined): boolean {
  return !!field && (isNumberKey(field) || AMOUNTS.has(field));
}

/** "12.5%" for 0.125, which is how a spreadsheet keeps it. Other text is returned as is. */
function asPercent(plain: string): string {
  const { whole, fraction = '' } = /^(?<whole>\d+)(?:\.(?<fraction>\d+))?$/.exec(plain)?.groups ?? {};
  if (whole === undefined) return plain;
  const digits = fraction.padEnd(2, '0');
  return `${(whole + digits.slice(0, 2)).replace(/^0+(?=\d)/, '')}.${digits.slice(2)}0%`;
}

function isNumberCell(cell: Cell | undefined): boolean {
  return typeof cell === 'object' && 'plain' in cell;
}

function checkCell(
  field: Field,
  cell: Cell | undefined,
  decimalMark: NumberMark | undefined,
): { value: string | number | null } | Problem {
  if (typeof cell === 'object' && cell.is !== 'number' && !(cell.is === 'reshaped' && isNumber(field))) {
    // Excel turns codes such as 3-1 into dates and loses the original text.
    const isWrong = cell.is !== 'date' || field === 'code' || field === 'barcodes' || isNumber(field);
    if (isWrong) return { key: `imports.problems.${cell.is}` };
  }
  let text = fieldText(field, cell);
  const loss = findLoss(text);
  if (loss) return { key: `imports.problems.${loss}` };
  if (ONE_LINE.includes(field) && hasLineBreak(cell)) return { key: 'imports.problems.lineBreak' };
  if (isNumberKey(field) && !isNumberCell(cell)) {
    const read = readTypedNumber(text, decimalMark);
    if (read === undefined) {
      const whole = text.trim().replace(/[.,]/, '');
      return { key: 'imports.problems.ambiguous', values: { whole } };
    }
    text = read;
  }
  const result = productFields.shape[field].safeParse(text);
  if (result.success) return { value: result.data };
  const [issue] = result.error.issues as { message: string; maximum?: number | string; params?: object }[];
  const values = { ...(issue!.maximum && { maximum: issue!.maximum }), ...issue!.params };
  return { key: issue!.message, ...(Object.keys(values).length > 0 && { values }) };
}
