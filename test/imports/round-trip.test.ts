import { beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { guarded, withoutGuard } from '../../src/spreadsheets/guarded-text.ts';
import { Client, uniqueCode } from '../support/client.ts';
import { download, page, preview } from '../support/import-files.ts';
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

const ROUTES: Format[][] = [
  ['csv'],
  ['csv', 'xlsx'],
  ['csv', 'ods'],
  ['csv', 'xlsx', 'csv'],
  ['csv', 'ods', 'csv'],
  ['xlsx'],
  ['xlsx', 'xlsx'],
  ['xlsx', 'ods'],
  ['xlsx', 'ods', 'csv'],
];

test.each(ROUTES)('our export comes home unchanged by LibreOffice: %s', async (...route) => {
  const formats = route.filter(Boolean);
  let file = await download(client, `/products/export.${formats[0]}?search=${mark}`);
  for (const [index, to] of formats.slice(1).entries()) file = await saveAs(file, formats[index]!, to);
  const { id, totals } = await preview(client, file, `vuelta.${formats.at(-1)}`);
  const changes = await page(client, id, '?kind=changed');
  expect([...changes.matchAll(/<del>(.*?)<\/ins>/gs)].map(([change]) => change)).toEqual([]);
  expect(totals).toEqual({
    new: 0,
    changed: 0,
    unchanged: CODES.length + RISKY.length + SAFE.length,
    wrong: 0,
  });
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
