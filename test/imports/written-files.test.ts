import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { expect, test } from '@jest/globals';
import { stringify } from 'csv-stringify/sync';
import ExcelJS from 'exceljs';
import fc from 'fast-check';
import { readTypedNumber } from '../../src/locales/typed-numbers.ts';
import { isBlank } from '../../src/products/field-rules.ts';
import { productFields } from '../../src/products/product-fields.ts';
import { withoutGuard } from '../../src/spreadsheets/guarded-text.ts';
import { UnreadableFileError } from '../../src/spreadsheets/spreadsheet.ts';
import { saveAs, type Format } from '../support/libreoffice.ts';
import { readSpreadsheet, type ReadSpreadsheet } from '../support/read-spreadsheet.ts';
import { encode, isSingleByte, TEXT_ENCODINGS, type TextEncoding } from '../support/text-encodings.ts';

const numRuns = Number(process.env.WRITTEN_FILE_RUNS ?? 400);

/** Those that are read in a way of their own. */
const FIELDS = [
  'code',
  'name',
  'description',
  'barcodes',
  'category',
  'quantity',
  'unit',
  'price',
  'cost',
  'taxRate',
] as const;
type Field = (typeof FIELDS)[number];
type Row = Record<Field, string>;

const HEADINGS: Row = {
  code: 'Código',
  name: 'Nombre',
  description: 'Descripción',
  barcodes: 'Códigos de barras',
  category: 'Categoría',
  quantity: 'Cantidad',
  unit: 'Unidad',
  price: 'Precio',
  cost: 'Costo',
  taxRate: 'IVA',
};

/** What people write, and what programs stumble over. */
const PIECES = [
  ...Array.from('aZñÑáÉüçß09 .,;:|/\\-_+=@#%&()*"\'`´¿¡?!<>{}[]~^€·ªº'),
  ...['""', '3"', ' "', '" ', '\t', '; ', 'sep=', '00', '1E5', '1,5', 'Cañón', '\u00a0', '–', '“', '”', '’'],
  ...['😀', '👨‍👩‍👧', '\u200b', 'e\u0301', '日本', 'ﬁ', '\ufeff', '_x0041_', '&amp;', 'NULL', 'TRUE', '#N/A'],
];
const WORDS = ['Cañón', 'Jardín', 'Papelería', 'Ñandú', 'Pingüino', 'Camión', 'Té', 'Ají'];
const text = (maxLength: number) =>
  fc
    .array(fc.constantFrom(...PIECES), { maxLength })
    .map((pieces) => pieces.join(''))
    // Formulas are for import-files.test.ts.
    .filter((any) => !any.startsWith('='));
const lines = fc.array(text(8), { minLength: 1, maxLength: 3 }).map((parts) => parts.join('\n'));

const row: fc.Arbitrary<Row> = fc.record({
  code: fc.oneof(
    text(6),
    fc.constantFrom(
      '007',
      '0.10',
      '1E5',
      '8412345678905',
      '1234567890123456789',
      '1/2',
      '2026-01-02',
      '8,4E+12',
    ),
  ),
  name: fc.oneof(text(10), lines),
  description: fc.oneof(text(12), lines),
  barcodes: fc.constantFrom(
    '',
    '8412345678905',
    '036000291452',
    '00012345600012, A-1',
    '84-376-0494-X',
    '1E5',
  ),
  category: fc.oneof(fc.constantFrom('Papelería', 'Jardín', 'Otros'), text(4)),
  quantity: fc.oneof(
    fc.nat(2_000_000).map(String),
    fc.constantFrom('', '1.234', '1.234,00', '12,0', '0,5', '-3', '1e3', 'muchos', '4294967296'),
  ),
  unit: fc.oneof(fc.constantFrom('unidad', 'caja', ''), text(3)),
  price: fc.oneof(
    fc.nat(2_000_000).map(String),
    fc.constantFrom('', '-3', '1e3', 'caro', '1000000000000000'),
  ),
  cost: fc.constantFrom('', '7', '1.5.2'),
  taxRate: fc.constantFrom('', '0', '15', '101'),
});
const rows = fc.array(row, { minLength: 1, maxLength: 8 });

/** What a typed text means, by the form's own rules; undefined where they refuse it. A ' guards what follows. */
function meant(field: Field, typed: string): string | number | null | undefined {
  const plain = field === 'quantity' ? (readTypedNumber(typed, ',') ?? '') : withoutGuard(typed);
  const result = productFields.shape[field].safeParse(plain);
  return result.success ? result.data : undefined;
}

/** Fails if a row is read as something else than what was written, and nothing is said of it. */
function expectNothingMisread(written: Row[], read: ReadSpreadsheet): void {
  const left = written.filter((fields) => Object.values(fields).some((typed) => typed.trim() !== ''));
  const isRefused = read.rows.map(({ problems }) => problems.length > 0);
  if (read.rows.length !== left.length) {
    expect(isRefused).toContain(true);
    return;
  }
  for (const [index, { values }] of read.rows.entries()) {
    if (isRefused[index]) continue;
    const typed = FIELDS.filter((field) => !isBlank(withoutGuard(left[index]![field])));
    const expected = typed.map((field) => [field, meant(field, left[index]![field])]);
    expect(values).toEqual(Object.fromEntries(expected));
  }
}

async function readOrRefuse(file: Buffer): Promise<ReadSpreadsheet | undefined> {
  try {
    return await readSpreadsheet(file);
  } catch (error) {
    if (error instanceof UnreadableFileError) return undefined;
    throw error;
  }
}

function asCsv(
  written: Row[],
  { delimiter, quoted = false }: { delimiter: string; quoted?: boolean },
): string {
  const format = { record_delimiter: 'windows', quoted_match: /[\r\n]/ } as const;
  return stringify([HEADINGS, ...written], { columns: [...FIELDS], delimiter, quoted, ...format });
}

/** Random letters of one encoding may be other letters of another; words are not. */
function encodable(row: Row, encoding: TextEncoding): Row {
  if (!isSingleByte(encoding)) return row;
  const entries = Object.entries(row).map(([field, typed]) => {
    const plain = typed.replace(/[^\x00-\x7f]/g, '');
    return [field, plain === typed ? typed : `${plain} ${WORDS[typed.length % WORDS.length]}`];
  });
  return Object.fromEntries(entries) as Row;
}

test('CSV in any encoding, with any separator, comes out equal or is refused with its cell', async () => {
  const kind = fc.record({
    encoding: fc.constantFrom(...TEXT_ENCODINGS),
    delimiter: fc.constantFrom(';', ',', '\t', '|'),
    quoted: fc.boolean(),
  });
  let equal = 0;
  await fc.assert(
    fc.asyncProperty(rows, kind, async (typed, { encoding, ...layout }) => {
      const written = typed.map((fields) => encodable(fields, encoding));
      const read = await readOrRefuse(encode(asCsv(written, layout), encoding));
      if (!read || read.text!.isUnsure) return;
      expectNothingMisread(written, read);
      equal += read.rows.filter(({ problems }) => problems.length === 0).length;
    }),
    { numRuns },
  );
  // Refusing everything would pass, too.
  expect(equal).toBeGreaterThan(numRuns / 4);
});

type Value = { value: string | number; numFmt?: string; shown: string };

const asText = (shown: string): Value => ({ value: shown, shown });
const asNumber = (value: number, shown: string, numFmt = 'General'): Value => ({ value, numFmt, shown });

const numericCode = fc
  .nat(999_999)
  .chain((value) =>
    fc.constantFrom(
      asNumber(value, String(value)),
      asNumber(value, String(value).padStart(8, '0'), '00000000'),
      asNumber(value, `ART-${String(value).padStart(4, '0')}`, '"ART-"0000'),
      asNumber(value / 4, (value / 4).toFixed(3), '0.000'),
      asNumber(8_412_345_000_000 + value, String(8_412_345_000_000 + value), '0'),
    ),
  );
const numericQuantity = fc
  .nat(2_000_000)
  .chain((value) =>
    fc.constantFrom('General', '0', '#,##0').map((format) => asNumber(value, String(value), format)),
  );

/** ExcelJS writes _x0041_ as it is, which then stands for an A. LibreOffice loses tabs in texts of several lines. */
function asTexts(texts: Row): Record<Field, Value> {
  const values = FIELDS.map((field) => [field, asText(texts[field].replaceAll(/_x0041_|\t/g, ''))]);
  return Object.fromEntries(values) as Record<Field, Value>;
}

/** With numbers in the place of some texts. */
const typedRow = fc
  .tuple(row, fc.option(numericCode), fc.option(numericQuantity))
  .map(([texts, code, quantity]) => ({
    ...asTexts(texts),
    ...(code && { code }),
    ...(quantity && { quantity }),
  }));

const shown = (written: Record<Field, Value>[]): Row[] =>
  written.map((values) => Object.fromEntries(FIELDS.map((field) => [field, values[field].shown])) as Row);

/** As a stream: otherwise ExcelJS cuts its texts at 16,384 characters, and so an emoji in two. */
async function asXlsx(written: Record<Field, Value>[]): Promise<Buffer> {
  const stream = new PassThrough();
  const book = new ExcelJS.stream.xlsx.WorkbookWriter({ stream, useSharedStrings: true, useStyles: true });
  const sheet = book.addWorksheet('Hoja');
  sheet.addRow(FIELDS.map((field) => HEADINGS[field]));
  for (const values of written) {
    const added = sheet.addRow(FIELDS.map((field) => values[field].value));
    for (const [index, field] of FIELDS.entries()) {
      const { numFmt } = values[field];
      if (numFmt) added.getCell(index + 1).numFmt = numFmt;
    }
  }
  const [file] = await Promise.all([buffer(stream), book.commit()]);
  return file;
}

test('workbooks of ExcelJS come out equal or are refused with their cell', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(typedRow, { minLength: 1, maxLength: 8 }), async (written) => {
      const read = await readOrRefuse(await asXlsx(written));
      if (read) expectNothingMisread(shown(written), read);
    }),
    { numRuns: Math.ceil(numRuns / 8) },
  );
});

test.each<Format>(['xlsx', 'ods', 'csv'])(
  'files of LibreOffice come out equal or are refused with their cell: %s',
  async (format) => {
    // In CSV, LibreOffice writes numbers with the separators of its language.
    const written = fc.sample(format === 'csv' ? row.map(asTexts) : typedRow, numRuns);
    const read = await readSpreadsheet(await saveAs(await asXlsx(written), 'xlsx', format));
    expectNothingMisread(shown(written), read);
    // Refusing everything would misread nothing. In CSV, about one row in six has no problem.
    expect(read.rows.filter(({ problems }) => problems.length === 0).length).toBeGreaterThan(numRuns / 10);
  },
);
