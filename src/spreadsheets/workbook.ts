import { describeFirstRows, findHeader, hasEnough, rowsToFetch } from './header-row.ts';
import {
  checkedHeaders,
  plainHeader,
  textOf,
  UnreadableFileError,
  type HeaderSearch,
  type RefusalReason,
  type SheetRow,
  type Spreadsheet,
} from './spreadsheet.ts';

export const MAX_SHEETS = 250;
/** Rows of another sheet, and of all together, that can be chosen as headings. */
const OTHER_ROWS = 5;
const MAX_FIRST_ROWS = 40;
/** The last row of a sheet in Excel and LibreOffice. */
export const MAX_LINES = 1_048_576;

export interface WorkbookSheet {
  name: string;
  isHidden: boolean;
  hiddenColumns: number[];
  first: SheetRow[];
  problem?: UnreadableFileError | undefined;
}

export interface Workbook {
  sheets: WorkbookSheet[];
  /** The rows with content of these sheets, which are counted from 0 among all. */
  rows: (sheets: number[]) => AsyncIterable<SheetRow[]>;
}

/** Reasons that concern a sheet, not the file: the others can be read without it. */
const SHEET_PROBLEMS: RefusalReason[] = ['tooManyColumns', 'tooManyRows', 'cellTooLong'];

/** The first rows with content of a sheet. Stops early once headings are found: a million empty rows may follow. */
export async function readFirstRows(
  rows: AsyncIterable<SheetRow[]>,
  search: HeaderSearch,
): Promise<Pick<WorkbookSheet, 'first' | 'problem'>> {
  const limit = rowsToFetch(search);
  const first: SheetRow[] = [];
  try {
    for await (const found of rows) {
      first.push(...found.slice(0, limit - first.length));
      if (hasEnough(first, search)) break;
    }
  } catch (error) {
    if (!isSheetProblem(error)) throw error;
    return { first, problem: error };
  }
  return { first };
}

export function isSheetProblem(error: unknown): error is UnreadableFileError {
  return error instanceof UnreadableFileError && SHEET_PROBLEMS.includes(error.reason);
}

export function withMerged(row: SheetRow, columns: Iterable<number>): SheetRow {
  for (const column of columns) row.cells[column] = { is: 'merged', text: '' };
  return row;
}

export function inSheet(error: unknown, sheet: string): unknown {
  if (!(error instanceof UnreadableFileError) || error.reason === 'tooLarge') return error;
  return new UnreadableFileError(error.reason, { ...error.values, sheet });
}

/** @throws UnreadableFileError */
export function toSpreadsheet({ sheets, rows }: Workbook, search: HeaderSearch): Spreadsheet {
  const filled = sheets
    .map((sheet, number) => ({ ...sheet, number }))
    .filter(({ first, problem }) => first.length > 0 || problem);
  const hiddenSheets = namesOf(filled.filter(({ isHidden }) => isHidden));
  const shown = filled.filter(({ isHidden }) => !isHidden);
  const headed = shown.map((sheet) => ({
    ...sheet,
    ...(sheet.problem ? { index: 0, rating: -1 } : findHeader(sheet.first, search)),
  }));
  const main =
    headed.find(({ rating }) => rating === Infinity) ??
    headed.find(({ rating }) => rating > 0) ??
    headed.find(({ problem }) => problem) ??
    headed[0];
  if (!main) {
    if (hiddenSheets.length === 0) throw new UnreadableFileError('empty');
    throw new UnreadableFileError('onlyHidden', { names: hiddenSheets.join(', ') });
  }
  if (main.problem) throw main.problem;
  const header = main.first[main.index]!;
  const headers = headersOf(header, main.name);
  const title = titleOf(header);
  const others = shown.filter(({ number }) => number !== main.number);
  // Where the sheets with the same headings have them, which may be another row of each.
  const above = new Map(
    shown.flatMap((sheet) => {
      const index =
        sheet.number === main.number ? main.index : sheet.first.findIndex((row) => titleOf(row) === title);
      return index < 0 ? [] : [[sheet, index] as const];
    }),
  );
  return {
    headers,
    header: { sheet: header.sheet, line: header.line },
    firstRows: [
      ...describeFirstRows(main.first, { header, sheetName: main.name }),
      ...others.flatMap(({ first, name }) =>
        describeFirstRows(first, { sheetName: name }).slice(0, OTHER_ROWS),
      ),
    ].slice(0, MAX_FIRST_ROWS),
    sheets: namesOf([...above.keys()]),
    ignoredSheets: namesOf(shown.filter((sheet) => !above.has(sheet))),
    hiddenSheets,
    hiddenColumns: main.hiddenColumns.flatMap((column) => headers[column] || []),
    rows: async function* () {
      const read = [...above].map(([{ number }, index]) => ({ number, left: index + 1 }));
      for await (const found of rows(read.map(({ number }) => number))) {
        const below = found.flatMap((row) => {
          const sheet = read.findIndex(({ number }) => number === row.sheet);
          return read[sheet]!.left-- > 0 ? [] : [{ ...row, sheet }];
        });
        if (below.length > 0) yield below;
      }
    },
  };
}

function headersOf(header: SheetRow, sheet: string): string[] {
  try {
    return checkedHeaders(header.cells);
  } catch (error) {
    throw inSheet(error, sheet);
  }
}

function namesOf(sheets: { name: string }[]): string[] {
  return sheets.map(({ name }) => name);
}

function titleOf({ cells }: SheetRow): string {
  const headers = Array.from(cells, (cell) => plainHeader(textOf(cell)));
  while (headers.at(-1) === '') headers.pop();
  return headers.join('|');
}
