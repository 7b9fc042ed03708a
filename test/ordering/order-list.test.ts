import { afterAll, beforeAll, expect, test } from '@jest/globals';
import ExcelJS from 'exceljs';
import type { Connection } from 'mysql2/promise';
import { Client, uniqueCode } from '../support/client.ts';
import { createPerson } from '../support/people.ts';
import { stack } from '../support/shared-stack.ts';
import { waitUntil } from '../support/wait-until.ts';

const mark = uniqueCode();
const ANDINA = `Andina ${mark}`;
let client: Client;
let primary: Connection;
let supplier: number;

beforeAll(async () => {
  client = await Client.signedIn();
  primary = await stack.connect('primary');
  await client.post('/suppliers', {
    name: ANDINA,
    contact: 'Rosa Paz',
    email: 'rosa@example.com',
    phone: '+593 2 1',
  });
  await client.post('/suppliers', { name: `Vacío ${mark}` });
  const add = (name: string, fields: Record<string, string | number>) =>
    client.register({ name: `${name} ${mark}`, code: `${mark}-${name}`, supplier: ANDINA, ...fields });
  await add('Lote', { quantity: 1, minimumStock: 4, orderQuantity: 12, cost: '2,50', supplierCode: 'AN-1' });
  await add('Faltan', { quantity: 1, minimumStock: 4, cost: '10' });
  await add('Justo', { quantity: 4, minimumStock: 4 });
  await add('Lotes', { quantity: 1, minimumStock: 30, orderQuantity: 12 });
  await add('Agotado', { quantity: 0, orderQuantity: 3 });
  await add('Bastante', { quantity: 9, minimumStock: 4, orderQuantity: 12 });
  await add('Descuidado', { quantity: 0 });
  await add('Ajeno', { quantity: 0, minimumStock: 1, supplier: '' });
  const html = (await client.get(`/suppliers?search=${mark}`)).text;
  supplier = Number(new RegExp(`/suppliers/(\\d+)/edit" aria-label="[^"]*${ANDINA}`).exec(html)![1]);
});

afterAll(async () => {
  for (const table of ['product', 'deleted_product'])
    await primary.query(`DELETE FROM ${table} WHERE code LIKE ?`, [`${mark}%`]);
  await primary.query('DELETE FROM supplier WHERE name LIKE ?', [`%${mark}%`]);
  await primary.end();
});

const textOf = (html: string) =>
  html
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();

/** The cells of the rows of a page, by the name of the product. */
function rowsOf(html: string): Record<string, string[]> {
  const rows = [...html.matchAll(/<tr>\s*<th scope="row" class="order-product">(.*?)<\/tr>/gs)].map(
    ([, row]) => {
      const name = textOf(/^<a[^>]*>(.*?)<\/a>/s.exec(row!)![1]!).replace(` ${mark}`, '');
      return [name, [...row!.matchAll(/<td[^>]*>(.*?)<\/td>/gs)].map(([, cell]) => textOf(cell!))] as const;
    },
  );
  return Object.fromEntries(rows);
}

test('lists what is low or out and has a minimum or an order quantity, with how much to order', async () => {
  const { status, text } = await client.get(`/to-order?supplier=${supplier}`);
  expect(status).toBe(200);
  expect(rowsOf(text)).toEqual({
    Lote: ['AN-1', '1 Por agotarse', '4', '12 unidades', '$30,00'],
    Faltan: ['', '1 Por agotarse', '4', '4 unidades', '$40,00'],
    Justo: ['', '4 Por agotarse', '4', '4 unidades', '—'],
    Lotes: ['', '1 Por agotarse', '30', '36 unidades', '—'],
    Agotado: ['', '0 Agotado', '', '3 unidades', '—'],
  });
  for (const contact of ['Rosa Paz', 'mailto:rosa@example.com', 'tel:+59321'])
    expect(text).toContain(contact);
  expect(textOf(text)).toContain('Total al costo sin 3 productos cuyo costo no se conoce $70,00');
});

test('a product is no longer to be ordered once it is received', async () => {
  const { id } = await client.register({
    ...{ name: `Llega ${mark}`, code: `${mark}-Llega`, supplier: ANDINA, quantity: 0, minimumStock: 2 },
  });
  const names = async () => Object.keys(rowsOf((await client.get(`/to-order?supplier=${supplier}`)).text));
  expect(await names()).toContain('Llega');
  await client.changeQuantity(id, { delta: 3 });
  expect(await names()).not.toContain('Llega');
});

test('the page of all suppliers groups by supplier and leads from one page to the next', async () => {
  const found: string[] = [];
  let address: string | undefined = '/to-order';
  while (address) {
    const { text }: { text: string } = await client.get(address);
    found.push(...[...text.matchAll(/<h2 [^>]*>(.*?)<\/h2>/gs)].map(([, name]) => textOf(name!)));
    const next = /rel="next" href="([^"]+)"/.exec(text)?.[1];
    address = next?.replaceAll('&amp;', '&').replaceAll('&#38;', '&');
  }
  expect(found).toContain(ANDINA);
  expect(found).not.toContain(`Vacío ${mark}`);
  expect(found.at(-1)).toBe('Sin proveedor');
  expect(new Set(found).size).toBe(found.length);
});

test('a supplier with many products is read page by page, each product once', async () => {
  await client.post('/suppliers', { name: `Grande ${mark}` });
  await primary.query(
    `INSERT INTO product (code, name, description, category_id, quantity, unit, minimum_stock, supplier_id)
     WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 130)
     SELECT CONCAT(?, '-G', i), CONCAT('Grande ', i), '', (SELECT MIN(id) FROM category), 0, 'unidad', 1,
       (SELECT id FROM supplier WHERE name = ?)
     FROM n`,
    [mark, `Grande ${mark}`],
  );
  const html = (await client.get(`/suppliers?search=${mark}`)).text;
  const id = new RegExp(`/suppliers/(\\d+)/edit" aria-label="[^"]*Grande`).exec(html)![1]!;
  let first = '';
  // A replica does not know at once what was written past the application.
  await waitUntil(async () => {
    first = (await client.get(`/to-order?supplier=${id}`)).text;
    return first.includes('rel="next"');
  });
  const next = /rel="next" href="([^"]+)"/.exec(first)![1]!.replaceAll('&amp;', '&').replaceAll('&#38;', '&');
  const second = (await client.get(next)).text;
  const names = [first, second].flatMap((page) => Object.keys(rowsOf(page)));
  expect(names.length).toBe(130);
  expect(new Set(names).size).toBe(130);
});

async function workbook(by: Client, query = ''): Promise<ExcelJS.CellValue[][]> {
  const response = await by.agent
    .get(`/to-order/export.xlsx${query}`)
    .buffer(true)
    .parse((res, done) => {
      const chunks: Buffer[] = [];
      res.on('data', (chunk: Buffer) => chunks.push(chunk));
      res.on('end', () => done(null, Buffer.concat(chunks)));
    });
  expect(response.status).toBe(200);
  const book = new ExcelJS.Workbook();
  await book.xlsx.load(response.body as ExcelJS.Buffer);
  const rows: ExcelJS.CellValue[][] = [];
  book.worksheets[0]!.eachRow((row) => rows.push((row.values as ExcelJS.CellValue[]).slice(1)));
  return rows;
}

test('the Excel file has the same lines, with supplier, quantities and costs', async () => {
  const [head, ...rows] = await workbook(client, `?supplier=${supplier}`);
  expect(head).toEqual([
    ...['Proveedor', 'Código', 'Nombre', 'Código del proveedor', 'Pedir', 'Unidad', 'Existencias'],
    ...['Existencias mínimas', 'Costo', 'Importe'],
  ]);
  const lote = rows.find((row) => row[1] === `${mark}-Lote`);
  expect(lote).toEqual([ANDINA, `${mark}-Lote`, `Lote ${mark}`, 'AN-1', 12, 'unidad', 1, 4, 2.5, 30]);
  expect(rows.length).toBe(5);
  const all = await workbook(client);
  expect(
    all.filter((row) => typeof row[1] === 'string' && row[1].startsWith(mark)).length,
  ).toBeGreaterThanOrEqual(5);
});

test('the CSV file has the same lines, as a Spanish Excel reads them', async () => {
  const response = await client.get(`/to-order/export.csv?supplier=${supplier}`);
  expect(response.headers['content-disposition']).toMatch(/por-pedir-\d{4}-\d\d-\d\d\.csv/);
  const [head, ...rows] = response.text.trim().split('\r\n');
  expect(head).toMatch(/^\ufeff?Proveedor;Código;Nombre;/);
  expect(rows).toHaveLength(5);
  expect(rows).toContain(`${ANDINA};${mark}-Lote;Lote ${mark};AN-1;12;unidad;1;4;2,50;30,00`);
});

test('people who may not see costs or suppliers see neither, on the page and in files', async () => {
  const viewer = await createPerson(client, 'viewer');
  const { text } = await viewer.client.get(`/to-order?supplier=${supplier}`);
  expect(rowsOf(text).Lote).toEqual(['AN-1', '1 Por agotarse', '4', '12 unidades']);
  for (const hidden of ['$30,00', 'Rosa Paz', 'rosa@example.com']) expect(text).not.toContain(hidden);
  expect((await workbook(viewer.client, `?supplier=${supplier}`))[0]).not.toContain('Costo');
  const csv = (await viewer.client.get(`/to-order/export.csv?supplier=${supplier}`)).text;
  expect(csv).not.toMatch(/Costo|Importe|30,00/);
});

test('an unknown supplier is not found, and a malformed address shows the first page', async () => {
  for (const path of ['', '/export.xlsx', '/export.csv'])
    expect([path, (await client.get(`/to-order${path}?supplier=4000000000`)).status]).toEqual([path, 404]);
  expect((await client.get('/to-order?supplier=x&after=-1&from=')).status).toBe(200);
});

test('the list of what is low and the suppliers lead to it', async () => {
  expect((await client.get('/products?availability=low')).text).toMatch(
    /id="to-order"\s*><a href="\/to-order"/,
  );
  expect((await client.get('/products')).text).toMatch(/id="to-order" hidden/);
  expect((await client.get('/suppliers')).text).toContain('href="/to-order"');
});
