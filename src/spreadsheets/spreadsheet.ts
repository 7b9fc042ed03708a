import type { DetectedEncoding, Encoding } from './text-encoding.ts';

export type Cell = string | SpecialCell;

/** `digits`: a number too long for a spreadsheet; `merged`: covered by a cell above; `broken`: has half a character. */
export interface UnclearCell {
  is: 'formula' | 'date' | 'error' | 'boolean' | 'digits' | 'merged' | 'broken' | 'badCharacter';
  text: string;
}

/** A number whose format changes it: shown as `text`, or `reshaped` beyond what a text field can take. */
export interface FormattedNumber {
  is: 'number' | 'reshaped';
  text: string;
  plain: string;
}

export type SpecialCell = UnclearCell | FormattedNumber;

export interface SheetRow {
  /** Index in `Spreadsheet.sheets`; in the search for headings, among all sheets. */
  sheet: number;
  /** As spreadsheet programs number rows, from 1. */
  line: number;
  cells: (Cell | undefined)[];
  isHidden?: boolean;
  flaw?: QuoteFlaw;
}

/** A quote that closes nowhere, or so many rows below that it seems to enclose whole rows. */
export interface QuoteFlaw {
  column: number;
  rowsBelow?: number;
}

/** A row of the file; `sheet` counts all sheets from 0. */
export interface HeaderPlace {
  sheet: number;
  line: number;
}

export interface FirstRow extends HeaderPlace {
  text: string;
  sheetName?: string;
}

/** No row: the headings are looked for. */
export const NO_PLACE: HeaderPlace = { sheet: 0, line: 0 };

/** 'first': the first row with content, as version 0.1.0 read every file. */
export type HeaderChoice = HeaderPlace | 'first';

export interface HeaderSearch {
  /** The number of recognised columns, or 0 for a row that cannot hold the headings. */
  rate: (texts: string[]) => number;
  chosen?: HeaderChoice | undefined;
}

export interface TextChoice {
  encoding: Encoding;
  delimiter: string;
}

export interface TextReading extends TextChoice, Pick<DetectedEncoding, 'isUnsure' | 'samples'> {
  rows: string[][];
}

export interface Spreadsheet {
  /** Absent in a workbook. */
  text?: TextReading;
  headers: string[];
  header: HeaderPlace;
  firstRows: FirstRow[];
  /** The names of the sheets to read; empty for CSV. */
  sheets: string[];
  ignoredSheets: string[];
  hiddenSheets: string[];
  hiddenColumns: string[];
  /** In batches, without the header, the rows above it and empty rows. */
  rows: () => AsyncIterable<SheetRow[]>;
}

export type RefusalReason =
  | 'empty'
  | 'noRows'
  | 'otherKind'
  | 'oldExcel'
  | 'openDocument'
  | 'binaryExcel'
  | 'encrypted'
  | 'damaged'
  | 'tooLarge'
  | 'tooManyColumns'
  | 'tooManyRows'
  | 'cellTooLong'
  | 'rowTooLong'
  | 'headerFormula'
  | 'onlyHidden'
  | 'failed';

export class UnreadableFileError extends Error {
  override name = 'UnreadableFileError';
  readonly reason: RefusalReason;
  readonly values: Record<string, string | number>;

  constructor(reason: RefusalReason, values: Record<string, string | number> = {}) {
    super(reason);
    this.reason = reason;
    this.values = values;
  }
}

export const MAX_FILE_BYTES = 32 * 1024 * 1024;
export const MAX_COLUMNS = 100;
export const MAX_ROWS = 200_000;
export const MAX_CELL_LENGTH = 32_767;

const graphemes = new Intl.Segmenter();

/** At most `length` UTF-16 units, without half an emoji at the end. */
export function cutText(text: string, length: number): string {
  if (text.length <= length) return text;
  // Some units more show where the last character ends.
  let end = 0;
  for (const { index, segment } of graphemes.segment(text.slice(0, length + 20))) {
    if (index + segment.length > length) break;
    end = index + segment.length;
  }
  return text.slice(0, end || length).toWellFormed();
}

export function textOf(cell: Cell | null | undefined): string {
  return typeof cell === 'string' ? cell : (cell?.text ?? '');
}

/** Ignores case, accents, spaces and punctuation: "Código " equals "CODIGO". */
export function plainHeader(header: string): string {
  return header
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '');
}

/** @throws UnreadableFileError on too many columns or a formula */
export function checkedHeaders(cells: (Cell | undefined)[]): string[] {
  const headers = Array.from(cells, (cell) => {
    if (typeof cell === 'object' && cell.is === 'formula') throw new UnreadableFileError('headerFormula');
    return cutText(textOf(cell).trim(), 100).toWellFormed();
  });
  while (headers.at(-1) === '') headers.pop();
  if (headers.length > MAX_COLUMNS) throw new UnreadableFileError('tooManyColumns', { maximum: MAX_COLUMNS });
  return headers;
}
