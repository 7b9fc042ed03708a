/** What stands in a cell: text, or something that is none and is named, with the text that it shows. */
export type Cell = string | SpecialCell;

export interface SpecialCell {
  is: 'formula' | 'date' | 'error';
  text: string;
}

export interface SheetRow {
  /** From 0, among the sheets that are read. */
  sheet: number;
  /** As a spreadsheet program counts, the header included. */
  line: number;
  /** By column; a cell that is empty may be absent. */
  cells: (Cell | undefined)[];
}

/** A file that is open to be read once, from the first row below the header to the last. */
export interface Spreadsheet {
  headers: string[];
  /** The names of the sheets that are read, if the file has sheets. */
  sheets: string[];
  /** The names of those with another header, which are not. */
  ignoredSheets: string[];
  /** Some rows at a time, none of them empty. */
  rows: () => AsyncIterable<SheetRow[]>;
}

/** Tells from its headers whether a sheet of a workbook is the one to read. */
export type HeaderTest = (headers: string[]) => boolean;

/** Why a file cannot be read; each has a text of its own. */
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
  | 'failed';

/** The file is none that we read, or not within the limits. */
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
/** Excel's own limit for a cell. */
export const MAX_CELL_LENGTH = 32_767;

export function textOf(cell: Cell | null | undefined): string {
  return typeof cell === 'string' ? cell : (cell?.text ?? '');
}

/** Without case, accents, spaces and signs: "Código " and "CODIGO" are the same. */
export function plainHeader(header: string): string {
  return header
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '');
}

/** @throws UnreadableFileError when there are more columns than we read */
export function checkedHeaders(cells: (Cell | undefined)[]): string[] {
  const headers = Array.from(cells, (cell) => {
    if (typeof cell === 'object' && cell.is === 'formula') throw new UnreadableFileError('headerFormula');
    return textOf(cell).trim().slice(0, 100);
  });
  while (headers.at(-1) === '') headers.pop();
  if (headers.length > MAX_COLUMNS) throw new UnreadableFileError('tooManyColumns', { maximum: MAX_COLUMNS });
  return headers;
}
