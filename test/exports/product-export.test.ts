import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { beforeAll, expect, test } from '@jest/globals';
import ExcelJS from 'exceljs';
import type { Response } from 'superagent';
import { datesIn, machineTimeZone } from '../../src/locales/dates.ts';
import { ROLES } from '../../src/auth/permissions.ts';
import { writeWorkbook } from '../../src/exports/product-export.ts';
import { NO_BOOK } from '../../src/products/book-queries.ts';
import type { Product } from '../../src/products/product.ts';
import { Client, uniqueCode } from '../support/client.ts';

/** Texts are shown as their keys. */
const READER = {
  t: ((key: string) => key) as never,
  dates: datesIn('es', 'America/Guayaquil'),
  language: 'es',
  permissions: ROLES.clerk,
} as const;

let client: Client;
const mark = uniqueCode();

beforeAll(async () => {
  client = await Client.signedIn();
  const amounts = { quantity: 12, price: '1.234,50', cost: '0.05', taxRate: '12,5 %' };
  await client.register({ code: `${mark}-1`, name: '=1+1', description: '@SUM(A1); "x"', ...amounts });
  await client.register({ code: `${mark}-2`, name: 'Jabón', quantity: 0 });
});

const asBuffer = (response: Response, done: (error: Error | null, body: Buffer) => void) => {
  const chunks: Buffer[] = [];
  const stream = response as unknown as NodeJS.ReadableStream;
  stream.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => done(null, Buffer.concat(chunks)));
};

async function download(path: string, language = 'es'): Promise<{ response: Response; body: Buffer }> {
  const response = await client.agent
    .get(path)
    .set('Accept-Language', language)
    .buffer(true)
    .parse(asBuffer as never);
  return { response, body: response.body as Buffer };
}

async function readSheet(path: string, language?: string) {
  const { response, body } = await download(path, language);
  expect(response.headers['content-type']).toContain('spreadsheetml');
  expect(response.headers['content-disposition']).toMatch(
    /attachment; filename="?(productos|products)-.*\.xlsx"?/,
  );
  const workbook = new ExcelJS.Workbook();
  await workbook.xlsx.load(body as never);
  return workbook.worksheets[0]!;
}

test('exports exactly what the filter selects, in its order, as typed cells', async () => {
  const sheet = await readSheet(`/products/export.xlsx?search=${mark}&sort=code`);
  expect(sheet.rowCount).toBe(3);
  expect(sheet.getRow(1).values).toEqual([
    undefined,
    'N.º',
    'Nombre',
    'Código',
    'Descripción',
    'Códigos de barras',
    'Categoría',
    'Cantidad',
    'Unidad',
    'Precio',
    'Costo',
    'Impuesto (%)',
    'Ubicación',
    'Existencias mínimas',
    'Cantidad por pedir',
    'Proveedor',
    'Código del proveedor',
    'Etiquetas',
    'Notas',
    'En venta',
    'Peso (g)',
    'Autores',
    'Editorial',
    'Año',
    'Páginas',
    'Idioma',
    'Encuadernación',
    'Disponibilidad',
    `Actualizado (${machineTimeZone()})`,
  ]);
  const cells = sheet.getRow(2).values as unknown[];
  const [, id, name, code, , , category, quantity, , price, cost, tax] = cells;
  const [availability, updated] = cells.slice(-2);
  expect({ name, code, category, quantity, price, cost, tax, availability }).toEqual({
    name: '=1+1',
    code: `${mark}-1`,
    category: 'Otros',
    quantity: 12,
    price: 1234.5,
    cost: 0.05,
    tax: 12.5,
    availability: 'Disponible',
  });
  expect(typeof id).toBe('number');
  expect(updated).toBeInstanceOf(Date);
  expect([9, 10, 11].map((cell) => sheet.getRow(2).getCell(cell).numFmt)).toEqual([
    '#,##0.00',
    '#,##0.00',
    '#,##0.00',
  ]);
  expect(sheet.getRow(3).getCell(9).value).toBeNull();
  expect(sheet.getRow(2).getCell(2).type).toBe(ExcelJS.ValueType.String);
  expect(sheet.getRow(1).font.bold).toBe(true);
  expect(sheet.views[0]).toMatchObject({ state: 'frozen', ySplit: 1 });
  expect(sheet.autoFilter).toBeTruthy();
  expect(sheet.getColumn(2).width).toBeGreaterThan(20);
});

test('exports as many products as the list shows, in the language of the user', async () => {
  const sheet = await readSheet('/products/export.xlsx', 'en');
  expect(sheet.getRow(1).getCell(2).value).toBe('Name');
  const answer = await client.get('/api/products/total');
  expect(sheet.rowCount - 1).toBe((answer.body as { total: number }).total);
});

test('exports CSV that a Spanish Excel opens, with formulas kept as text', async () => {
  const { response, body } = await download(`/products/export.csv?search=${mark}&sort=code`);
  expect(response.headers['content-type']).toBe('text/csv; charset=utf-8');
  expect([...body.subarray(0, 3)]).toEqual([0xef, 0xbb, 0xbf]);
  const [header, first, second] = body.toString('utf8').slice(1).split('\r\n');
  expect(header).toBe(
    `N.º;Nombre;Código;Descripción;Códigos de barras;Categoría;Cantidad;Unidad;Precio;Costo;Impuesto (%);Ubicación;Existencias mínimas;Cantidad por pedir;Proveedor;Código del proveedor;Etiquetas;Notas;En venta;Peso (g);Autores;Editorial;Año;Páginas;Idioma;Encuadernación;Disponibilidad;Actualizado (${machineTimeZone()})`,
  );
  expect(first).toContain(`;'=1+1;${mark}-1;"'@SUM(A1); ""x""";;Otros;12;unidad;1234,50;0,05;12,50;`);
  expect(second).toContain(';Jabón;');
});

const columns = [
  'number',
  'name',
  'code',
  'description',
  'barcodes',
  'category',
  'quantity',
  'unit',
  'price',
  'cost',
  'taxRate',
  'location',
  'minimumStock',
  'orderQuantity',
  'supplier',
  'supplierCode',
  'tags',
  'notes',
  'onSale',
  'weight',
  'authors',
  'publisher',
  'year',
  'pages',
  'language',
  'binding',
  'availability',
  'updated',
].map((name) => (name === 'updated' ? `columns.${name} (America/Guayaquil)` : `columns.${name}`));

/** Writes a workbook of products with these names and reads it back with ExcelJS. */
async function writtenSheets(names: string[], maxRows?: number): Promise<ExcelJS.Worksheet[]> {
  async function* products(): AsyncGenerator<Product> {
    for (const [i, name] of names.entries()) {
      await Promise.resolve();
      const text = { code: `C-${i}`, name, description: '', barcodes: '', category: 'x', unit: 'u' };
      const more = { location: '', supplier: '', supplierCode: '', tags: '', notes: '', onSale: 0 };
      yield {
        ...text,
        ...more,
        ...NO_BOOK,
        id: i,
        quantity: 1,
        price: 1,
        cost: null,
        taxRate: null,
        weight: null,
        minimumStock: 0,
        orderQuantity: 0,
        available: true,
        level: 'enough',
        updatedAt: new Date('2026-02-28T23:59:59Z'),
        version: 1,
      };
    }
  }
  const out = new PassThrough();
  const options = maxRows === undefined ? {} : { maxRows };
  const [file] = await Promise.all([buffer(out), writeWorkbook(products(), out, READER, options)]);
  const workbook = new ExcelJS.Workbook();
  await workbook.xlsx.load(file as never);
  return workbook.worksheets;
}

test('continues on further sheets with the same titles', async () => {
  const names = Array.from({ length: 1234 }, (_, i) => `p${i}`);
  const sheets = await writtenSheets(names, 601);
  expect(sheets.map(({ name, rowCount }) => [name, rowCount])).toEqual([
    ['export.sheet', 601],
    ['export.sheet 2', 601],
    ['export.sheet 3', 35],
  ]);
  const found: unknown[] = [];
  for (const sheet of sheets) {
    expect((sheet.getRow(1).values as unknown[]).slice(1)).toEqual(columns);
    expect(sheet.views[0]).toMatchObject({ state: 'frozen', ySplit: 1 });
    expect(sheet.autoFilter).toBe(`A1:${sheet.getColumn(columns.length).letter}${sheet.rowCount}`);
    sheet.eachRow((row, number) => number > 1 && found.push(row.getCell(2).value));
  }
  expect(found).toEqual(names);
});

test.each([0, 1, 600])('%i products fill one sheet that holds 600', async (count) => {
  const sheets = await writtenSheets(
    Array.from({ length: count }, () => 'x'),
    601,
  );
  expect(sheets.map(({ rowCount }) => rowCount)).toEqual([count + 1]);
});

test('a workbook preserves every text, and dates as the clock of the reader', async () => {
  const names = [
    ' before',
    'after ',
    'two\nlines',
    'tab\t',
    '&lt;<b>"\'',
    '😀',
    'ñandú',
    '=1+1',
    '日本',
    '_x',
    'a_x004_',
  ];
  const [sheet] = await writtenSheets(names);
  const found = names.map((_, i) => sheet!.getRow(i + 2).getCell(2).value);
  expect(found).toEqual(names);
  expect(sheet!.getRow(2).getCell(columns.length).value).toEqual(new Date('2026-02-28T18:59:59Z'));
});

test('escapes what XML cannot hold, and what looks like an escape, as Excel does', async () => {
  // Excel and LibreOffice read `_x0041_` as A; ExcelJS shows what is in the file.
  const [sheet] = await writtenSheets(['_x0041_', 'a\u0001', 'a\r', 'a\uffff', 'a\ud800']);
  const found = [2, 3, 4, 5, 6].map((row) => sheet!.getRow(row).getCell(2).value);
  expect(found).toEqual(['_x005F_x0041_', 'a_x0001_', 'a_x000D_', 'a_xFFFF_', 'a\ufffd']);
});

test('a failed query leaves the workbook incomplete', async () => {
  async function* products(): AsyncGenerator<Product> {
    yield await Promise.reject(new Error('the database has gone'));
  }
  const out = new PassThrough();
  const file = buffer(out).catch(() => 'broken off');
  await expect(writeWorkbook(products(), out, READER)).rejects.toThrow('the database has gone');
  expect(await file).toBe('broken off');
});
