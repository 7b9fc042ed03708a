import { isBlank } from '../products/field-rules.ts';
import { isNumberKey, productFields, type ProductInput } from '../products/product-fields.ts';
import { FIELDS, type Field } from './import-fields.ts';
import { readQuantity } from './import-quantity.ts';
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
const ONE_LINE: readonly Field[] = ['code', 'category', 'unit', 'location', 'supplier', 'supplierCode'];

export function checkRow(
  cells: (Cell | undefined)[],
  columns: (Field | null)[],
  { erases, flaw }: { erases: boolean; flaw?: QuoteFlaw | undefined },
): CheckedRow {
  const row: Record<Field, string | number | null> = { ...EMPTY_ROW };
  const problems: Problem[] = [];
  for (const [index, field] of columns.entries()) {
    if (!field || (isEmpty(cells[index]) && field !== 'code' && !erases)) continue;
    const checked = checkCell(field, cells[index]);
    if ('value' in checked) row[field] = checked.value;
    else problems.push({ field, ...checked, typed: shorten(textOf(cells[index])) });
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

function isEmpty(cell: Cell | undefined): boolean {
  return typeof cell !== 'object' && isBlank(textOf(cell));
}

export function hasLineBreak(cell: Cell | undefined): boolean {
  return /[\r\n]/.test(textOf(cell).trim());
}

function shorten(text: string): string {
  const typed = text.trim().replace(/\s*[\r\n]\s*/g, ' ⏎ ');
  return typed.length > TYPED_LENGTH
    ? `${cutText(typed, TYPED_LENGTH - 1).trimEnd()}…`
    : typed.toWellFormed();
}

/** The text that a field takes from a cell: of a quantity the number counts, of others what the format shows. */
export function fieldText(field: Field | null | undefined, cell: Cell | null | undefined): string {
  return field && isNumberKey(field) && typeof cell === 'object' && cell && 'plain' in cell
    ? cell.plain
    : textOf(cell);
}

function checkCell(field: Field, cell: Cell | undefined): { value: string | number } | Problem {
  if (typeof cell === 'object' && cell.is !== 'number' && !(cell.is === 'reshaped' && isNumberKey(field))) {
    // Excel turns codes such as 3-1 into dates and loses the original text.
    const isWrong = cell.is !== 'date' || field === 'code' || isNumberKey(field);
    if (isWrong) return { key: `imports.problems.${cell.is}` };
  }
  let text = fieldText(field, cell);
  const loss = findLoss(text);
  if (loss) return { key: `imports.problems.${loss}` };
  if (ONE_LINE.includes(field) && hasLineBreak(cell)) return { key: 'imports.problems.lineBreak' };
  if (isNumberKey(field)) {
    const read = readQuantity(text);
    if ('problem' in read) return { key: `imports.problems.${read.problem}`, values: read.values };
    text = read.digits;
  }
  const result = productFields.shape[field].safeParse(text);
  if (result.success) return { value: result.data };
  const [issue] = result.error.issues as { message: string; maximum?: number }[];
  return { key: issue!.message, ...(issue!.maximum && { values: { maximum: issue!.maximum } }) };
}
