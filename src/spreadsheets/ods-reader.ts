import {
  cutText,
  MAX_CELL_LENGTH,
  MAX_COLUMNS,
  MAX_ROWS,
  UnreadableFileError,
  type Cell,
  type HeaderSearch,
  type SheetRow,
  type Spreadsheet,
} from './spreadsheet.ts';
import { hasEnough } from './header-row.ts';
import { shownNumber } from './ods-numbers.ts';
import { formulaCell, hasContent, textCell } from './text-cells.ts';
import {
  inSheet,
  isSheetProblem,
  MAX_LINES,
  MAX_SHEETS,
  toSpreadsheet,
  withMerged,
  type WorkbookSheet,
} from './workbook.ts';
import { collectXml, InflateBudget, parseXml, readXml } from './xml-stream.ts';
import type { ZipArchive } from './zip-archive.ts';

const CONTENT = 'content.xml';
const MANIFEST = 'META-INF/manifest.xml';

type Attributes = Record<string, string>;

/** All sheets are in one part, so finding their headings reads it once, and reading their rows once more. */
export async function openOds(
  archive: ZipArchive,
  fileBytes: number,
  search: HeaderSearch,
): Promise<Spreadsheet> {
  if (await isEncrypted(archive, fileBytes)) throw new UnreadableFileError('encrypted');
  const sheets: WorkbookSheet[] = [];
  const found = new Set<number>();
  const reading = readTables(archive, fileBytes, {
    begin: (sheet) => sheets.push(sheet),
    isWanted: (sheet) => !found.has(sheet),
    refuse: (error, sheet) => {
      sheets[sheet]!.problem = error;
      found.add(sheet);
    },
  });
  for await (const rows of reading) {
    for (const row of rows) {
      if (found.has(row.sheet)) continue;
      const { first } = sheets[row.sheet]!;
      first.push(row);
      if (hasEnough(first, search)) found.add(row.sheet);
    }
  }
  const rows = (wanted: number[]) =>
    readTables(archive, fileBytes, { isWanted: (sheet) => wanted.includes(sheet) });
  return toSpreadsheet({ sheets, rows }, search);
}

async function isEncrypted(archive: ZipArchive, fileBytes: number): Promise<boolean> {
  if (archive.has('encrypted-package')) return true;
  let found = false;
  if (archive.has(MANIFEST)) {
    const open = (name: string) => (found ||= name === 'encryption-data');
    await readXml(await archive.stream(MANIFEST), new InflateBudget(fileBytes), { open });
  }
  return found;
}

interface TableReading {
  begin?: (sheet: WorkbookSheet) => void;
  isWanted: (sheet: number) => boolean;
  /** Without it, what is wrong with a sheet is thrown. */
  refuse?: (error: UnreadableFileError, sheet: number) => void;
}

async function* readTables(
  archive: ZipArchive,
  fileBytes: number,
  { begin, isWanted, refuse }: TableReading,
): AsyncGenerator<SheetRow[]> {
  const hiddenStyles = new Set<string>();
  let style = '';
  let isSpreadsheet = false as boolean;
  let depth = 0;
  let tableDepth = 0;
  let sheets = 0;
  let table: TableReader | undefined;
  const found: SheetRow[] = [];
  const attempt = (read: () => void) => {
    try {
      read();
    } catch (error) {
      const named = inSheet(error, table!.sheet.name);
      if (!refuse || !isSheetProblem(named)) throw named;
      refuse(named, table!.number);
    }
  };
  const open = (name: string, attributes: Attributes) => {
    depth++;
    if (name === 'spreadsheet') isSpreadsheet = true;
    else if (name === 'style') style = attributes['style:name'] ?? '';
    else if (name === 'table-properties' && attributes['table:display'] === 'false') hiddenStyles.add(style);
    else if (name === 'table' && isSpreadsheet && !table && !isCopy(attributes)) {
      if (sheets === MAX_SHEETS) throw new UnreadableFileError('damaged');
      const sheet: WorkbookSheet = {
        name: cutText(attributes['table:name'] ?? '', 31).toWellFormed(),
        isHidden: hiddenStyles.has(attributes['table:style-name'] ?? ''),
        hiddenColumns: [],
        first: [],
      };
      table = new TableReader(sheet, sheets++, (row) => found.push(row));
      tableDepth = depth;
      begin?.(sheet);
    } else if (table && isWanted(table.number)) attempt(() => table!.open(name, attributes, depth));
  };
  const close = (name: string) => {
    if (table && depth === tableDepth) table = undefined;
    else if (table && isWanted(table.number)) attempt(() => table!.close(name, depth));
    depth--;
  };
  const text = (part: string) => {
    if (table && isWanted(table.number)) attempt(() => table!.text(part));
  };
  const budget = new InflateBudget(fileBytes);
  const parsing = parseXml(await archive.stream(CONTENT), budget, { open, close, text });
  yield* collectXml(parsing, () => found.splice(0));
  if (!isSpreadsheet) throw new UnreadableFileError('openDocument');
}

/** The copy of a sheet of another file, which formulas refer to. */
function isCopy(attributes: Attributes): boolean {
  return /^'(file|https?):/.test(attributes['table:name'] ?? '');
}

class TableReader {
  readonly sheet: WorkbookSheet;
  readonly number: number;
  readonly #push: (row: SheetRow) => void;
  #columns = 0;
  #rows = 0;
  #line = 1;
  #row: SheetRow | undefined;
  #rowRepeats = 1;
  #column = 0;
  #covered: number[] = [];
  /** Where a merged cell covers the column, and down to which line. */
  readonly #spans = new Map<number, { from: number; to: number }>();
  #cell: Attributes | undefined;
  #cellDepth = 0;
  #isCovered = false;
  /** Undefined outside the paragraphs of a cell: notes and drawings in it have their own. */
  #paragraphDepth: number | undefined;
  #text: string | undefined;

  constructor(sheet: WorkbookSheet, number: number, push: (row: SheetRow) => void) {
    this.sheet = sheet;
    this.number = number;
    this.#push = push;
  }

  open(name: string, attributes: Attributes, depth: number): void {
    if (name === 'table-column') this.#addColumn(attributes);
    else if (name === 'table-row') this.#beginRow(attributes);
    else if (this.#row && (name === 'table-cell' || name === 'covered-table-cell')) {
      this.#cell = attributes;
      this.#cellDepth = depth;
      this.#isCovered = name === 'covered-table-cell';
      this.#text = undefined;
    } else if (this.#cell && name === 'p' && depth === this.#cellDepth + 1) {
      this.#paragraphDepth = depth;
      this.#text = this.#text === undefined ? '' : `${this.#text}\n`;
    } else if (name === 's')
      this.#add(' '.repeat(Math.min(Number(attributes['text:c'] ?? 1), MAX_CELL_LENGTH)));
    else if (name === 'tab') this.#add('\t');
    else if (name === 'line-break') this.#add('\n');
  }

  text(text: string): void {
    this.#add(text.replace(/[\t\r\n ]+/g, ' '));
  }

  close(name: string, depth: number): void {
    if (depth === this.#paragraphDepth) this.#paragraphDepth = undefined;
    else if (this.#cell && depth === this.#cellDepth) this.#endCell();
    else if (name === 'table-row' && this.#row) this.#endRow();
  }

  #add(text: string): void {
    if (this.#paragraphDepth === undefined) return;
    this.#text = (this.#text ?? '') + text;
    if (this.#text.length > MAX_CELL_LENGTH) throw new UnreadableFileError('cellTooLong');
  }

  #addColumn(attributes: Attributes): void {
    const repeats = repeatsOf(attributes, 'columns');
    const end = Math.min(this.#columns + repeats, MAX_COLUMNS);
    if (isHidden(attributes))
      for (let column = this.#columns; column < end; column++) this.sheet.hiddenColumns.push(column);
    this.#columns += repeats;
  }

  #beginRow(attributes: Attributes): void {
    this.#row = { sheet: this.number, line: this.#line, cells: [] };
    if (isHidden(attributes)) this.#row.isHidden = true;
    this.#rowRepeats = repeatsOf(attributes, 'rows');
    this.#column = 0;
    this.#covered = [];
  }

  #endCell(): void {
    const attributes = this.#cell!;
    const { line, cells } = this.#row!;
    const repeats = repeatsOf(attributes, 'columns');
    const cell = this.#isCovered ? '' : cellOf(attributes, this.#text);
    const end = this.#column + repeats;
    if (cell !== '' && end > MAX_COLUMNS)
      throw new UnreadableFileError('tooManyColumns', { maximum: MAX_COLUMNS });
    this.#span(attributes, line);
    for (let column = this.#column; column < Math.min(end, MAX_COLUMNS); column++) {
      if (cell !== '') cells[column] = cell;
      const span = this.#isCovered && this.#spans.get(column);
      if (span && span.from < line && line <= span.to) this.#covered.push(column);
    }
    this.#column = end;
    this.#cell = undefined;
  }

  #span(attributes: Attributes, line: number): void {
    const rows = Number(attributes['table:number-rows-spanned'] ?? 1);
    if (!(rows > 1)) return;
    const end = this.#column + Number(attributes['table:number-columns-spanned'] ?? 1);
    for (let column = this.#column; column < Math.min(end, MAX_COLUMNS); column++)
      this.#spans.set(column, { from: line, to: line + rows - 1 });
  }

  #endRow(): void {
    const row = this.#row!;
    const repeats = this.#rowRepeats;
    this.#row = undefined;
    this.#line += repeats;
    if (!hasContent(row)) return;
    if (this.#line > MAX_LINES + 1) throw new UnreadableFileError('damaged');
    this.#rows += repeats;
    // A repeated row is short in the file; the limit itself holds for the rows below the headings.
    if (this.#rows > 2 * MAX_ROWS) throw new UnreadableFileError('tooManyRows', { maximum: MAX_ROWS });
    withMerged(row, this.#covered);
    for (let index = 0; index < repeats; index++) this.#push({ ...row, line: row.line + index });
  }
}

function repeatsOf(attributes: Attributes, what: 'rows' | 'columns'): number {
  const repeats = Number(attributes[`table:number-${what}-repeated`] ?? 1);
  return Number.isSafeInteger(repeats) && repeats > 0 ? repeats : 1;
}

function isHidden(attributes: Attributes): boolean {
  return /^(collapse|filter)$/.test(attributes['table:visibility'] ?? '');
}

function cellOf(attributes: Attributes, shown = attributes['office:string-value'] ?? ''): Cell {
  const formula = attributes['table:formula'];
  if (formula !== undefined) return formulaCell(formula.replace(/^(\w+:)?=/, ''), shown);
  if (attributes['calcext:value-type'] === 'error') return { is: 'error', text: shown };
  const value = attributes['office:value'] ?? '';
  switch (attributes['office:value-type']) {
    case 'float':
    case 'percentage':
    case 'currency':
      return shownNumber(value, shown);
    case 'boolean':
      return { is: 'boolean', text: shown };
    case 'date':
      return { is: 'date', text: dateText(attributes['office:date-value'] ?? shown) };
    case 'time':
      return { is: 'date', text: shown };
    default:
      return textCell(shown);
  }
}

function dateText(value: string): string {
  return value
    .replace(/T00:00:00.*$/, '')
    .slice(0, 16)
    .replace('T', ' ');
}
