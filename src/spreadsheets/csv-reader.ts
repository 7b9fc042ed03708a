import {
  checkedHeaders,
  MAX_COLUMNS,
  UnreadableFileError,
  type Cell,
  type HeaderSearch,
  type QuoteFlaw,
  type SheetRow,
  type Spreadsheet,
  type TextChoice,
} from './spreadsheet.ts';
import { parseRecords, readRecords, swallowsRows, type CsvRecord } from './csv-records.ts';
import type { FileSource } from './file-source.ts';
import { withoutGuard } from './guarded-text.ts';
import { describeFirstRows, findHeader, rowsToFetch, SEARCHED_ROWS } from './header-row.ts';
import { formulaCell } from './text-cells.ts';
import { decoded, detectEncoding } from './text-encoding.ts';

const BATCH = 250;
export const DELIMITERS = [';', ',', '\t', '|'] as const;
const SHOWN_ROWS = 3;
const SHOWN_LENGTH = 60;

interface NumberedRecord extends CsvRecord {
  sheet: 0;
  line: number;
}

/** @throws UnreadableFileError */
export async function openCsv(
  file: FileSource,
  search: HeaderSearch,
  chosen?: TextChoice,
): Promise<Spreadsheet> {
  const { encoding, label, isUnsure, samples } = await detectEncoding(file, chosen?.encoding);
  const { value: start = '' } = await decoded(file, label).next();
  const hint = /^sep=([^"\s]|\t)\r?\n/i.exec(start)?.[1];
  const delimiter = chosen?.delimiter ?? hint ?? detectDelimiter(start, search);
  const records = numberRecords(readRecords(decoded(file, label), delimiter), { skipsFirst: Boolean(hint) });
  const first: NumberedRecord[] = [];
  while (first.length < rowsToFetch(search)) {
    const { value, done } = await records.next();
    if (done) break;
    first.push(value);
  }
  if (first.length === 0) throw new UnreadableFileError('empty');
  const { index } = findHeader(first, search);
  const header = first[index]!;
  const headers = checkedHeaders(header.cells);
  const toRow = rowReader({ columns: header.cells.length, delimiter });
  const below = first.slice(index + 1);
  return {
    text: { encoding, delimiter, isUnsure, samples, rows: below.slice(0, SHOWN_ROWS).map(shownCells) },
    headers,
    header: { sheet: 0, line: header.line },
    firstRows: describeFirstRows(first, { header }),
    sheets: [],
    ignoredSheets: [],
    hiddenSheets: [],
    hiddenColumns: [],
    rows: async function* () {
      let rows: SheetRow[] = below.map(toRow);
      for await (const record of records) {
        rows.push(toRow(record));
        if (rows.length < BATCH) continue;
        yield rows;
        rows = [];
      }
      if (rows.length > 0) yield rows;
    },
  };
}

async function* numberRecords(
  batches: AsyncIterable<CsvRecord[]>,
  { skipsFirst }: { skipsFirst: boolean },
): AsyncGenerator<NumberedRecord, undefined> {
  let line = 0;
  for await (const records of batches) {
    for (const record of records) {
      line++;
      const isEmpty = record.cells.every((text) => text.trim() === '');
      if (!isEmpty && !(skipsFirst && line === 1)) yield { sheet: 0, line, ...record };
    }
  }
  return undefined;
}

function shownCells({ cells }: CsvRecord): string[] {
  return cells.slice(0, MAX_COLUMNS).map((text) => text.slice(0, SHOWN_LENGTH).toWellFormed());
}

interface Layout {
  columns: number;
  delimiter: string;
}

function rowReader(layout: Layout): (record: NumberedRecord) => SheetRow {
  return (record) => {
    const { sheet, line, cells } = record;
    if (cells.length > MAX_COLUMNS && cells.findLastIndex((text) => text !== '') >= MAX_COLUMNS)
      throw new UnreadableFileError('tooManyColumns', { maximum: MAX_COLUMNS });
    const flaw = flawOf(record, layout);
    return { sheet, line, cells: cells.map((text) => cellOf(text)), ...(flaw && { flaw }) };
  };
}

function flawOf({ cells, openQuote }: CsvRecord, { columns, delimiter }: Layout): QuoteFlaw | undefined {
  if (openQuote !== undefined) return { column: openQuote };
  const column = cells.findIndex((cell, at) => swallowsRows(cell, { column: at, columns, delimiter }));
  return column < 0 ? undefined : { column, rowsBelow: cells[column]!.match(/\r\n|\n|\r/g)!.length };
}

/** U+FFFD stands for a character that could not be decoded. Some programs write ="007" to keep the zeros. */
function cellOf(text: string): Cell {
  if (text.includes('\uFFFD')) return { is: 'badCharacter', text };
  return text.startsWith('=') ? formulaCell(text.slice(1), text) : withoutGuard(text);
}

/** The delimiter with which a row of headings is found; if several or none, the one that makes most columns. */
function detectDelimiter(start: string, search: HeaderSearch): string {
  const attempts = DELIMITERS.map((delimiter) => {
    const rows = parseRecords(start, delimiter, { isLast: true })
      .records.filter(({ cells }) => cells.some((text) => text.trim() !== ''))
      .slice(0, SEARCHED_ROWS)
      .map(({ cells }, line) => ({ sheet: 0, line, cells }));
    if (rows.length === 0) return { delimiter, rating: 0, count: 0 };
    const { index, rating } = findHeader(rows, { ...search, chosen: undefined });
    return { delimiter, rating, count: rows[index]!.cells.length };
  });
  return attempts.reduce((best, other) =>
    other.rating > best.rating || (other.rating === best.rating && other.count > best.count) ? other : best,
  ).delimiter;
}
