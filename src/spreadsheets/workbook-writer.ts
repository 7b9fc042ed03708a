import { addAbortSignal, Readable, type Writable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { ZipFile } from 'yazl';
import { guarded } from './guarded-text.ts';

const MAX_SHEET_ROWS = 1_048_576;
/** For 1,000,000 products, level 6 saves 10 % in size and takes 50 % longer. */
const COMPRESSION_LEVEL = 3;

/** A number with decimals as text, such as 12.50: a JavaScript number would not be exact. */
export class Decimal {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Cell = string | number | Date | Decimal | null;

export interface Table {
  name: string;
  /** At most 26; widths in characters. */
  columns: { title: string; width: number; isText?: boolean | undefined }[];
  rows: AsyncIterator<Cell[][]>;
  /** Per sheet, header included; further rows go to a new sheet. */
  maxRows?: number | undefined;
}

/** One batch in memory; the first bytes wait for no row. @throws if `rows` does or `out` closes; both have ended */
export async function writeTable(table: Table, out: Writable): Promise<void> {
  const zip = new ZipFile();
  const aborter = new AbortController();
  const end = (error: unknown) => {
    aborter.abort();
    throw error;
  };
  const { signal } = aborter;
  const [added, sent] = await Promise.allSettled([
    addParts(zip, table, signal).catch(end),
    pipeline(zip.outputStream, out, { signal }).catch(end),
  ]);
  if (added.status === 'rejected') throw added.reason;
  if (sent.status === 'rejected') throw sent.reason;
}

async function addParts(
  zip: ZipFile,
  { name, columns, rows, maxRows = MAX_SHEET_ROWS }: Table,
  signal: AbortSignal,
) {
  const queue = new RowQueue(rows);
  const sheets: string[] = [];
  try {
    do {
      sheets.push(sheets.length === 0 ? name : `${name} ${sheets.length + 1}`);
      const xml = Readable.from(sheetXml(queue, columns, maxRows));
      addAbortSignal(signal, xml);
      const path = `xl/worksheets/sheet${sheets.length}.xml`;
      zip.addReadStreamLazy(path, { compressionLevel: COMPRESSION_LEVEL }, (take) => take(null, xml));
      await finished(xml);
    } while (await queue.hasMore());
  } finally {
    await rows.return?.();
  }
  for (const [path, xml] of commonParts(sheets)) zip.addBuffer(Buffer.from(xml), path);
  zip.end();
}

class RowQueue {
  readonly #source: AsyncIterator<Cell[][]>;
  #waiting: Cell[][] = [];

  constructor(source: AsyncIterator<Cell[][]>) {
    this.#source = source;
  }

  async hasMore(): Promise<boolean> {
    while (this.#waiting.length === 0) {
      const next = await this.#source.next();
      if (next.done) return false;
      this.#waiting = next.value;
    }
    return true;
  }

  async take(count: number): Promise<Cell[][]> {
    return (await this.hasMore()) ? this.#waiting.splice(0, count) : [];
  }
}

const XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const RELATIONSHIPS = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const PACKAGE = 'http://schemas.openxmlformats.org/package/2006';
const TYPES = 'application/vnd.openxmlformats-officedocument.spreadsheetml';
/** Indexes into `cellXfs` below. */
const BOLD = 1;
const DATE = 2;
const TEXT = 3;
/** With thousands and as many decimals as the value has, up to three. */
const DECIMAL_STYLES = [4, 5, 6, 7];
const DECIMAL_FORMATS = ['#,##0', '#,##0.0', '#,##0.00', '#,##0.000'];

async function* sheetXml(queue: RowQueue, columns: Table['columns'], maxRows: number) {
  const widths = columns.map(
    ({ width, isText }, i) =>
      `<col min="${i + 1}" max="${i + 1}" width="${width}" customWidth="1"${isText ? ` style="${TEXT}"` : ''}/>`,
  );
  const titles = columns.map(({ title }, i) => textCell(`${columnName(i)}1`, title, ` s="${BOLD}"`));
  yield Buffer.from(
    `${XML}<worksheet xmlns="${MAIN}"><sheetViews><sheetView workbookViewId="0">` +
      '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>' +
      `<cols>${widths.join('')}</cols><sheetData><row r="1" s="${BOLD}" customFormat="1">${titles.join('')}</row>`,
  );
  let last = 1;
  while (last < maxRows) {
    const rows = await queue.take(maxRows - last);
    if (rows.length === 0) break;
    let xml = '';
    for (const row of rows) xml += rowXml(++last, row);
    yield Buffer.from(xml);
  }
  yield Buffer.from(
    `</sheetData><autoFilter ref="A1:${columnName(columns.length - 1)}${last}"/></worksheet>`,
  );
}

function rowXml(number: number, cells: Cell[]): string {
  let xml = `<row r="${number}">`;
  for (let i = 0; i < cells.length; i++) {
    const cell = cells[i] ?? null;
    const place = `${columnName(i)}${number}`;
    if (cell === null) continue;
    if (typeof cell === 'string') xml += textCell(place, cell, ` s="${TEXT}"`);
    else if (typeof cell === 'number') xml += `<c r="${place}"><v>${cell}</v></c>`;
    else if (cell instanceof Decimal)
      xml += `<c r="${place}" s="${DECIMAL_STYLES[placesOf(cell)]}"><v>${cell.text}</v></c>`;
    else xml += `<c r="${place}" s="${DATE}"><v>${serialDate(cell)}</v></c>`;
  }
  return `${xml}</row>`;
}

function placesOf({ text }: Decimal): number {
  return Math.min(3, text.split('.')[1]?.length ?? 0);
}

/** Inline, as a shared string table would stay in memory to the end. The format Text keeps 007 as it is when edited. */
function textCell(place: string, content: string, style: string): string {
  // What an import takes off.
  const text = /^(?:'|=")/.test(content) ? guarded(content) : content;
  const inside = NEEDS_ESCAPING.test(text)
    ? `<t xml:space="preserve">${escapeText(text)}</t>`
    : `<t>${text}</t>`;
  return `<c r="${place}"${style} t="inlineStr"><is>${inside}</is></c>`;
}

const NEEDS_ESCAPING = /^\s|\s$|[&<>\p{Cc}\p{Cs}\ufffe\uffff]|_x[0-9a-f]{4}_/iu;
/** Control characters that XML forbids or normalises. */
const NOT_IN_XML = /[\0-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9a-f]{4}_)/gi;
const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** Excel encodes such characters as `_x000D_`, so text that looks like that is escaped too. */
function escapeText(text: string): string {
  return text
    .toWellFormed()
    .replace(
      NOT_IN_XML,
      (character) => `_x${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}_`,
    )
    .replace(/[&<>]/g, (character) => ENTITIES[character]!);
}

/** A to Z, then AA to AZ and so on. */
function columnName(index: number): string {
  const last = String.fromCharCode(65 + (index % 26));
  return index < 26 ? last : columnName(Math.floor(index / 26) - 1) + last;
}

/** Days since 30 December 1899 of the UTC fields. */
function serialDate(date: Date): number {
  return date.getTime() / 86_400_000 + 25_569;
}

/** Every part except the sheets, whose number is known only once they are written. */
function commonParts(sheets: string[]): [path: string, xml: string][] {
  const numbered = sheets.map((name, i) => ({ name: escapeText(name), number: i + 1 }));
  const override = (part: string, type: string) =>
    `<Override PartName="/xl/${part}.xml" ContentType="${TYPES}.${type}+xml"/>`;
  const related = (id: string, type: string, target: string) =>
    `<Relationship Id="${id}" Type="${RELATIONSHIPS}/${type}" Target="${target}"/>`;
  const relationships = (all: string[]) =>
    `${XML}<Relationships xmlns="${PACKAGE}/relationships">${all.join('')}</Relationships>`;
  return [
    [
      'xl/workbook.xml',
      `${XML}<workbook xmlns="${MAIN}" xmlns:r="${RELATIONSHIPS}"><sheets>` +
        numbered
          .map(({ name, number }) => `<sheet name="${name}" sheetId="${number}" r:id="s${number}"/>`)
          .join('') +
        '</sheets></workbook>',
    ],
    [
      'xl/_rels/workbook.xml.rels',
      relationships([
        ...numbered.map(({ number }) => related(`s${number}`, 'worksheet', `worksheets/sheet${number}.xml`)),
        related('styles', 'styles', 'styles.xml'),
      ]),
    ],
    [
      'xl/styles.xml',
      `${XML}<styleSheet xmlns="${MAIN}"><numFmts count="5"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd\\ hh:mm"/>${DECIMAL_FORMATS.map((code, i) => `<numFmt numFmtId="${165 + i}" formatCode="${code}"/>`).join('')}</numFmts>` +
        '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts>' +
        '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>' +
        '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>' +
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>' +
        '<cellXfs count="8"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>' +
        '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>' +
        '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>' +
        '<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>' +
        DECIMAL_FORMATS.map(
          (_, i) =>
            `<xf numFmtId="${165 + i}" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>`,
        ).join('') +
        '</cellXfs>' +
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>',
    ],
    ['_rels/.rels', relationships([related('workbook', 'officeDocument', 'xl/workbook.xml')])],
    [
      '[Content_Types].xml',
      `${XML}<Types xmlns="${PACKAGE}/content-types">` +
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>' +
        '<Default Extension="xml" ContentType="application/xml"/>' +
        override('workbook', 'sheet.main') +
        override('styles', 'styles') +
        numbered.map(({ number }) => override(`worksheets/sheet${number}`, 'worksheet')).join('') +
        '</Types>',
    ],
  ];
}
