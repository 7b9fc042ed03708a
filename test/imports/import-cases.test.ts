import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { readSpreadsheet, refusalOf, type ReadSpreadsheet } from '../support/read-spreadsheet.ts';
import { PROJECT_DIR } from '../../tools/launcher/stack-config.ts';

const FOLDER = join(PROJECT_DIR, 'test/imports/cases');

/** Codes of the rows without problems, `field: problem "text"` of the others, and what else the file must show. */
const CASES: Record<string, { rows: string[]; shows?: object }> = {
  'a-code-number-format-00000.xlsx': { rows: ['00123'] },
  'a2-code-formats.xlsx': { rows: ['8412345678905', '1.5', 'code: boolean "TRUE"', '90.750'] },
  'b-other-sheet-formula-first-row.xlsx': { rows: ['BUG-10'], shows: { ignoredSheets: ['Resumen'] } },
  'b3-other-sheet-wide.xlsx': { rows: ['BUG-10'], shows: { ignoredSheets: ['Calendario'] } },
  'b4-other-plain.xlsx': { rows: ['BUG-10'], shows: { ignoredSheets: ['Notas'] } },
  'c-hidden-sheet.xlsx': { rows: ['BUG-12'], shows: { sheets: ['Actual'], hiddenSheets: ['Antiguo'] } },
  'c2-hidden-row.xlsx': { rows: ['BUG-13', 'BUG-14'], shows: { hiddenRows: 1 } },
  'd-title-row.xlsx': { rows: ['BUG-15'], shows: { header: { sheet: 0, line: 3 } } },
  'f-SharedStrings-case.xlsx': { rows: ['BUG-17'] },
  'f4-content-types-case.xlsx': { rows: ['BUG-17'] },
  'h2-header-lone-surrogate.xlsx': { rows: ['BUG-23'] },
  'h5-problem-emoji.xlsx': { rows: [`quantity: quantity "${'x'.repeat(58)}…"`] },
  'i4-codes.xlsx': {
    rows: [
      'code: digits "8.4123456789050002E+17"',
      'code: digits "1.2345678901234567E+22"',
      '8412345678905',
      'code: digits "1234567890123456"',
    ],
  },
  'j-duplicate-headers.xlsx': {
    rows: ['BUG-35'],
    shows: {
      headers: ['codigo', 'nombre', 'cantidad', 'Cantidad', 'stock'],
      columns: ['code', 'name', 'quantity', null, null],
    },
  },
  'k-merged-category.xlsx': { rows: ['BUG-36', 'category: merged ""', 'category: merged ""'] },
  'm3-utf16le-no-bom.csv': { rows: ['BUG-42'] },
  'm4-utf8-one-bad-byte.csv': { rows: ['BUG-43', 'name: badCharacter "malo \ufffd byte"'] },
  'm7-utf8-one-bad-byte-ascii-header.csv': { rows: ['BUG-43', 'name: badCharacter "malo \ufffd byte"'] },
  'n-scientific-codes.csv': { rows: ['code: scientific "8,41235E+12"'] },
  'n4-hashes.csv': {
    rows: [
      'code: tooNarrow "########"',
      'code: error "#N/A"',
      'code: error "#REF!"',
      'code: error "#¿NOMBRE?"',
      'name: error "#N/D"',
    ],
  },
  'o-unclosed-quote.csv': { rows: ['name: openQuote ""Tubo 3 pulgadas"', 'BUG-48', 'BUG-49'] },
  'o4b-space-after-quote.csv': { rows: ['BUG-50'] },
  'o6-two-stray-quotes.csv': {
    rows: ['name: openQuote ""Tubo 3"', 'BUG-52', 'name: openQuote ""Codo 4"', 'BUG-54'],
  },
  'q3-pipe.csv': { rows: ['BUG-72'] },
  't-nul.csv': { rows: ['BUG-75'] },
  'w2-blank-names.csv': {
    rows: [
      'BUG-85: no name',
      'BUG-86',
      ...['87', '88', '89', '90'].map((number) => `BUG-${number}: no name`),
    ],
  },
  'x4-leading-slash.xlsx': { rows: ['BUG-95'] },
  'x7-junk-after.xlsx': { rows: ['BUG-95'] },
};
const REFUSED = { 'i-row-number-huge.xlsx': 'damaged' };

function summaries({ rows }: ReadSpreadsheet): string[] {
  return rows.map(({ values, problems: [problem] }) => {
    if (problem) return `${problem.field}: ${problem.key.split('.').at(-1)} "${problem.typed}"`;
    return values.name === undefined ? `${values.code}: no name` : String(values.code);
  });
}

test('every file has its expectation', () => {
  expect(readdirSync(FOLDER).sort()).toEqual([...Object.keys(CASES), ...Object.keys(REFUSED)].sort());
});

test.each(Object.entries(CASES))('reads %s as a person sees it', async (file, { rows, shows = {} }) => {
  const read = await readSpreadsheet(await readFile(join(FOLDER, file)));
  expect(summaries(read)).toEqual(rows);
  expect(read).toMatchObject(shows);
});

test.each(Object.entries(REFUSED))('refuses %s: %s', async (file, reason) => {
  expect(await refusalOf(await readFile(join(FOLDER, file)))).toBe(reason);
});
