import { beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { guarded, withoutGuard } from '../../src/spreadsheets/guarded-text.ts';
import { Client, uniqueCode } from '../support/client.ts';
import { download, page, preview, problems } from '../support/import-files.ts';
import { saveAs, type Format } from '../support/libreoffice.ts';

/** Texts that a spreadsheet reads as something else when it opens a CSV file. */
const RISKY = [
  '007',
  '1E5',
  '1.5E10',
  '0.10',
  '0,10',
  '.5',
  '-0',
  '1234567890123456',
  '1.234.567',
  '1,234,567',
  '50%',
  '$5',
  '(5)',
  '5-',
  '1 1/2',
  '3/4',
  '2026-01-02',
  'mar-1',
  '12-ene-2026',
  '1 mar 2026',
  '12:30',
  '10:00 am',
  'TRUE',
  'VERDADERO',
  '+34 600',
  "'+34 600",
  "'007",
  "''=1",
  '=1+1',
  '="007"',
  '@x',
  "'98",
];
const SAFE = ['8412345678905', '0', '5 USD', 'Q1', "L'Oréal", '"007"', 'A;B', 'Mayonesa 500', "'", '1d'];

const number = 10_000 + Math.floor(Math.random() * 80_000);
const CODES = ['00', "'00", '+34 ', "'+34 ", '1E', '0.', '1-2/'].flatMap((start) => [
  `${start}${number}`,
  `${start}${number}0`,
]);

let client: Client;
const mark = uniqueCode();

beforeAll(async () => {
  client = await Client.signedIn();
  for (const code of CODES) await client.register({ code, name: mark, quantity: 1 });
  for (const [index, text] of [...RISKY, ...SAFE].entries()) {
    await client.register({ code: `${mark}-${index}`, name: text, description: text, quantity: 1 });
  }
});

/** Saves our export in LibreOffice, in one format after the other, and imports the last one. */
async function takeRoute(first: Format, ...next: Format[]) {
  let file = await download(client, `/products/export.${first}?search=${mark}`);
  let from = first;
  for (const to of next) {
    file = await saveAs(file, from, to);
    from = to;
  }
  return preview(client, file, `vuelta.${from}`);
}

const ALL = CODES.length + RISKY.length + SAFE.length;
const ROUTES: [Format, ...Format[]][] = [
  ['csv'],
  ['csv', 'xlsx'],
  ['csv', 'ods'],
  ['csv', 'xlsx', 'csv'],
  ['csv', 'ods', 'csv'],
  ['xlsx'],
  ['xlsx', 'xlsx'],
  ['xlsx', 'ods'],
];

test.each(ROUTES.map((route) => [route.join(', '), route] as const))(
  'our export comes home unchanged through LibreOffice: %s',
  async (_title, route) => {
    const { id, totals } = await takeRoute(...route);
    const changes = await page(client, id, '?kind=changed');
    expect([...changes.matchAll(/<del>(.*?)<\/ins>/gs)].map(([change]) => change)).toEqual([]);
    expect(totals).toEqual({ new: 0, changed: 0, unchanged: ALL, wrong: 0 });
  },
);

test('a workbook that LibreOffice saves as CSV loses what made =1+1 a text, which is refused, not changed', async () => {
  const { id, totals } = await takeRoute('xlsx', 'ods', 'csv');
  expect(totals).toEqual({ new: 0, changed: 0, unchanged: ALL - 1, wrong: 1 });
  const formula: unknown = expect.stringMatching(/: La celda contiene una fórmula\. .*\(«=1\+1»\)$/);
  expect(await problems(client, id)).toEqual([formula, formula]);
});

test('a guard is always taken off again, and stands before nothing that needs none', () => {
  const text = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: fc.constantFrom(...Array.from("0159'=-+., /:eEam%$")) }),
  );
  fc.assert(fc.property(text, (any) => withoutGuard(guarded(any)) === any));
  for (const risky of RISKY) expect(guarded(risky)).toBe(`'${risky}`);
  for (const safe of SAFE) expect(guarded(safe)).toBe(safe);
});

test('a workbook for a person to fill in keeps what is typed as a code', async () => {
  const { default: ExcelJS } = await import('exceljs');
  for (const path of ['/imports/template.xlsx', `/products/export.xlsx?search=${mark}`]) {
    const book = new ExcelJS.Workbook();
    await book.xlsx.load((await download(client, path)) as never);
    const [sheet] = book.worksheets;
    const code = (sheet!.getRow(1).values as string[]).indexOf('Código');
    expect(sheet!.getColumn(code).numFmt).toBe('@');
    expect(sheet!.getRow(2).getCell(code).numFmt).toBe('@');
  }
});
