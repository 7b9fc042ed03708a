import { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import {
  checkedHeaders,
  MAX_COLUMNS,
  UnreadableFileError,
  type Cell,
  type SheetRow,
  type Spreadsheet,
} from './spreadsheet.ts';
import { readBytes, type FileSource } from './file-source.ts';

/** In characters: room for 100 columns, each as long as a description can be. */
const MAX_RECORD = 256 * 1024;
const SLICE = 64 * 1024;
const BATCH = 250;
const DELIMITERS = [';', '\t', ','];

/** @throws UnreadableFileError */
export async function openCsv(file: FileSource): Promise<Spreadsheet> {
  const encoding = await detectEncoding(file);
  const { delimiter, skipped } = await detectDelimiter(file, encoding);
  const records = readRecords(file, encoding, delimiter);
  let line = 0;
  let header: string[] | undefined;
  while (!header) {
    const { value, done } = await records.next();
    if (done) throw new UnreadableFileError('empty');
    line++;
    if (line > skipped && value.some((text) => text.trim() !== '')) header = value;
  }
  return {
    headers: checkedHeaders(header),
    sheets: [],
    ignoredSheets: [],
    rows: async function* () {
      let rows: SheetRow[] = [];
      for await (const record of records) {
        line++;
        if (record.every((text) => text.trim() === '')) continue;
        if (record.length > MAX_COLUMNS && record.findLastIndex((text) => text !== '') >= MAX_COLUMNS)
          throw new UnreadableFileError('tooManyColumns', { maximum: MAX_COLUMNS });
        rows.push({ sheet: 0, line, cells: record.map(cellOf) });
        if (rows.length < BATCH) continue;
        yield rows;
        rows = [];
      }
      if (rows.length > 0) yield rows;
    },
  };
}

/** Flags formulas. Our export escapes them with a leading '; some programs write ="007" to keep the zeros. */
function cellOf(text: string): Cell {
  if (text.startsWith("'")) return text.replace(/^'(?='*[=+\-@\t\r\uFF1D\uFF0B\uFF0D\uFF20])/, '');
  if (!text.startsWith('=')) return text;
  return /^="([^"]*)"$/.exec(text)?.[1] ?? { is: 'formula', text };
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

async function detectDelimiter(file: FileSource, encoding: string) {
  const first = await decoded(file, encoding).next();
  const start = first.value ?? '';
  const hint = /^sep=(.)\r?\n/i.exec(start)?.[1];
  if (hint) return { delimiter: hint, skipped: 1 };
  const line = /^(?:"(?:[^"]|"")*"|[^"\r\n])*/.exec(start.trimStart())?.[0] ?? '';
  const bare = line.replace(/"(?:[^"]|"")*"/g, '');
  const count = (delimiter: string) => bare.split(delimiter).length;
  const delimiter = DELIMITERS.reduce((best, other) => (count(other) > count(best) ? other : best));
  return { delimiter, skipped: 0 };
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
