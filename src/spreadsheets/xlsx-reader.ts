import { posix } from 'node:path';
import {
  checkedHeaders,
  plainHeader,
  MAX_CELL_LENGTH,
  MAX_COLUMNS,
  textOf,
  UnreadableFileError,
  type Cell,
  type HeaderSearch,
  type SheetRow,
  type Spreadsheet,
} from './spreadsheet.ts';
import type { FileSource } from './file-source.ts';
import { describeFirstRows, findHeader, rowsToFetch } from './header-row.ts';
import { dateStyles, isoDate } from './xlsx-dates.ts';
import { XlsxArchive } from './xlsx-archive.ts';
import { InflateBudget, parseXml, readXml } from './xml-stream.ts';

const MAX_SHARED_STRINGS = 1_500_000;
const MAX_SHARED_LENGTH = 40_000_000;
const MAX_SHEETS = 250;
/** Rows of another sheet, and of all together, that can be chosen as headings. */
const OTHER_ROWS = 5;
const MAX_FIRST_ROWS = 40;

interface Workbook {
  archive: XlsxArchive;
  budget: InflateBudget;
  sheets: { name: string; part: string }[];
  sharedStrings: string[];
  dateStyles: boolean[];
  startsIn1904: boolean;
}

interface FilledSheet {
  name: string;
  part: string;
  first: SheetRow[];
}

/**
 * Reads the sheet of the chosen row, else the first with recognised headings, else the first; and with it those
 * that have the same headings.
 * @throws UnreadableFileError
 */
export async function openXlsx(file: FileSource, search: HeaderSearch): Promise<Spreadsheet> {
  const workbook = await openWorkbook(file);
  const filled: FilledSheet[] = [];
  for (const [index, sheet] of workbook.sheets.entries()) {
    const first = await firstRows(workbook, { part: sheet.part, index }, search);
    if (first.length > 0) filled.push({ ...sheet, first });
  }
  const headed = filled.map((sheet) => ({ ...sheet, ...findHeader(sheet.first, search) }));
  const main =
    headed.find(({ rating }) => rating === Infinity) ?? headed.find(({ rating }) => rating > 0) ?? headed[0];
  if (!main) throw new UnreadableFileError('empty');
  const header = main.first[main.index]!;
  const title = titleOf(header);
  // Where the sheets with the same headings have them, which may be another row of each.
  const above = new Map(
    filled.flatMap((sheet) => {
      const index =
        sheet.part === main.part ? main.index : sheet.first.findIndex((row) => titleOf(row) === title);
      return index < 0 ? [] : [[sheet, index] as const];
    }),
  );
  const others = filled.filter(({ part }) => part !== main.part);
  return {
    headers: checkedHeaders(header.cells),
    header: { sheet: header.sheet, line: header.line },
    firstRows: [
      ...describeFirstRows(main.first, { header, sheetName: main.name }),
      ...others.flatMap(({ first, name }) =>
        describeFirstRows(first, { sheetName: name }).slice(0, OTHER_ROWS),
      ),
    ].slice(0, MAX_FIRST_ROWS),
    sheets: [...above.keys()].map(({ name }) => name),
    ignoredSheets: filled.filter((sheet) => !above.has(sheet)).map(({ name }) => name),
    rows: async function* () {
      for (const [index, [{ part }, headerIndex]] of [...above].entries()) {
        let skipped = headerIndex + 1;
        for await (const rows of readSheet(workbook, part, index)) {
          skipped -= rows.splice(0, skipped).length;
          if (rows.length > 0) yield rows;
        }
      }
    },
  };
}

function titleOf({ cells }: SheetRow): string {
  const headers = Array.from(cells, (cell) => plainHeader(textOf(cell)));
  while (headers.at(-1) === '') headers.pop();
  return headers.join('|');
}

async function openWorkbook(file: FileSource): Promise<Workbook> {
  const archive = await XlsxArchive.open(file);
  const budget = new InflateBudget(file.bytes);
  if (archive.has('xl/workbook.bin')) throw new UnreadableFileError('binaryExcel');
  if (!archive.has('[Content_Types].xml')) {
    throw new UnreadableFileError(archive.has('content.xml') ? 'openDocument' : 'otherKind');
  }
  const root = await readRelations({ archive, budget }, '');
  const main = [...root.values()].find(({ type }) => type.endsWith('/officeDocument'))?.target;
  if (!main || !archive.has(main)) throw new UnreadableFileError('otherKind');

  const listed: { name: string; relation: string }[] = [];
  let startsIn1904 = false;
  const tags = new Set<string>();
  await readXml(await archive.stream(main), budget, {
    open: (name, attributes) => {
      if (tags.size === 0) tags.add(name);
      if (name === 'workbookPr') startsIn1904 = /^(1|true)$/.test(attributes.date1904 ?? '');
      if (name !== 'sheet') return;
      const relation = Object.entries(attributes).find(([key]) => key.endsWith(':id'))?.[1];
      if (relation) listed.push({ name: (attributes.name ?? '').slice(0, 31), relation });
    },
  });
  if (!tags.has('workbook')) throw new UnreadableFileError('otherKind');
  if (listed.length > MAX_SHEETS) throw new UnreadableFileError('damaged');
  const relations = await readRelations({ archive, budget }, main);
  const partOf = (kind: string) => [...relations.values()].find(({ type }) => type.endsWith(kind))?.target;
  const sheets = listed.flatMap(({ name, relation }) => {
    const found = relations.get(relation);
    return found?.type.endsWith('/worksheet') ? [{ name, part: found.target }] : [];
  });
  const workbook = { archive, budget, sheets, sharedStrings: [], dateStyles: [], startsIn1904 };
  return {
    ...workbook,
    sharedStrings: await readSharedStrings(workbook, partOf('/sharedStrings')),
    dateStyles: await readDateStyles(workbook, partOf('/styles')),
  };
}

interface Relation {
  type: string;
  target: string;
}

async function readRelations(
  { archive, budget }: Pick<Workbook, 'archive' | 'budget'>,
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

async function readSharedStrings(workbook: Workbook, part: string | undefined): Promise<string[]> {
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

async function readDateStyles({ archive, budget }: Workbook, part: string | undefined): Promise<boolean[]> {
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
  return dateStyles(styles, formats);
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
    // Excel's encoding of characters that XML forbids.
    return text.includes('_x')
      ? text.replace(/_x([0-9A-Fa-f]{4})_/g, (_all, code: string) => String.fromCharCode(parseInt(code, 16)))
      : text;
  }
}

/** Stops early once headings are found: the rest may be a million formatted, empty rows. */
async function firstRows(
  workbook: Workbook,
  { part, index }: { part: string; index: number },
  search: HeaderSearch,
): Promise<SheetRow[]> {
  const limit = rowsToFetch(search);
  const first: SheetRow[] = [];
  for await (const rows of readSheet(workbook, part, index)) {
    first.push(...rows.slice(0, limit - first.length));
    if (first.length === limit || findHeader(first, search).rating > 0) break;
  }
  return first;
}

async function* readSheet(workbook: Workbook, part: string, sheet: number): AsyncGenerator<SheetRow[]> {
  let rows: SheetRow[] = [];
  let row: SheetRow = { sheet, line: 0, cells: [] };
  let column = -1;
  let type = '';
  let style = 0;
  let value = '';
  let isValue = false;
  let isFormula = false;
  const inline = new TextCollector();
  const parsing = parseXml(await workbook.archive.stream(part), workbook.budget, {
    open: (name, attributes) => {
      if (name === 'row') {
        const line = Number(attributes.r);
        row = { sheet, line: Number.isSafeInteger(line) && line > 0 ? line : row.line + 1, cells: [] };
        column = -1;
      } else if (name === 'c') {
        column = columnOf(attributes.r) ?? column + 1;
        type = attributes.t ?? 'n';
        style = Number(attributes.s ?? 0);
        value = '';
        isFormula = false;
      } else if (name === 'v') isValue = true;
      else if (name === 'f') isFormula = true;
      else inline.open(name);
    },
    text: (text) => {
      if (isValue) {
        value += text;
        if (value.length > MAX_CELL_LENGTH) throw new UnreadableFileError('cellTooLong');
      } else inline.text(text);
    },
    close: (name) => {
      if (name === 'v') isValue = false;
      else if (name === 'c') {
        const text = inline.take();
        const read = isFormula
          ? ({ is: 'formula', text: value || text } as const)
          : cellOf(workbook, { type, style, value: type === 'inlineStr' ? text : value });
        if (read === '') return;
        if (column >= MAX_COLUMNS) throw new UnreadableFileError('tooManyColumns', { maximum: MAX_COLUMNS });
        row.cells[column] = read;
      } else if (name === 'row') {
        if (row.cells.some((cell) => typeof cell === 'object' || textOf(cell).trim() !== '')) rows.push(row);
      } else inline.close(name);
    },
  });
  try {
    while (!(await parsing.next()).done) {
      const found = rows;
      rows = [];
      if (found.length > 0) yield found;
    }
    if (rows.length > 0) yield rows;
  } finally {
    await parsing.return(undefined);
  }
}

function columnOf(reference: string | undefined): number | undefined {
  const letters = /^[A-Z]{1,3}(?=\d)/.exec(reference ?? '')?.[0];
  if (!letters) return undefined;
  return letters.split('').reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0) - 1;
}

interface RawCell {
  type: string;
  style: number;
  value: string;
}

function cellOf(workbook: Workbook, { type, style, value }: RawCell): Cell {
  if (value === '') return '';
  switch (type) {
    case 's':
      return workbook.sharedStrings[Number(value)] ?? '';
    case 'n':
      if (workbook.dateStyles[style])
        return { is: 'date', text: isoDate(Number(value), workbook.startsIn1904) };
      return numberText(value);
    case 'd':
      return { is: 'date', text: value };
    case 'b':
      return value === '1' ? 'TRUE' : 'FALSE';
    case 'e':
      return { is: 'error', text: value };
    default:
      return value;
  }
}

/** As Excel displays it, with 15 significant digits: 1.0 and 1E0 are 1, and 0.1 + 0.2 is 0.3. */
function numberText(value: string): string {
  if (/^\d{1,15}$/.test(value)) return value;
  const number = Number(value);
  return Number.isFinite(number) ? String(Number(number.toPrecision(15))) : value;
}
