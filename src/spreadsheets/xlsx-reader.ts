import { posix } from 'node:path';
import {
  cutText,
  MAX_CELL_LENGTH,
  MAX_COLUMNS,
  UnreadableFileError,
  type Cell,
  type HeaderSearch,
  type SheetRow,
  type Spreadsheet,
} from './spreadsheet.ts';
import { formulaCell, hasContent, textCell } from './text-cells.ts';
import {
  inSheet,
  MAX_LINES,
  MAX_SHEETS,
  readFirstRows,
  toSpreadsheet,
  withMerged,
  type WorkbookSheet,
} from './workbook.ts';
import { columnNumber, Merges } from './xlsx-merges.ts';
import { cellFormat, isoDate, shownNumber, shownText, type CellFormat } from './xlsx-formats.ts';
import { collectXml, InflateBudget, parseXml, readXml } from './xml-stream.ts';
import type { ZipArchive } from './zip-archive.ts';

const MAX_SHARED_STRINGS = 1_500_000;
const MAX_SHARED_LENGTH = 40_000_000;

interface OpenWorkbook {
  archive: ZipArchive;
  fileBytes: number;
  budget: InflateBudget;
  sheets: { name: string; part: string; isHidden: boolean }[];
  sharedStrings: string[];
  styles: CellFormat[];
  startsIn1904: boolean;
}

/** @throws UnreadableFileError */
export async function openXlsx(
  archive: ZipArchive,
  fileBytes: number,
  search: HeaderSearch,
): Promise<Spreadsheet> {
  const workbook = await openWorkbook(archive, fileBytes);
  const sheets: WorkbookSheet[] = [];
  for (const [index, { name, isHidden }] of workbook.sheets.entries()) {
    const hiddenColumns: number[] = [];
    const rows = readSheet(workbook, index, { hiddenColumns });
    sheets.push({ name, isHidden, hiddenColumns, ...(await readFirstRows(rows, search)) });
  }
  return toSpreadsheet({ sheets, rows: (numbers) => readSheets(workbook, numbers) }, search);
}

async function* readSheets(workbook: OpenWorkbook, numbers: number[]): AsyncGenerator<SheetRow[]> {
  for (const number of numbers) {
    const sheet = await workbook.archive.stream(workbook.sheets[number]!.part);
    // A budget of its own: the sheet is read a second time.
    const merges = await Merges.find(sheet, new InflateBudget(workbook.fileBytes));
    yield* readSheet(workbook, number, { merges });
  }
}

async function openWorkbook(archive: ZipArchive, fileBytes: number): Promise<OpenWorkbook> {
  const budget = new InflateBudget(fileBytes);
  const root = await readRelations({ archive, budget }, '');
  const main = [...root.values()].find(({ type }) => type.endsWith('/officeDocument'))?.target;
  if (!main || !archive.has(main)) throw new UnreadableFileError('otherKind');

  const listed: { name: string; isHidden: boolean; relation: string }[] = [];
  let startsIn1904 = false;
  const tags = new Set<string>();
  await readXml(await archive.stream(main), budget, {
    open: (name, attributes) => {
      if (tags.size === 0) tags.add(name);
      if (name === 'workbookPr') startsIn1904 = /^(1|true)$/.test(attributes.date1904 ?? '');
      if (name !== 'sheet') return;
      const relation = Object.entries(attributes).find(([key]) => key.endsWith(':id'))?.[1];
      const isHidden = /hidden$/i.test(attributes.state ?? '');
      if (relation)
        listed.push({ name: cutText(attributes.name ?? '', 31).toWellFormed(), isHidden, relation });
    },
  });
  if (!tags.has('workbook')) throw new UnreadableFileError('otherKind');
  if (listed.length > MAX_SHEETS) throw new UnreadableFileError('damaged');
  const relations = await readRelations({ archive, budget }, main);
  const partOf = (kind: string) => [...relations.values()].find(({ type }) => type.endsWith(kind))?.target;
  const sheets = listed.flatMap(({ relation, ...sheet }) => {
    const found = relations.get(relation);
    return found?.type.endsWith('/worksheet') ? [{ ...sheet, part: found.target }] : [];
  });
  const workbook = { archive, fileBytes, budget, sheets, sharedStrings: [], styles: [], startsIn1904 };
  return {
    ...workbook,
    sharedStrings: await readSharedStrings(workbook, partOf('/sharedStrings')),
    styles: await readStyles(workbook, partOf('/styles')),
  };
}

interface Relation {
  type: string;
  target: string;
}

async function readRelations(
  { archive, budget }: Pick<OpenWorkbook, 'archive' | 'budget'>,
  part: string,
): Promise<Map<string, Relation>> {
  const { dir, base } = posix.parse(part);
  const name = posix.join(dir, '_rels', `${base}.rels`);
  const relations = new Map<string, Relation>();
  if (!archive.has(name)) return relations;
  await readXml(await archive.stream(name), budget, {
    open: (tag, { Id = '', Type = '', Target = '', TargetMode }) => {
      if (tag !== 'Relationship' || TargetMode === 'External' || relations.size > 10_000) return;
      const target = posix.join('/', Target.startsWith('/') ? '' : dir, Target).slice(1);
      relations.set(Id, { type: Type, target });
    },
  });
  return relations;
}

async function readSharedStrings(workbook: OpenWorkbook, part: string | undefined): Promise<string[]> {
  const strings: string[] = [];
  if (!part || !workbook.archive.has(part)) return strings;
  let length = 0;
  const collect = new TextCollector();
  await readXml(await workbook.archive.stream(part), workbook.budget, {
    open: (name) => collect.open(name),
    text: (text) => collect.text(text),
    close: (name) => {
      collect.close(name);
      if (name !== 'si') return;
      const text = collect.take();
      length += text.length;
      strings.push(text);
      if (strings.length > MAX_SHARED_STRINGS || length > MAX_SHARED_LENGTH)
        throw new UnreadableFileError('tooLarge');
    },
  });
  return strings;
}

async function readStyles(
  { archive, budget }: OpenWorkbook,
  part: string | undefined,
): Promise<CellFormat[]> {
  if (!part || !archive.has(part)) return [];
  const formats = new Map<number, string>();
  const styles: number[] = [];
  let isCellFormat = false;
  await readXml(await archive.stream(part), budget, {
    open: (name, attributes) => {
      if (name === 'cellXfs') isCellFormat = true;
      if (formats.size + styles.length > 200_000) throw new UnreadableFileError('damaged');
      if (name === 'numFmt') formats.set(Number(attributes.numFmtId), attributes.formatCode ?? '');
      if (name === 'xf' && isCellFormat) styles.push(Number(attributes.numFmtId ?? 0));
    },
    close: (name) => {
      if (name === 'cellXfs') isCellFormat = false;
    },
  });
  const cellFormats = new Map(styles.map((id) => [id, cellFormat(id, formats.get(id))]));
  return styles.map((id) => cellFormats.get(id)!);
}

/** Joins the runs of a rich text, without its phonetic guide (rPh). */
class TextCollector {
  #text = '';
  #isText = false;
  #isPhonetic = false;

  open(name: string): void {
    if (name === 't') this.#isText = true;
    else if (name === 'rPh') this.#isPhonetic = true;
  }

  text(text: string): void {
    if (!this.#isText || this.#isPhonetic) return;
    this.#text += text;
    if (this.#text.length > MAX_CELL_LENGTH) throw new UnreadableFileError('cellTooLong');
  }

  close(name: string): void {
    if (name === 't') this.#isText = false;
    else if (name === 'rPh') this.#isPhonetic = false;
  }

  take(): string {
    const text = this.#text;
    this.#text = '';
    return unescaped(text);
  }
}

interface SheetReading {
  merges?: Merges;
  hiddenColumns?: number[];
}

/** Excel's encoding of characters that XML forbids. */
function unescaped(text: string): string {
  return text.includes('_x')
    ? text.replace(/_x([0-9A-Fa-f]{4})_/g, (_all, code: string) => String.fromCharCode(parseInt(code, 16)))
    : text;
}

async function* readSheet(
  workbook: OpenWorkbook,
  sheet: number,
  { merges, hiddenColumns }: SheetReading,
): AsyncGenerator<SheetRow[]> {
  const { part, name: sheetName } = workbook.sheets[sheet]!;
  const rows: SheetRow[] = [];
  let row: SheetRow = { sheet, line: 0, cells: [] };
  let column = -1;
  let type = '';
  let style = 0;
  let value = '';
  let formula: string | undefined;
  let into: 'value' | 'formula' | undefined;
  const inline = new TextCollector();
  const parsing = parseXml(await workbook.archive.stream(part), workbook.budget, {
    open: (name, attributes) => {
      if (name === 'row') {
        row = { sheet, line: lineOf(attributes.r) ?? row.line + 1, cells: [] };
        if (isTrue(attributes.hidden)) row.isHidden = true;
        column = -1;
      } else if (name === 'c') {
        column = columnNumber(attributes.r) ?? column + 1;
        type = attributes.t ?? 'n';
        style = Number(attributes.s ?? 0);
        value = '';
        formula = undefined;
      } else if (name === 'v') into = 'value';
      else if (name === 'f') {
        into = 'formula';
        formula = '';
      } else if (name === 'col' && isTrue(attributes.hidden)) {
        const last = Math.min(Number(attributes.max), MAX_COLUMNS);
        for (let number = Number(attributes.min); number <= last; number++) hiddenColumns?.push(number - 1);
      } else inline.open(name);
    },
    text: (text) => {
      if (into === 'value') value += text;
      else if (into === 'formula') formula = (formula ?? '') + text;
      else inline.text(text);
      if (value.length > MAX_CELL_LENGTH || (formula?.length ?? 0) > MAX_CELL_LENGTH)
        throw new UnreadableFileError('cellTooLong');
    },
    close: (name) => {
      if (name === 'v' || name === 'f') into = undefined;
      else if (name === 'c') {
        const text = inline.take();
        const read =
          formula === undefined
            ? cellOf(workbook, { type, style, value: type === 'inlineStr' ? text : value })
            : formulaCell(formula, value || text);
        if (read === '') return;
        if (column >= MAX_COLUMNS) throw new UnreadableFileError('tooManyColumns', { maximum: MAX_COLUMNS });
        row.cells[column] = read;
      } else if (name === 'row') {
        if (hasContent(row)) rows.push(withMerged(row, merges?.coveredColumns(row.line) ?? []));
      } else inline.close(name);
    },
  });
  try {
    yield* collectXml(parsing, () => rows.splice(0));
  } catch (error) {
    throw inSheet(error, sheetName);
  }
}

function isTrue(attribute: string | undefined): boolean {
  return attribute === '1' || attribute === 'true';
}

/** @throws UnreadableFileError beyond the last row that spreadsheets have */
function lineOf(attribute: string | undefined): number | undefined {
  const line = Number(attribute);
  if (line > MAX_LINES) throw new UnreadableFileError('damaged');
  return Number.isSafeInteger(line) && line > 0 ? line : undefined;
}

interface RawCell {
  type: string;
  style: number;
  value: string;
}

function cellOf(workbook: OpenWorkbook, { type, style, value }: RawCell): Cell {
  if (value === '') return '';
  const format = workbook.styles[style] ?? { isDate: false };
  switch (type) {
    case 's':
      return textCell(shownText(sharedString(workbook, value), format));
    case 'n':
      return format.isDate
        ? { is: 'date', text: isoDate(Number(value), workbook.startsIn1904) }
        : shownNumber(value, format);
    case 'd':
      return { is: 'date', text: value };
    case 'b':
      return { is: 'boolean', text: value === '1' ? 'TRUE' : 'FALSE' };
    case 'e':
      return { is: 'error', text: value };
    default:
      return textCell(shownText(unescaped(value), format));
  }
}

/** @throws UnreadableFileError without such a string: the cell's text is lost */
function sharedString({ sharedStrings }: OpenWorkbook, index: string): string {
  const text = sharedStrings[Number(index)];
  if (text === undefined) throw new UnreadableFileError('damaged');
  return text;
}
