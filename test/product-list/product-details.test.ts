import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Connection } from 'mysql2/promise';
import { recogniseColumns } from '../../src/imports/import-fields.ts';
import { SORT_COLUMNS } from '../../src/product-list/list-columns.ts';
import { productFields } from '../../src/products/product-fields.ts';
import { Client, uniqueCode } from '../support/client.ts';
import { apply, page, preview, waitForRest } from '../support/import-files.ts';
import { stack } from '../support/shared-stack.ts';

const mark = uniqueCode();
const CATEGORY = `Detalles ${mark}`;
const SUPPLIER = `Proveedor ${mark}`;

let client: Client;
let primary: Connection;

beforeAll(async () => {
  client = await Client.signedIn();
  primary = await stack.connect('primary');
});

afterAll(async () => {
  for (const table of ['product', 'deleted_product'])
    await primary.query(`DELETE FROM ${table} WHERE code LIKE ?`, [`${mark}%`]);
  await primary.query('DELETE FROM supplier WHERE name LIKE ?', [`%${mark}`]);
  await primary.query('DELETE FROM category WHERE name = ?', [CATEGORY]);
  await primary.end();
});

const inCategory = { category: '__other__', newCategory: CATEGORY };
const add = (part: string, fields: Record<string, string | number>) =>
  client.register({ ...inCategory, code: `${mark}-${part}`, name: `Detalle ${part}`, ...fields });
const levelOf = async (code: string) => (await client.findByCode(code)).level;
const codes = async (query: Record<string, string | number>) =>
  (await client.search(query)).items.map(({ code }) => code.replace(`${mark}-`, '')).sort();

test('the level changes at once with every movement, edit and import', async () => {
  const { id, code } = await add('nivel', { quantity: 10, minimumStock: 5 });
  expect(await levelOf(code)).toBe('enough');
  const counted = await client.changeQuantity(id, { quantity: 5, version: 1 });
  expect(counted.body).toMatchObject({ quantity: 5, available: true, level: 'low' });
  const adjusted = await client.changeQuantity(id, { delta: -5 });
  expect(adjusted.body).toMatchObject({ quantity: 0, available: false, level: 'out' });
  await client.post(`/products/${id}/movements`, { direction: 'in', amount: 6, purpose: 'receipt' });
  expect(await levelOf(code)).toBe('enough');
  const { id: imported } = await preview(client, `Código;Cantidad\n${code};4`);
  await apply(client, imported);
  expect(await levelOf(code)).toBe('low');
  const { id: raised } = await preview(client, `Código;Existencias mínimas\n${code};3`);
  await apply(client, raised);
  expect(await levelOf(code)).toBe('enough');
  expect((await client.get(`/products/${id}`)).text).toContain('badge-available');
});

test('what is low is filtered in every order, with and without a category or a search', async () => {
  await add('poco', { quantity: 2, minimumStock: 2 });
  await add('menos', { quantity: 1, minimumStock: 2 });
  await add('nada', { quantity: 0, minimumStock: 2 });
  await add('basta', { quantity: 3, minimumStock: 2 });
  for (const sort of ['', ...SORT_COLUMNS]) {
    const low = await client.search({ category: CATEGORY, availability: 'low', sort });
    expect([sort, low.items.map(({ level }) => level)]).toEqual([sort, ['low', 'low']]);
    expect([low.total, low.totalIsExact]).toEqual([2, true]);
    const found = await codes({ search: mark, availability: 'low', sort });
    expect([sort, found]).toEqual([sort, ['menos', 'poco']]);
  }
  expect(await codes({ category: CATEGORY, availability: 'available', search: mark })).toEqual(
    expect.arrayContaining(['basta', 'menos', 'poco']),
  );
  const pages = [];
  let cursor: string | null | undefined;
  do {
    const { items, nextCursor } = await client.search({
      availability: 'low',
      limit: 1,
      ...(cursor && { cursor }),
    });
    pages.push(...items.map(({ code }) => code));
    cursor = nextCursor;
  } while (cursor && !pages.includes(`${mark}-poco`));
  expect(pages.indexOf(`${mark}-menos`)).toBe(pages.indexOf(`${mark}-poco`) - 1);
  expect((await client.get('/products?availability=low')).text).toContain('Por agotarse');
  const { text } = await client.get(`/products/export.csv?availability=low&search=${mark}&sort=code`);
  expect(text).toContain(';Por agotarse;');
});

test('supplier, tag and location are filters, in every order and with a search', async () => {
  const fields = { supplier: SUPPLIER, tags: 'Frágil, exportación', location: `Estante ${mark}` };
  await add('uno', fields);
  await add('dos', { ...fields, quantity: 0 });
  await add('tres', { supplier: `Otro ${mark}`, tags: 'frágiles', location: `Estante ${mark} B` });
  for (const sort of ['', ...SORT_COLUMNS]) {
    expect(await codes({ supplier: SUPPLIER.toUpperCase(), sort })).toEqual(['dos', 'uno']);
    expect(await codes({ tag: 'fragil', search: mark, sort })).toEqual(['dos', 'uno']);
    expect(await codes({ location: fields.location, sort })).toEqual(['dos', 'uno']);
  }
  expect(await codes({ supplier: SUPPLIER, availability: 'available' })).toEqual(['uno']);
  expect(await codes({ supplier: SUPPLIER, tag: 'exportación', category: CATEGORY })).toEqual(['dos', 'uno']);
  expect(await codes({ supplier: `Ninguno ${mark}` })).toEqual([]);
  expect(await codes({ search: `estante ${mark}` })).toEqual(['dos', 'tres', 'uno']);
  const { text } = await client.get(`/products?supplier=${encodeURIComponent(SUPPLIER)}`);
  expect(text).toContain(`Proveedor: ${SUPPLIER}`);
});

test('the form is folded until a detail is filled in, and refuses what does not fit beside its field', async () => {
  expect((await client.get('/products/new')).text).toMatch(/<details class="more-fields"[^>]*?\s>/);
  const { id, code } = await add('ficha', { location: 'Bodega', notes: 'Una\nDos', tags: 'b, a ; B,' });
  const form = (await client.get(`/products/${id}/edit`)).text;
  expect(form).toMatch(/<details class="more-fields"[^>]* open>/);
  expect(form).toContain('value="B, a"');
  const wrong = { name: 'Detalle', code, quantity: 1, unit: 'u', category: CATEGORY, version: 1 };
  const refused = await client.post(`/products/${id}`, {
    ...{ ...wrong, minimumStock: 'pocas', orderQuantity: '-1', location: 'x'.repeat(51) },
    ...{ supplier: 'x'.repeat(101), notes: 'x'.repeat(2001) },
  });
  expect(refused.status).toBe(422);
  for (const problem of ['Escriba un número', 'La ubicación puede', 'El proveedor puede', 'Las notas pueden'])
    expect(refused.text).toContain(problem);
  expect(refused.text).toContain('value="pocas"');
  const shown = (await client.get(`/products/${id}`)).text;
  expect(shown).toContain('href="/products?location=Bodega"');
  expect(shown).toContain('href="/products?tag=B"');
});

test('an empty minimum is 0, and tags are kept once each', () => {
  expect(productFields.shape.minimumStock.parse('')).toBe(0);
  expect(productFields.shape.minimumStock.parse(undefined)).toBe(0);
  expect(productFields.shape.tags.parse(' a,, A;b\nc ')).toBe('A, b, c');
});

test('columns of an import are recognised in Spanish and English', () => {
  const spanish = [
    'Código',
    'Cantidad por pedir',
    'Notas',
    'Ubicación',
    'Stock mínimo',
    'Proveedor',
    'Cantidad',
  ];
  expect(recogniseColumns([...spanish, 'Descripción', 'Código del proveedor', 'Etiquetas'])).toEqual([
    ...['code', 'orderQuantity', 'notes', 'location', 'minimumStock', 'supplier', 'quantity'],
    ...['description', 'supplierCode', 'tags'],
  ]);
  const english = ['Code', 'Order quantity', 'Notes', 'Location', 'Minimum stock', 'Supplier', 'Quantity'];
  expect(recogniseColumns([...english, 'Description', 'Supplier code', 'Tags'])).toEqual([
    ...['code', 'orderQuantity', 'notes', 'location', 'minimumStock', 'supplier', 'quantity'],
    ...['description', 'supplierCode', 'tags'],
  ]);
});

test('undoing an import sets details back, also those of a supplier that was deleted since', async () => {
  const before = { location: 'A-1', minimumStock: 2, supplier: `Antes ${mark}`, tags: 'uno', notes: 'Nota' };
  const { code } = await add('deshacer', before);
  const file = [
    'Código;Ubicación;Existencias mínimas;Proveedor;Etiquetas;Notas',
    `${code};B-2;7;Después ${mark};dos;Otra`,
  ].join('\n');
  const { id } = await preview(client, file);
  expect(await page(client, id)).toContain(`<ins>Después ${mark}</ins>`);
  await apply(client, id);
  const after = { location: 'B-2', minimumStock: 7, supplier: `Después ${mark}`, tags: 'dos', notes: 'Otra' };
  expect(await client.findByCode(code)).toMatchObject(after);
  await primary.query('DELETE FROM supplier WHERE name = ?', [before.supplier]);
  await client.post(`/imports/${id}/undo`, { _key: crypto.randomUUID() });
  await waitForRest(client, id);
  expect(await client.findByCode(code)).toMatchObject(before);
});
