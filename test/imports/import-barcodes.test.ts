import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Connection } from 'mysql2/promise';
import { recogniseColumns } from '../../src/imports/import-fields.ts';
import { damaged, newEan13, newUpcA } from '../support/barcodes.ts';
import { Client, uniqueCode } from '../support/client.ts';
import {
  apply,
  download,
  page,
  preview,
  problems,
  startApplying,
  waitForRest,
  workbook,
} from '../support/import-files.ts';
import { saveAs, type Format } from '../support/libreoffice.ts';
import { stack } from '../support/shared-stack.ts';

const MARK = uniqueCode();
let counter = 0;
const newCode = () => `${MARK}-${counter++}`;

let client: Client;
let primary: Connection;

beforeAll(async () => {
  client = await Client.signedIn();
  primary = await stack.connect('primary');
});
/** Codes of products that an EAN named. */
const eanCodes: string[] = [];
afterAll(async () => {
  for (const table of ['product', 'deleted_product']) {
    await primary.query(`DELETE FROM ${table} WHERE code LIKE ? OR code IN (?)`, [
      `${MARK}-%`,
      ['', ...eanCodes],
    ]);
  }
  await primary.end();
});

const csv = (heading: string, ...rows: string[]) => [heading, ...rows].join('\r\n');

async function undo(id: number): Promise<string> {
  await client.post(`/imports/${id}/undo`, { _key: crypto.randomUUID() });
  await waitForRest(client, id);
  return page(client, id);
}

test('a column of barcodes is read as such beside a code, and as the code in a file without one', () => {
  const names = ['Código de barras', 'EAN', 'EAN13', 'EAN-13', 'ISBN', 'GTIN', 'UPC', 'Barcode'];
  for (const name of names) {
    for (const code of ['Código', 'SKU', 'Referencia', 'Code']) {
      expect([name, recogniseColumns([name, 'Nombre', code])]).toEqual([name, ['barcodes', 'name', 'code']]);
      expect([name, recogniseColumns([code, name])]).toEqual([name, ['code', 'barcodes']]);
    }
    expect([name, recogniseColumns(['Nombre', name])]).toEqual([name, ['name', 'code']]);
    expect([name, recogniseColumns([name, 'Códigos de barras'])]).toEqual([name, ['code', 'barcodes']]);
  }
  expect(recogniseColumns(['EAN', 'ISBN', 'Nombre'])).toEqual(['code', 'barcodes', 'name']);
  expect(recogniseColumns(['Código', 'EAN', 'ISBN'])).toEqual(['code', 'barcodes', null]);
  for (const several of ['Códigos de barras', 'Barcodes'])
    expect(recogniseColumns(['Nombre', several])).toEqual(['name', 'barcodes']);
});

test('a file with only an EAN column adds products with the EAN as code, as ever', async () => {
  const [ean, upc] = [newEan13(), newUpcA()];
  eanCodes.push(ean, upc);
  const file = await workbook({
    Hoja: [
      ['EAN', 'Nombre'],
      [Number(ean), 'Sal'],
      [upc, 'Té'],
    ],
  });
  const { id } = await preview(client, file, 'a.xlsx');
  expect((await apply(client, id)).totals).toMatchObject({ new: 2, wrong: 0 });
  expect(await client.findByCode(ean)).toMatchObject({ name: 'Sal', barcodes: '' });
  expect(await client.findByCode(upc)).toMatchObject({ name: 'Té', barcodes: '' });
});

test('barcodes are added, changed, kept where a cell is empty, and shown before', async () => {
  const [a, b, c] = [newCode(), newCode(), newCode()];
  const [first, upc, second, third] = [newEan13(), newUpcA(), newEan13(), newEan13()];
  await client.register({ code: b, name: 'Té', barcodes: first });
  await client.register({ code: c, name: 'Sal', barcodes: third });
  const { id, totals } = await preview(
    client,
    csv('SKU;Nombre;EAN', `${a};Pan;"${upc}, ${second}"`, `${b};;080442957X`, `${c};Sal fina;`),
  );
  expect(totals).toEqual({ new: 1, changed: 2, unchanged: 0, wrong: 0 });
  expect(await page(client, id, '?kind=new')).toContain(`${upc}, ${second}`);
  expect(await page(client, id, '?kind=changed')).toMatch(
    new RegExp(`<dt>Códigos de barras</dt><dd><del>${first}</del>.*<ins>9780804429573</ins>`, 's'),
  );
  await apply(client, id);
  expect(await client.findByCode(a)).toMatchObject({ barcodes: `${upc}, ${second}` });
  expect(await client.findByCode(c)).toMatchObject({ name: 'Sal fina', barcodes: third });
  expect((await client.search({ search: `0${upc}` })).items).toMatchObject([{ code: a }]);
  expect((await client.search({ search: '0-8044-2957-X' })).items).toMatchObject([{ code: b }]);
  expect((await client.search({ search: first })).total).toBe(0);
  await undo(id);
});

test('wrong, repeated and taken barcodes are problems of their rows', async () => {
  const [taken, repeated, upc] = [newEan13(), newEan13(), newUpcA()];
  const code = newCode();
  await client.register({ code, name: 'Té <b>', barcodes: `${taken}\n${upc}` });
  const wrong = damaged(newEan13());
  const { id, totals } = await preview(
    client,
    csv(
      'Código;Nombre;Código de barras',
      `${newCode()};A;${wrong}`,
      `${newCode()};B;${repeated}`,
      `${newCode()};C;"${newEan13()}\n0${repeated}"`,
      `${newCode()};D;"${newEan13()};0${upc}"`,
      `${code};Té;${taken}`,
      `${newCode()};E;8,41235E+12`,
    ),
  );
  expect(totals).toEqual({ new: 1, changed: 1, unchanged: 0, wrong: 4 });
  expect(await problems(client, id)).toEqual([
    expect.stringContaining(`Columna «Código de barras»: El dígito de control de ${wrong} no corresponde`),
    `Columna «Código de barras»: El código de barras ya está en otra fila del archivo: Fila 3. («0${repeated}»)`,
    `Columna «Código de barras»: 0${upc} ya es un código de barras de «Té &lt;b&gt;».`,
    expect.stringContaining('Columna «Código de barras»:'),
  ]);
  expect((await client.get(`/imports/${id}/result.csv?rows=wrong`)).text).toContain('Té <b>');
});

test('a barcode that another product has got since the preview stops the import', async () => {
  const [ean, other] = [newEan13(), newEan13()];
  const [added, changed] = [newCode(), newCode()];
  await client.register({ code: changed, name: 'Sal' });
  for (const row of [`${added};Pan;${ean}`, `${changed};Sal;${other}`]) {
    const { id } = await preview(client, csv('Código;Nombre;EAN', row));
    await client.register({ code: newCode(), name: 'Primero', barcodes: row.split(';')[2]! });
    await startApplying(client, id);
    const { state, totals } = await waitForRest(client, id);
    expect([state, totals]).toEqual(['preview', { new: 0, changed: 0, unchanged: 0, wrong: 1 }]);
    expect(await problems(client, id)).toEqual([expect.stringContaining('de «Primero»')]);
  }
  expect(await client.findByCode(changed)).toMatchObject({ barcodes: '', version: 1 });
});

test('undoing sets barcodes back, and those of added products move to the trash and back', async () => {
  const [former, ean, upc] = [newEan13(), newEan13(), newUpcA()];
  const [added, changed] = [newCode(), newCode()];
  await client.register({ code: changed, name: 'Sal', barcodes: former });
  const { id } = await preview(
    client,
    csv('Código;Nombre;EAN', `${added};Pan;${upc}`, `${changed};Sal;${ean}`),
  );
  await apply(client, id);
  const { id: addedId } = await client.findByCode(added);
  expect(await undo(id)).toContain('Importación deshecha');
  expect(await client.findByCode(changed)).toMatchObject({ barcodes: former });
  for (const free of [ean, upc]) expect((await client.search({ search: free })).total).toBe(0);
  expect((await client.search({ search: former })).total).toBe(1);
  expect((await client.post(`/trash/${addedId}/restore`)).status).toBe(303);
  expect((await client.search({ search: upc })).items).toMatchObject([{ code: added, barcodes: upc }]);
});

test('undoing changes nothing when a former barcode is of another product now, and says so', async () => {
  const [former, ean] = [newEan13(), newEan13()];
  const code = newCode();
  await client.register({ code, name: 'Sal', barcodes: former });
  const { id } = await preview(client, csv('Código;Nombre;EAN', `${code};Sal gorda;${ean}`));
  await apply(client, id);
  await client.register({ code: newCode(), name: 'Pimienta', barcodes: former });
  const text = await undo(id);
  expect(text).toContain('No se puede deshacer');
  expect(text).toContain('otro producto tiene ahora uno de sus códigos de barras');
  expect(await client.findByCode(code)).toMatchObject({ name: 'Sal gorda', barcodes: ean });
});

test('an empty cell erases barcodes only when asked to', async () => {
  const [code, ean] = [newCode(), newEan13()];
  await client.register({ code, name: 'Sal', barcodes: ean });
  const { id, totals } = await preview(client, csv('Código;EAN', `${code};`));
  expect(totals).toMatchObject({ unchanged: 1 });
  const fields = { column0: 'code', column1: 'barcodes', erases: 'yes' };
  await client.post(`/imports/${id}/columns`, fields);
  expect((await waitForRest(client, id)).totals).toMatchObject({ changed: 1 });
  await apply(client, id);
  expect(await client.findByCode(code)).toMatchObject({ barcodes: '' });
  expect((await client.search({ search: ean })).total).toBe(0);
});

const ROUTES: [Format, ...Format[]][] = [['csv'], ['xlsx'], ['csv', 'xlsx'], ['xlsx', 'ods']];

test.each(ROUTES.map((route) => [route.join(', '), route] as const))(
  'our export of barcodes comes home unchanged: %s',
  async (_title, [first, next]) => {
    const code = newCode();
    const barcodes = [newUpcA(), newEan13(), `OWN-${code}`, `*${damaged(newUpcA())}*`];
    await client.register({ code, name: 'Ida y vuelta', barcodes: barcodes.join('\n') });
    let file = await download(client, `/products/export.${first}?search=${code}`);
    if (next) file = await saveAs(file, first, next);
    const { totals } = await preview(client, file, `vuelta.${next ?? first}`);
    expect(totals).toEqual({ new: 0, changed: 0, unchanged: 1, wrong: 0 });
  },
);
