import {
  cutText,
  textOf,
  type Cell,
  type FirstRow,
  type HeaderSearch,
  type SheetRow,
} from './spreadsheet.ts';

/** Rows with content among which the headings are looked for. */
export const SEARCHED_ROWS = 20;
const SHOWN_LENGTH = 80;

export interface FoundHeader {
  index: number;
  /** 0 if no row was recognised, `Infinity` for the row that a person chose. */
  rating: number;
}

/** One more than is searched, which shows whether the last one has a row below. */
export function rowsToFetch({ chosen }: HeaderSearch): number {
  return chosen === 'first' ? 1 : SEARCHED_ROWS + 1;
}

/** The chosen row, else the one with the most recognised columns, else the first with two texts: a title has one. */
export function findHeader(rows: SheetRow[], { rate, chosen }: HeaderSearch): FoundHeader {
  if (typeof chosen === 'object') {
    const index = rows.findIndex(({ sheet, line }) => sheet === chosen.sheet && line === chosen.line);
    if (index >= 0) return { index, rating: Infinity };
  }
  const ratings = rows.slice(0, SEARCHED_ROWS).map(({ cells }) => rate(textsOf(cells)));
  const rating = Math.max(...ratings);
  if (rating > 0) return { index: ratings.indexOf(rating), rating };
  const wide = rows.findIndex(({ cells }) => filled(cells).length > 1);
  return { index: Math.max(0, wide), rating };
}

export function hasEnough(rows: SheetRow[], search: HeaderSearch): boolean {
  return rows.length >= rowsToFetch(search) || findHeader(rows, search).rating > 0;
}

function textsOf(cells: SheetRow['cells']): string[] {
  return Array.from(cells, (cell) => textOf(cell).trim());
}

function filled(cells: SheetRow['cells']): string[] {
  return textsOf(cells).filter((text) => text !== '');
}

/** The rows that can be chosen as headings: without formulas, and with a row below. */
export function describeFirstRows(
  rows: SheetRow[],
  { header, sheetName }: { header?: SheetRow; sheetName?: string },
): FirstRow[] {
  const isFormula = (cell: Cell | undefined) => typeof cell === 'object' && cell.is === 'formula';
  return rows
    .filter((row, index) => row === header || (index < rows.length - 1 && !row.cells.some(isFormula)))
    .map(({ sheet, line, cells }) => {
      const text = cutText(filled(cells).join(' · '), SHOWN_LENGTH).toWellFormed();
      return { sheet, line, text, ...(sheetName !== undefined && { sheetName }) };
    });
}
