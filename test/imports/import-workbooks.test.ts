import { beforeAll, expect, test } from '@jest/globals';
import ExcelJS from 'exceljs';
import { Client, uniqueCode } from '../support/client.ts';
import {
  apply,
  download,
  ods,
  page,
  preview,
  problems,
  rawWorkbook,
  refusal,
  workbook,
  workbookParts,
  zip,
} from '../support/import-files.ts';

let client: Client;
beforeAll(async () => (client = await Client.signedIn()));

const HEADER = ['Código', 'Nombre', 'Cantidad'];

async function edited(change: (book: ExcelJS.Workbook) => void): Promise<Buffer> {
  const book = new ExcelJS.Workbook();
  change(book);
  return Buffer.from(await book.xlsx.writeBuffer());
}

function addSheet(book: ExcelJS.Workbook, name: string, rows: ExcelJS.CellValue[][]): ExcelJS.Worksheet {
  const sheet = book.addWorksheet(name);
  sheet.addRows(rows);
  return sheet;
}

/** The codes of the new products in the preview. */
async function newCodes(id: number): Promise<string[]> {
  const shown = await page(client, id, '?kind=new');
  return [...shown.matchAll(/<td class="code">([^<]*)</g)].map(([, code]) => code!);
}

test('a number is the code that its format shows', async () => {
  const shown: [ExcelJS.CellValue, string, string][] = [
    [123, '00000', '00123'],
    [7, '"ART-"0000', 'ART-0007'],
    [90.75, '0.000', '90.750'],
    [8412345678905, '0.00E+00', '8412345678905'],
    [412345678905, '0000000000000', '0412345678905'],
    [12345678, '0000\\-0000', '1234-5678'],
    ['12', '"ART-"@', 'ART-12'],
    [512, '#,##0', '512'],
    [77, '@', '77'],
    [78, 'General', '78'],
  ];
  const file = await edited((book) => {
    const sheet = addSheet(book, 'Hoja', [HEADER, ...shown.map(([value]) => [value, 'Algo', 1])]);
    shown.forEach(([, format], index) => (sheet.getCell(index + 2, 1).numFmt = format));
    sheet.getCell(2, 3).numFmt = '0.00" uds"';
  });
  const { id, totals } = await preview(client, file, 'formatos.xlsx');
  expect(totals).toMatchObject({ new: shown.length, wrong: 0 });
  expect(await newCodes(id)).toEqual(shown.map(([, , code]) => code));
});

test('what a spreadsheet has changed beyond its format is a problem of the row that says how to mend it', async () => {
  const file = await edited((book) => {
    const sheet = addSheet(book, 'Hoja', [
      HEADER,
      [1234567890123456, 'Dieciséis cifras', 1],
      [1.23e22, 'Con exponente', 1],
      [true, 'Verdadero', 1],
      [1234, 'Con miles', 1234],
      [uniqueCode(), 'Cantidad verdadera', false],
    ]);
    sheet.getCell('A5').numFmt = '#,##0';
    sheet.getCell('C5').numFmt = '#,##0';
  });
  const { id, totals } = await preview(client, file, 'cambiados.xlsx');
  expect(totals).toMatchObject({ new: 0, wrong: 5 });
  expect(await problems(client, id)).toEqual([
    'Columna «Código»: Una hoja de cálculo no guarda números tan largos sin cambiarlos. Dé formato de texto a la columna y escriba de nuevo todas las cifras. («1234567890123456»)',
    expect.stringMatching(/^Columna «Código»: Una hoja de cálculo no guarda números tan largos/),
    'Columna «Código»: La hoja de cálculo convirtió el dato en verdadero o falso. Dé formato de texto a la columna y escríbalo de nuevo. («TRUE»)',
    'Columna «Código»: El formato de la celda muestra este número de otra manera, por ejemplo con separador de miles. Dé formato de texto a la columna y escríbalo como debe quedar. («1234»)',
    expect.stringMatching(/^Columna «Cantidad»: La hoja de cálculo convirtió el dato en verdadero o falso/),
  ]);
  // The file of wrong rows has the number, not what its format shows.
  const wrong = await download(client, `/imports/${id}/result.csv?rows=wrong`);
  expect(wrong.toString()).toContain('\r\n1234;Con miles;1234;');
});

test('hidden sheets are left out and named; hidden rows and columns are read and counted', async () => {
  const code = uniqueCode();
  const file = await edited((book) => {
    addSheet(book, 'Antigua', [HEADER, [`${code}-0`, 'Oculta', 1]]).state = 'hidden';
    addSheet(book, 'Muy oculta', [HEADER, [`${code}-9`, 'Oculta', 1]]).state = 'veryHidden';
    const sheet = addSheet(book, 'Actual', [
      HEADER,
      [`${code}-1`, 'Visible', 1],
      [`${code}-2`, 'Filtrada', 2],
    ]);
    sheet.getRow(3).hidden = true;
    sheet.getColumn(3).hidden = true;
  });
  const { id, totals } = await preview(client, file, 'oculto.xlsx');
  expect(totals).toMatchObject({ new: 2, wrong: 0 });
  const shown = await page(client, id);
  expect(shown).toContain('Hojas ocultas, que no se leen: Antigua, Muy oculta.');
  expect(shown).toContain('También se lee una fila oculta.');
  expect(shown).toContain('También se lee una columna oculta: Cantidad.');
  await apply(client, id);
  expect(await page(client, id)).toContain('Hojas ocultas, que no se leyeron: Antigua, Muy oculta.');
  expect(await client.findByCode(`${code}-2`)).toMatchObject({ quantity: 2 });
});

test('a file whose only rows are in hidden sheets says so', async () => {
  const file = await edited((book) => {
    addSheet(book, 'Portada', []);
    addSheet(book, 'Datos', [HEADER, ['A', 'Uno', 1]]).state = 'hidden';
  });
  expect(await refusal(client, file, 'oculto.xlsx')).toContain('Solo tienen datos las hojas ocultas: Datos.');
});

test('a sheet that is not about products does not refuse the file', async () => {
  const code = uniqueCode();
  const wide = Array.from({ length: 149 }, (_, index) => `Día ${index + 1}`);
  const file = await edited((book) => {
    addSheet(book, 'Portada', [[{ formula: 'TODAY()', result: 45000 }], ['Uno', 'Dos'], ['Tres', 'Cuatro']]);
    addSheet(book, 'Calendario', [wide, wide]);
    addSheet(book, 'Datos', [HEADER, [code, 'Uno', 1]]);
  });
  const { id, totals } = await preview(client, file, 'varias.xlsx');
  expect(totals).toMatchObject({ new: 1, wrong: 0 });
  expect(await page(client, id)).toContain('Hojas omitidas por tener otras columnas: Portada, Calendario.');
});

test('what is wrong with the sheet of the products names the sheet', async () => {
  const wide = [...HEADER, ...Array.from({ length: 146 }, (_, index) => `Día ${index + 1}`)];
  const file = await workbook({
    Portada: [
      ['Bienvenida', 'Hola'],
      ['Uno', 'Dos'],
    ],
    Datos: [wide, wide],
  });
  expect(await refusal(client, file, 'ancho.xlsx')).toContain('Hoja «Datos»: Tiene más de 100 columnas.');
});

test('cells merged down several rows are a problem of the rows that they cover', async () => {
  const code = uniqueCode();
  const file = await edited((book) => {
    const sheet = addSheet(book, 'Hoja', [
      ['Lista de productos'],
      [],
      ['Código', 'Nombre', 'Categoría'],
      [`${code}-1`, 'Uno', 'Otros'],
      [`${code}-2`, 'Dos', null],
      [`${code}-3`, 'Tres', null],
      [`${code}-4`, 'Cuatro', 'Otros'],
    ]);
    sheet.mergeCells('A1:C1');
    sheet.mergeCells('C4:C6');
  });
  const { id, totals } = await preview(client, file, 'combinadas.xlsx');
  expect(totals).toMatchObject({ new: 2, wrong: 2 });
  const merged =
    'Columna «Categoría»: La celda está combinada con la de arriba. Separe las celdas y escriba el dato en cada fila.';
  expect(await problems(client, id)).toEqual([merged, merged]);
});

const text = (content: string) => `<c t="str"><v>${content}</v></c>`;
const row = (...cells: string[]) => `<row>${cells.map(text).join('')}</row>`;
const shared = (code: string) => ({
  sheet:
    '<row><c t="s"><v>0</v></c><c t="s"><v>1</v></c></row><row><c t="s"><v>2</v></c><c t="s"><v>1</v></c></row>',
  strings: `<sst><si><t>Código</t></si><si><t>Nombre</t></si><si><t>${code}</t></si></sst>`,
});
const renamed = (parts: ReturnType<typeof workbookParts>, change: (name: string) => string) =>
  zip(Object.fromEntries(Object.entries(parts).map(([name, part]) => [change(name), part])));
const sharedParts = (code: string) => {
  const { sheet, strings } = shared(code);
  return workbookParts(sheet, { 'xl/sharedStrings.xml': strings });
};
const utf16 = (xml: string) => Buffer.from(`\ufeff<?xml version="1.0" encoding="UTF-16"?>${xml}`, 'utf16le');

const PACKAGES: [string, (code: string) => Buffer][] = [
  ['part names in other case', (code) => renamed(sharedParts(code), (name) => name.toUpperCase())],
  ['names that begin with a slash', (code) => renamed(sharedParts(code), (name) => `/${name}`)],
  ['backslashes', (code) => renamed(sharedParts(code), (name) => name.replaceAll('/', '\\'))],
  [
    'percent-encoded names',
    (code) => renamed(sharedParts(code), (name) => name.replace('sheet1', '%73heet1')),
  ],
  [
    'parts in UTF-16',
    (code) => {
      const { sheet, strings } = shared(code);
      const parts = { 'xl/sharedStrings.xml': utf16(strings) };
      return zip(workbookParts(utf16(`<worksheet><sheetData>${sheet}</sheetData></worksheet>`), parts));
    },
  ],
  ['bytes after the end', (code) => Buffer.concat([zip(sharedParts(code)), Buffer.from('\r\nPK\x05\x06')])],
];

test.each(PACKAGES)('reads a workbook with %s', async (_what, make) => {
  const code = uniqueCode();
  const { id, totals } = await preview(client, make(code), 'libro.xlsx');
  expect(totals).toMatchObject({ wrong: 0, changed: 0 });
  expect(await newCodes(id)).toEqual([code]);
});

test('a row beyond the last one of a sheet, or a text that is missing, is a damaged file', async () => {
  const beyond = rawWorkbook(`${row(...HEADER)}<row r="99999999999">${text('A')}</row>`);
  expect(await refusal(client, beyond, 'libro.xlsx')).toContain('Hoja «A»: El archivo está dañado');
  const { sheet } = shared('');
  expect(await refusal(client, rawWorkbook(sheet), 'libro.xlsx')).toContain('El archivo está dañado');
});

test('half a character is read in a heading, and is a problem in a cell', async () => {
  const code = uniqueCode();
  const file = rawWorkbook(
    row('Código', 'Nombre', 'Nota _xD83D_ x') +
      row(`${code}-1`, 'Uno', 'z') +
      row(`${code}-2`, 'Dos _xDE00_', 'z') +
      row(`${code}-3`, 'Tres _xD83D__xDE00_', 'z'),
  );
  const { id, totals } = await preview(client, file, 'libro.xlsx');
  expect(totals).toMatchObject({ new: 2, wrong: 1 });
  expect(await problems(client, id)).toEqual([
    'Columna «Nombre»: El texto contiene un carácter dañado. Escríbalo de nuevo. («Dos \ufffd»)',
  ]);
});

test('a quoted cell is not cut in the middle of an emoji', async () => {
  const family = '👨‍👩‍👧';
  const file = await workbook({
    [`Hoja ${'x'.repeat(25)}😀`]: [
      HEADER,
      [uniqueCode(), 'Uno', `${'x'.repeat(55)}${family}`.padEnd(80, 'y')],
    ],
  });
  const { id } = await preview(client, file, 'libro.xlsx');
  expect(await problems(client, id)).toEqual([expect.stringContaining(`(«${'x'.repeat(55)}…»)`)]);
});

test('text that a person kept from being changed is that text, in a workbook as in CSV', async () => {
  const code = uniqueCode();
  const file = await workbook({
    Hoja: [
      HEADER,
      [`'00${code}`, "'+34 600", 1],
      [{ formula: `"00-${code}"`, result: `00-${code}` }, "'0.10", 1],
      [`="01-${code}"`, "L'Oréal", 1],
    ],
  });
  const { id, totals } = await preview(client, file, 'libro.xlsx');
  expect(totals).toMatchObject({ new: 3, wrong: 0 });
  expect(await newCodes(id)).toEqual([`'00${code}`, `00-${code}`, `01-${code}`]);
  const shown = await page(client, id, '?kind=new');
  for (const name of ['>+34 600<', '>0.10<', ">L'Oréal<"]) expect(shown).toContain(name);
});

const p = (shown: string) => `<text:p>${shown}</text:p>`;
const cell = (shown: string, attributes = 'office:value-type="string"') =>
  `<table:table-cell ${attributes}>${p(shown)}</table:table-cell>`;
const float = (value: number | string, shown: string) =>
  cell(shown, `office:value-type="float" office:value="${value}"`);
const tr = (cells: string, attributes = '') => `<table:table-row ${attributes}>${cells}</table:table-row>`;
const sheetOf = (name: string, rows: string, attributes = '') =>
  `<table:table table:name="${name}" ${attributes}>${rows}</table:table>`;
const odsHeader = tr(HEADER.map((title) => cell(title)).join(''));

test('reads OpenDocument spreadsheets', async () => {
  const code = uniqueCode();
  const columns =
    '<table:table-column table:number-columns-repeated="2"/><table:table-column table:visibility="collapse"/>';
  const note = '<office:annotation><text:p>una nota</text:p></office:annotation>';
  const rows =
    tr(cell('Lista de productos')) +
    tr('<table:table-cell table:number-columns-repeated="1024"/>', 'table:number-rows-repeated="2"') +
    odsHeader +
    tr(
      cell(`${code}-1`) +
        `<table:table-cell office:value-type="string">${note}${p('Dos<text:s/><text:s/>y <text:span>uno</text:span>')}</table:table-cell>` +
        float(12, '12,00'),
    ) +
    tr(float(123, '00123') + cell('Con formato') + float(1234, '1.234'), 'table:visibility="filter"') +
    tr(float('8412345678905', '8,41E+12') + cell('EAN') + float(1, '1')) +
    tr(cell(`'00-${code}`) + cell('Con comilla') + float(1, '1'));
  const file = ods(
    sheetOf(
      'Antigua',
      odsHeader + tr(cell('VIEJA') + cell('Vieja') + float(1, '1')),
      'table:style-name="hidden"',
    ) +
      sheetOf('Notas', tr(cell('Algo')) + tr(cell('día').repeat(149))) +
      sheetOf('Productos', columns + rows),
  );
  const { id, totals } = await preview(client, file, 'lista.ods');
  expect(totals).toMatchObject({ new: 4, wrong: 0 });
  expect(await newCodes(id)).toEqual([`${code}-1`, '00123', '8412345678905', `'00-${code}`]);
  const shown = await page(client, id);
  expect(shown).toContain('Dos y uno');
  expect(shown).not.toContain('una nota');
  expect(shown).toContain('12 unidad');
  expect(shown).toContain(formatted(1234));
  expect(shown).toContain('Encabezados: Fila 4');
  expect(shown).toContain('Hojas ocultas, que no se leen: Antigua.');
  expect(shown).toContain('Hojas omitidas por tener otras columnas: Notas.');
  expect(shown).toContain('También se lee una fila oculta.');
  expect(shown).toContain('También se lee una columna oculta: Cantidad.');
});

const formatted = (number: number) => new Intl.NumberFormat('es').format(number);

test('reports in OpenDocument what it reports in Excel', async () => {
  const name = cell('Algo');
  const file = ods(
    sheetOf(
      'Productos',
      odsHeader +
        tr(float('1234567890123456', '1,23456789012346E+15') + name) +
        tr(cell('VERDADERO', 'office:value-type="boolean" office:boolean-value="true"') + name) +
        tr(cell('01/03/26', 'office:value-type="date" office:date-value="2026-03-01"') + name) +
        tr(cell('2', 'table:formula="of:=1+1" office:value-type="float" office:value="2"') + name) +
        tr(cell('#N/D', 'office:value-type="string" calcext:value-type="error"') + name) +
        tr(float(1234, '1.234') + name) +
        tr(
          cell(
            'C-1',
            'office:value-type="string" table:number-rows-spanned="2" table:number-columns-spanned="1"',
          ) + name,
        ) +
        tr('<table:covered-table-cell/>' + name),
    ),
  );
  const { id, totals } = await preview(client, file, 'lista.ods');
  expect(totals).toMatchObject({ new: 1, wrong: 7 });
  expect(await problems(client, id)).toEqual(
    [
      'no guarda números tan largos',
      'en verdadero o falso',
      'una fecha',
      'una fórmula',
      'un error',
      'separador de miles',
      'combinada con la de arriba',
    ].map((reason) => expect.stringContaining(reason)),
  );
});

const ODS_REFUSALS: [string, () => Buffer, string][] = [
  ['encrypted', () => ods('', { 'META-INF/manifest.xml': '<a><b><encryption-data/></b></a>' }), 'cifrado'],
  ['without rows', () => ods(sheetOf('Vacía', '')), 'está vacío'],
  ['cut off', () => ods(sheetOf('Hoja', odsHeader)).subarray(0, 300), 'dañado'],
  [
    'with a million rows in one tag',
    () => ods(sheetOf('Hoja', odsHeader + tr(cell('A') + cell('B'), 'table:number-rows-repeated="1000000"'))),
    'Hoja «Hoja»: Tiene más de 200',
  ],
  [
    'with a million columns in one tag',
    () =>
      ods(
        sheetOf(
          'Hoja',
          odsHeader + tr(cell('A', 'office:value-type="string" table:number-columns-repeated="1000000"')),
        ),
      ),
    'Hoja «Hoja»: Tiene más de 100 columnas',
  ],
];

test.each(ODS_REFUSALS)('refuses an OpenDocument spreadsheet %s', async (_what, make, reason) => {
  expect(await refusal(client, make(), 'lista.ods')).toContain(reason);
});
