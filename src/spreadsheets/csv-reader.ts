import { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import {
  checkedHeaders,
  MAX_COLUMNS,
  UnreadableFileError,
  type Cell,
  type HeaderSearch,
  type SheetRow,
  type Spreadsheet,
} from './spreadsheet.ts';
import { readBytes, type FileSource } from './file-source.ts';
import { withoutGuard } from './guarded-text.ts';
import { describeFirstRows, findHeader, rowsToFetch, SEARCHED_ROWS } from './header-row.ts';
import { formulaCell } from './text-cells.ts';

/** In characters: room for 100 columns, each as long as a description can be. */
const MAX_RECORD = 256 * 1024;
const SLICE = 64 * 1024;
const BATCH = 250;
const DELIMITERS = [';', '\t', ','];

/** @throws UnreadableFileError */
export async function openCsv(file: FileSource, search: HeaderSearch): Promise<Spreadsheet> {
  const encoding = await detectEncoding(file);
  const { delimiter, skipped } = await detectDelimiter(file, encoding, search);
  const records = readRecords(file, encoding, delimiter);
  const isEmpty = (record: string[]) => record.every((text) => text.trim() === '');
  let line = 0;
  const first: { sheet: 0; line: number; cells: string[] }[] = [];
  while (first.length < rowsToFetch(search)) {
    const { value, done } = await records.next();
    if (done) break;
    line++;
    if (line > skipped && !isEmpty(value)) first.push({ sheet: 0, line, cells: value });
  }
  if (first.length === 0) throw new UnreadableFileError('empty');
  const { index } = findHeader(first, search);
  const header = first[index]!;
  return {
    headers: checkedHeaders(header.cells),
    header: { sheet: 0, line: header.line },
    firstRows: describeFirstRows(first, { header }),
    sheets: [],
    ignoredSheets: [],
    hiddenSheets: [],
    hiddenColumns: [],
    rows: async function* () {
      let rows: SheetRow[] = first.slice(index + 1).map((row) => toRow(row.line, row.cells));
      for await (const record of records) {
        line++;
        if (isEmpty(record)) continue;
        rows.push(toRow(line, record));
        if (rows.length < BATCH) continue;
        yield rows;
        rows = [];
      }
      if (rows.length > 0) yield rows;
    },
  };
}

function toRow(line: number, record: string[]): SheetRow {
  if (record.length > MAX_COLUMNS && record.findLastIndex((text) => text !== '') >= MAX_COLUMNS)
    throw new UnreadableFileError('tooManyColumns', { maximum: MAX_COLUMNS });
  return { sheet: 0, line, cells: record.map(cellOf) };
}

/** Flags formulas. Some programs write ="007" to keep the zeros. */
function cellOf(text: string): Cell {
  return text.startsWith('=') ? formulaCell(text.slice(1), text) : withoutGuard(text);
}

/** UTF-16 by its byte order mark, UTF-8 if the whole file is valid, else Windows-1252. */
async function detectEncoding(file: FileSource): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let isFirst = true;
  let isUtf8 = true;
  for await (const part of readBytes(file)) {
    if (isFirst) {
      const mark = part.toString('latin1', 0, 2);
      if (mark === '\xff\xfe') return 'utf-16le';
      if (mark === '\xfe\xff') return 'utf-16be';
      // Control characters occur in binary files only.
      if (/[\x00-\x08\x0e-\x1a\x1c-\x1f]/.test(part.toString('latin1', 0, SLICE)))
        throw new UnreadableFileError('otherKind');
      isFirst = false;
    }
    if (!isUtf8) break;
    try {
      decoder.decode(part, { stream: true });
    } catch {
      isUtf8 = false;
    }
  }
  if (!isUtf8) return 'windows-1252';
  try {
    decoder.decode();
    return 'utf-8';
  } catch {
    return 'windows-1252';
  }
}

async function* decoded(file: FileSource, encoding: string): AsyncGenerator<string, undefined> {
  const decoder = new TextDecoder(encoding);
  for await (const part of readBytes(file)) {
    for (let at = 0; at < part.length; at += SLICE) {
      yield decoder.decode(part.subarray(at, at + SLICE), { stream: true });
    }
  }
  yield decoder.decode();
  return undefined;
}

/** The delimiter with which a row of headings is found; if several or none, the one that makes most columns. */
async function detectDelimiter(file: FileSource, encoding: string, search: HeaderSearch) {
  const first = await decoded(file, encoding).next();
  const start = first.value ?? '';
  const hint = /^sep=(.)\r?\n/i.exec(start)?.[1];
  if (hint) return { delimiter: hint, skipped: 1 };
  const lines = (start.match(/(?:"(?:[^"]|"")*"|[^"\r\n])+/g) ?? [])
    .filter((line) => line.trim() !== '')
    .slice(0, SEARCHED_ROWS);
  if (lines.length === 0) return { delimiter: DELIMITERS[0]!, skipped: 0 };
  const attempts = DELIMITERS.map((delimiter) => {
    const rows = lines.map((line, index) => ({ sheet: 0, line: index, cells: split(line, delimiter) }));
    const { index, rating } = findHeader(rows, { ...search, chosen: undefined });
    return { delimiter, rating, count: rows[index]!.cells.length };
  });
  const chosen = attempts.reduce((best, other) =>
    other.rating > best.rating || (other.rating === best.rating && other.count > best.count) ? other : best,
  );
  return { delimiter: chosen.delimiter, skipped: 0 };
}

/** Roughly: the text around quotes stays. */
function split(line: string, delimiter: string): string[] {
  const cells = line.match(new RegExp(`(?:"(?:[^"]|"")*"|[^"${delimiter}])+|${delimiter}`, 'g')) ?? [];
  return cells.filter((cell) => cell !== delimiter);
}

async function* readRecords(file: FileSource, encoding: string, delimiter: string) {
  const parser = parse({
    delimiter,
    record_delimiter: ['\r\n', '\n', '\r'],
    bom: true,
    // Inches, as in 3" pipe.
    relax_quotes: true,
    relax_column_count: true,
    max_record_size: MAX_RECORD,
  });
  const text = Readable.from(decoded(file, encoding));
  text.once('error', (error) => parser.destroy(error));
  let line = 0;
  try {
    for await (const record of text.pipe(parser) as AsyncIterable<string[]>) {
      line++;
      yield record;
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    if (line === 0) throw new UnreadableFileError('tooManyColumns', { maximum: MAX_COLUMNS });
    throw new UnreadableFileError('rowTooLong', { line: line + 1 });
  } finally {
    text.destroy();
  }
}
