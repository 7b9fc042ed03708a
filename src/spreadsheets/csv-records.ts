import { MAX_COLUMNS, UnreadableFileError } from './spreadsheet.ts';

/** In characters: room for 100 columns, each as long as a description can be. */
const MAX_RECORD = 256 * 1024;

export interface CsvRecord {
  cells: string[];
  /** The cell whose quote closes nowhere; the quote was taken as part of its text. */
  openQuote?: number;
}

interface Parsed {
  records: CsvRecord[];
  rest: string;
  isQuoted: boolean;
}

/** In batches. @throws UnreadableFileError */
export async function* readRecords(
  chunks: AsyncIterable<string>,
  delimiter: string,
): AsyncGenerator<CsvRecord[], undefined> {
  let rest = '';
  let line = 0;
  for await (const chunk of chunks) {
    const parsed = parseRecords(rest + chunk, delimiter, { isLast: false });
    rest = parsed.rest;
    line += parsed.records.length;
    yield parsed.records;
    if (rest.length <= MAX_RECORD) continue;
    if (line === 0 && !parsed.isQuoted)
      throw new UnreadableFileError('tooManyColumns', { maximum: MAX_COLUMNS });
    throw new UnreadableFileError('rowTooLong', { line: line + 1 });
  }
  yield parseRecords(rest, delimiter, { isLast: true }).records;
  return undefined;
}

/** Spaces beside quotes belong to no cell. Quotes within a text, as in 3" pipe, are part of it. */
export function parseRecords(text: string, delimiter: string, { isLast }: { isLast: boolean }): Parsed {
  const records: CsvRecord[] = [];
  let start = 0;
  while (start < text.length) {
    const record = parseRecord(text, start, { delimiter, isLast });
    if ('isQuoted' in record) return { records, rest: text.slice(start), isQuoted: record.isQuoted };
    const { end, ...found } = record;
    records.push(found);
    start = end;
  }
  return { records, rest: '', isQuoted: false };
}

interface Grammar {
  delimiter: string;
  isLast: boolean;
}

type Unfinished = { isQuoted: boolean };

function parseRecord(
  text: string,
  start: number,
  grammar: Grammar,
): (CsvRecord & { end: number }) | Unfinished {
  const cells: string[] = [];
  let openQuote: number | undefined;
  let at = start;
  for (;;) {
    const quoted = parseQuoted(text, at, grammar);
    if (quoted === 'unfinished') return { isQuoted: true };
    const end = quoted === 'none' || quoted === 'open' ? endOfBare(text, at, grammar.delimiter) : quoted.end;
    const cell = typeof quoted === 'object' ? quoted.text : text.slice(at, end);
    if (quoted === 'open' && cell.split('"').length % 2 === 0) openQuote ??= cells.length;
    cells.push(cell);
    if (text[end] === grammar.delimiter) {
      at = end + 1;
      continue;
    }
    // A carriage return at the end may be half of a line break.
    const isCut = end === text.length || (text[end] === '\r' && end + 1 === text.length);
    if (isCut && !grammar.isLast) return { isQuoted: false };
    const next = end + (text.startsWith('\r\n', end) ? 2 : 1);
    return { cells, end: next, ...(openQuote !== undefined && { openQuote }) };
  }
}

function endOfBare(text: string, start: number, delimiter: string): number {
  let end = start;
  while (end < text.length && text[end] !== delimiter && text[end] !== '\n' && text[end] !== '\r') end++;
  return end;
}

// 'open': it begins with a quote, but there is none before a delimiter or the end of a row, or another cell's opening
// quote or a loose one in another row comes first.
function parseQuoted(
  text: string,
  start: number,
  { delimiter, isLast }: Grammar,
): { text: string; end: number } | 'none' | 'open' | 'unfinished' {
  const open = skipSpaces(text, start);
  if (text[open] !== '"') return 'none';
  let isLoose = false;
  for (let at = open + 1; ;) {
    const quote = text.indexOf('"', at);
    if (quote < 0) return isLast ? 'open' : 'unfinished';
    if (text[quote + 1] === '"') {
      at = quote + 2;
      continue;
    }
    const end = skipSpaces(text, quote + 1);
    if (end === text.length && !isLast) return 'unfinished';
    const closes = end === text.length || text[end] === delimiter || text[end] === '\n' || text[end] === '\r';
    isLoose ||= !closes;
    if (!closes && text[quote - 1] === delimiter) return 'open';
    if (isLoose && /[\r\n]/.test(text.slice(open + 1, quote))) return 'open';
    if (closes) return { text: text.slice(open + 1, quote).replaceAll('""', '"'), end };
    at = quote + 1;
  }
}

function skipSpaces(text: string, start: number): number {
  let end = start;
  while (text[end] === ' ') end++;
  return end;
}

/** Whether a quoted text reads like the end of a row, whole rows and the start of one: two rows' quotes made a pair. */
export function swallowsRows(
  text: string,
  { column, columns, delimiter }: { column: number; columns: number; delimiter: string },
): boolean {
  if (columns < 2 || !/[\r\n]/.test(text)) return false;
  const lines = text.split(/\r\n|\n|\r/);
  const last = lines.length - 1;
  return lines.every((line, index) => {
    // A delimiter before a space is punctuation.
    const count = line.split(delimiter).filter((cell, at) => at > 0 && !cell.startsWith(' ')).length;
    return count === (index === 0 ? columns - 1 - column : index === last ? column : columns - 1);
  });
}
