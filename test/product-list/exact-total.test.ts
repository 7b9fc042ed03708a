import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Connection, ResultSetHeader } from 'mysql2/promise';
import { launchChromium } from '../support/chromium.ts';
import { Client, uniqueCode } from '../support/client.ts';
import { replicaHasAll } from '../support/replication.ts';
import { baseUrl, stack } from '../support/shared-stack.ts';
import { waitUntil } from '../support/wait-until.ts';

const PRODUCTS = 10_020;
const category = `Tornillería ${uniqueCode()}`;

let client: Client;
let primary: Connection;
let categoryId: number;

beforeAll(async () => {
  client = await Client.signedIn();
  primary = await stack.connect('primary');
  const [{ insertId }] = await primary.query<ResultSetHeader>('INSERT INTO category (name) VALUES (?)', [
    category,
  ]);
  categoryId = insertId;
  await primary.query(
    `SET SESSION cte_max_recursion_depth = ${PRODUCTS};
     INSERT INTO product (code, name, description, category_id, quantity, unit)
     WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${PRODUCTS})
     SELECT CONCAT(?, '-', i), 'Tornillo', '', ?, i MOD 3, 'unidad' FROM n`,
    [uniqueCode(), categoryId],
  );
  await waitUntil(async () => {
    // Not the primary in place of a replica that has yet to receive them.
    const { total } = await client.search({ category });
    return total === 10_000 && (await totalOf({ category })) === PRODUCTS;
  });
});

afterAll(async () => {
  await primary.query('DELETE FROM product WHERE category_id = ?', [categoryId]);
  await primary.query('DELETE FROM category WHERE id = ?', [categoryId]);
  expect(await replicaHasAll(stack)).toBe(true);
  await primary.end();
});

async function totalOf(query: Record<string, string>): Promise<number | null> {
  const response = await client.get('/api/products/total').query(query);
  return (response.body as { total: number | null }).total;
}

test('a filter with more than 10,000 products has an exact total of its own', async () => {
  const { total, totalIsExact } = await client.search({ category });
  expect({ total, totalIsExact }).toEqual({ total: 10_000, totalIsExact: false });
  expect(await totalOf({ category })).toBe(PRODUCTS);
  expect(await totalOf({ category, availability: 'out_of_stock' })).toBe(PRODUCTS / 3);
  expect(await totalOf({ category: 'no hay ninguna' })).toBe(0);
  expect(await totalOf({ search: 'tornillo' })).toBeNull();
  expect((await client.get('/api/products/total?availability=perhaps')).status).toBe(400);
});

test('the list shows the exact total a moment later', async () => {
  const browser = await launchChromium();
  const context = await browser.newContext({ baseURL: baseUrl, locale: 'es-ES' });
  const page = await context.newPage();
  await page.goto('/login?return=%2Fproducts');
  await page.fill('#username', 'admin');
  await page.fill('#password', 'admin123');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/products');
  await page.goto(`/products?category=${encodeURIComponent(category)}`);
  await page.waitForSelector('#total:text-is("10.020 productos")');
  await page.selectOption('select[name=availability]', 'available');
  await page.waitForSelector('#total:text-is("6680 productos")');
  await page.selectOption('select[name=availability]', '');
  await page.waitForSelector('#total:text-is("10.020 productos")');
  await browser.close();
});
