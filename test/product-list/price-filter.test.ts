import { afterAll, beforeAll, expect, test } from '@jest/globals';
import ExcelJS from 'exceljs';
import { Client, uniqueCode } from '../support/client.ts';
import { replicaHasAll } from '../support/replication.ts';
import { stack } from '../support/shared-stack.ts';
import { SORT_COLUMNS } from '../../src/product-list/list-columns.ts';

const mark = uniqueCode();
const CATEGORY = `Precios ${mark}`;
/** As typed, and in the order of the prices. */
const PRICES = {
  gratis: '0',
  casi: '9,99',
  diez: '10',
  apenas: '10,01',
  quince: '15,50',
  veinte: '20,00',
  mas: '20,01',
  mil: '1.234,50',
};
type Name = keyof typeof PRICES;
const ALL = Object.keys(PRICES) as Name[];
const FROM_10_TO_20: Name[] = ['diez', 'apenas', 'quince', 'veinte'];

let client: Client;

beforeAll(async () => {
  client = await Client.signedIn();
  const add = (name: string, fields: Record<string, string>) =>
    client.register({ ...fields, name: `${name} ${mark}`, code: `${mark}-${name}` });
  await add('nada', { category: '__other__', newCategory: CATEGORY });
  for (const name of ALL) await add(name, { category: CATEGORY, price: PRICES[name] });
  await client.register({ name: `fuera ${mark}`, price: '15', category: 'Otros', quantity: 0 });
  await replicaHasAll(stack);
});

afterAll(async () => {
  const primary = await stack.connect('primary');
  await primary.query('DELETE FROM product WHERE name LIKE ?', [`%${mark}`]);
  await primary.query('DELETE FROM category WHERE name = ?', [CATEGORY]);
  await replicaHasAll(stack);
  await primary.end();
});

const plainName = (name: string) => name.replace(` ${mark}`, '');
const found = async (query: Record<string, string>) =>
  (await client.search({ category: CATEGORY, sort: 'price', ...query })).items.map(({ name }) =>
    plainName(name),
  );
const addressed = (path: string, query: Record<string, string>) =>
  `${path}?${new URLSearchParams({ category: CATEGORY, sort: 'price', ...query }).toString()}`;
const page = async (query: Record<string, string>) => client.get(addressed('/products', query));

/** @param link up to its query */
function pricesIn(html: string, link: string): (string | null)[] {
  const [, query] = new RegExp(`${link}[?]([^"]*)"`).exec(html)!;
  const search = new URLSearchParams(query!.replaceAll(/&(?:amp|#38);/g, '&'));
  return ['minPrice', 'maxPrice'].map((name) => search.get(name));
}

test('both ends count, either may be left out, and what has no price is never among them', async () => {
  expect(await found({ minPrice: '10', maxPrice: '20' })).toEqual(FROM_10_TO_20);
  expect(await found({ minPrice: '20,01' })).toEqual(['mas', 'mil']);
  expect(await found({ maxPrice: '9.99' })).toEqual(['gratis', 'casi']);
  expect(await found({ minPrice: '10', maxPrice: '10' })).toEqual(['diez']);
  expect(await found({ minPrice: '0' })).toEqual(ALL);
  expect(await found({ maxPrice: '0' })).toEqual(['gratis']);
  expect(await found({ minPrice: '1234.51' })).toEqual([]);
  expect(await found({ minPrice: '', maxPrice: ' ' })).toEqual(['nada', ...ALL]);
});

test('a price is read as the form of a product reads it, and written into links in one way', async () => {
  for (const minPrice of ['1.234,50', '1,234.50', '1234,5', '$1.234,50', ' 1234.50 ', 'USD 1234.50'])
    expect([minPrice, await found({ minPrice })]).toEqual([minPrice, ['mil']]);
  const { text } = await page({ minPrice: '10', maxPrice: '1.234,5' });
  for (const link of [
    'href="/products/export.csv',
    'href="/products/export.xlsx',
    'data-sort="name" href="/products',
  ])
    expect([link, pricesIn(text, link)]).toEqual([link, ['10.00', '1234.50']]);
  expect(text).toContain('value="10,00"');
  expect(text).toContain('value="1234,50"');
  expect(text).toContain('Precio: 10,00 – 1234,50');
  expect((await page({ minPrice: '10' })).text).toContain('Precio: desde 10,00');
  expect((await page({ maxPrice: '5' })).text).toContain('Precio: hasta 5,00');
});

test.each([
  ['minPrice', { minPrice: 'barato' }, 'Escriba un importe en USD, 0 o mayor, o déjelo vacío.'],
  ['minPrice', { minPrice: '-1' }, 'Escriba un importe en USD, 0 o mayor, o déjelo vacío.'],
  ['maxPrice', { maxPrice: '10,005' }, 'Escriba el importe con hasta 2 decimales'],
  ['maxPrice', { minPrice: '20', maxPrice: '10' }, 'El precio máximo no puede ser menor que el mínimo.'],
  ['maxPrice', { maxPrice: '9'.repeat(30) }, 'El importe máximo es'],
])('a wrong %s is refused beside its field, which keeps what was typed: %j', async (name, typed, problem) => {
  const answer = await page(typed);
  expect(answer.status).toBe(422);
  const field = new RegExp(`<input[^>]* name="${name}" value="([^"]*)"[^]*?id="${name}-error">([^<]*)<`);
  const [, value, shown] = field.exec(answer.text)!;
  expect(value).toBe(typed[name as keyof typeof typed]);
  expect(shown).toContain(problem);
  expect(answer.text).toMatch(/<details class="menu price-filter"[^>]* open>/);
  // What is wrong neither filters nor gets into links.
  const isMin = name === 'minPrice';
  expect(pricesIn(answer.text, 'href="/products/export.csv')[isMin ? 0 : 1]).toBeNull();

  const live = await client.get('/api/products').query(typed);
  expect(live.status).toBe(400);
  expect((live.body as { errors: Record<string, string> }).errors).toEqual({
    [name]: expect.stringContaining(problem),
  });
});

test('the message and the prices follow the language, the address stays', async () => {
  const address = addressed('/products', { minPrice: '20,5', maxPrice: '10' });
  const other = await Client.signedIn();
  const { headers } = await other.get(`/language/en?return=${encodeURIComponent(address)}`);
  expect(headers.location).toBe(address);
  const { text } = await other.get(address);
  expect(text).toContain('The highest price cannot be below the lowest.');
  expect(text).toContain('value="20.50"');
  expect(text).toContain('Price: from 20.50');
});

test('without scripts the form leads to the list, whose address has the prices', async () => {
  const { status, headers } = await page({ search: '', minPrice: '10', maxPrice: '20', open: 'match' });
  expect(status).toBe(303);
  expect(new URL(headers.location!, 'http://x').searchParams.get('maxPrice')).toBe('20.00');
  expect((await page({ search: mark, minPrice: 'x', open: 'match' })).status).toBe(422);
});

test('each order lists the same, also with a search, an availability and a facet', async () => {
  const inRange = { minPrice: '10', maxPrice: '20' };
  for (const sort of ['', ...SORT_COLUMNS.flatMap((column) => [column, `-${column}`])]) {
    const listed = async (query: Record<string, string>) => {
      const { items, total } = await client.search({ ...inRange, ...query, sort });
      expect(total).toBe(items.length);
      return items.map(({ name }) => plainName(name)).sort();
    };
    const sorted = FROM_10_TO_20.toSorted();
    expect([sort, await listed({ category: CATEGORY })]).toEqual([sort, sorted]);
    expect([sort, await listed({ search: mark })]).toEqual([sort, [...sorted, 'fuera'].sort()]);
    expect([sort, await listed({ search: mark, category: CATEGORY })]).toEqual([sort, sorted]);
    expect([sort, await listed({ search: mark, availability: 'out_of_stock' })]).toEqual([sort, ['fuera']]);
    expect([sort, await listed({ search: `diez ${mark}`, onSale: 'no' })]).toEqual([sort, ['diez']]);
  }
});

test('the totals and both exports obey it', async () => {
  const inRange = { minPrice: '10', maxPrice: '20' };
  const total = await client.get(addressed('/api/products/total', inRange));
  expect(total.body).toEqual({ total: 4 });
  expect((await page(inRange)).text).toMatch(/id="total"[^>]*>4 productos</);
  const csv = await client.get(addressed('/products/export.csv', inRange));
  const rows = csv.text.trim().split('\r\n').slice(1);
  expect(rows.map((row) => row.split(';')[2])).toEqual(FROM_10_TO_20.map((name) => `${mark}-${name}`));
  const file = await client.get(addressed('/products/export.xlsx', inRange)).responseType('blob');
  const workbook = new ExcelJS.Workbook();
  await workbook.xlsx.load(file.body as never);
  expect(workbook.worksheets[0]!.rowCount).toBe(1 + FROM_10_TO_20.length);
});
