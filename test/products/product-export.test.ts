import { beforeAll, expect, test } from '@jest/globals';
import ExcelJS from 'exceljs';
import type { Response } from 'superagent';
import { Client, uniqueCode } from '../support/client.ts';

let client: Client;
const mark = uniqueCode();

beforeAll(async () => {
  client = await Client.signedIn();
  await client.register({ code: `${mark}-1`, name: '=1+1', description: '@SUM(A1); "x"', quantity: 12 });
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
    'Categoría',
    'Cantidad',
    'Unidad',
    'Disponibilidad',
    'Actualizado',
  ]);
  const [, id, name, code, , category, quantity, , availability, updated] = sheet.getRow(2)
    .values as unknown[];
  expect({ name, code, category, quantity, availability }).toEqual({
    name: '=1+1',
    code: `${mark}-1`,
    category: 'Otros',
    quantity: 12,
    availability: 'Disponible',
  });
  expect(typeof id).toBe('number');
  expect(updated).toBeInstanceOf(Date);
  expect(sheet.getRow(2).getCell(2).type).toBe(ExcelJS.ValueType.String);
  expect(sheet.getRow(1).font.bold).toBe(true);
  expect(sheet.views[0]).toMatchObject({ state: 'frozen', ySplit: 1 });
  expect(sheet.autoFilter).toBeTruthy();
  expect(sheet.getColumn(2).width).toBeGreaterThan(20);
});

test('exports everything in the language of the person, the number that the list shows', async () => {
  const sheet = await readSheet('/products/export.xlsx', 'en');
  expect(sheet.getRow(1).getCell(2).value).toBe('Name');
  expect(sheet.rowCount - 1).toBe((await client.search({})).total);
});

test('exports CSV that a Spanish Excel opens, with formulas kept as text', async () => {
  const { response, body } = await download(`/products/export.csv?search=${mark}&sort=code`);
  expect(response.headers['content-type']).toBe('text/csv; charset=utf-8');
  expect([...body.subarray(0, 3)]).toEqual([0xef, 0xbb, 0xbf]);
  const [header, first, second] = body.toString('utf8').slice(1).split('\r\n');
  expect(header).toBe('N.º;Nombre;Código;Descripción;Categoría;Cantidad;Unidad;Disponibilidad;Actualizado');
  expect(first).toContain(`;'=1+1;${mark}-1;"'@SUM(A1); ""x""";Otros;12;`);
  expect(second).toContain(';Jabón;');
});
