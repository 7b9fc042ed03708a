import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { logIn } from '../support/browser-log-in.ts';
import { launchChromium } from '../support/chromium.ts';
import { Client } from '../support/client.ts';
import { baseUrl } from '../support/shared-stack.ts';

let browser: Browser;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
  browser = await launchChromium({ hasBackForwardCache: true });
});

afterEach(async () => {
  await context.close();
});

afterAll(async () => {
  await browser.close();
});

/** Opens the second page of the available products by name, scrolled down. */
async function openList(): Promise<{ address: string; scroll: number }> {
  context = await browser.newContext({ baseURL: baseUrl, locale: 'es-ES' });
  page = await context.newPage();
  page.setDefaultTimeout(30_000);
  await logIn(page);
  await page.goto('/products?sort=name');
  await page.selectOption('select[name=availability]', 'available');
  await page.waitForURL('**availability=available**');
  await page.click('#next');
  await page.waitForURL('**cursor=**');
  await page.locator('#rows tr').nth(30).scrollIntoViewIfNeeded();
  return { address: page.url(), scroll: await page.evaluate(() => scrollY) };
}

const nameInRow = (row: number) => page.locator('#rows tr').nth(row).locator('[data-field=name]');

async function expectList({ address, scroll }: { address: string; scroll: number }): Promise<void> {
  await page.waitForURL(address);
  expect(scroll).toBeGreaterThan(0);
  // A message above the list may move it by its height.
  await page.waitForFunction((wanted) => Math.abs(scrollY - wanted) < 100, scroll);
  expect(await page.inputValue('select[name=availability]')).toBe('available');
}

async function openProduct(): Promise<string> {
  await nameInRow(30).click();
  await page.waitForURL(/\/products\/\d+$/);
  return page.url();
}

/** Its scripts lead back; before they run, the browser sends the form and follows the links itself. */
async function waitForForm(): Promise<void> {
  await page.waitForSelector('#product-form');
  await page.waitForLoadState();
}

async function saveEdit(): Promise<void> {
  await waitForForm();
  await page.fill('#description', `Cambiado ${Date.now()}`);
  await page.click('#product-form button[type=submit]');
}

test('Back leads to the list as it was: scroll, filters and page', async () => {
  const list = await openList();
  await openProduct();
  await page.goBack();
  await expectList(list);
});

test('after list, product, edit and save, one Back is the list', async () => {
  const list = await openList();
  const product = await openProduct();
  await page.click('main a[href$="/edit"]');
  await saveEdit();
  await page.waitForURL(product);
  await page.waitForSelector('.alert-success');
  await page.goBack();
  await expectList(list);
});

test('a refused edit, mended and saved, still is one Back from the list', async () => {
  const list = await openList();
  const product = await openProduct();
  const name = await page.textContent('h1');
  await page.click('main a[href$="/edit"]');
  await waitForForm();
  await page.fill('#name', '');
  await page.click('#product-form button[type=submit]');
  await page.waitForSelector('#name-error');
  await page.fill('#name', name!);
  await saveEdit();
  await page.waitForSelector('.on-hand');
  expect(page.url()).toBe(product);
  await page.waitForSelector('.alert-success');
  await page.goBack();
  await expectList(list);
});

test('the breadcrumb, Cancel, Save and Delete lead back to the list as it was', async () => {
  const list = await openList();
  await openProduct();
  await page.click('[data-to-list]');
  await expectList(list);

  const pencil = page.locator('#rows tr').nth(30).locator('.btn-icon[href$="/edit"]');
  await pencil.click();
  await waitForForm();
  await page.click('#product-form [data-cancel]');
  await expectList(list);

  await pencil.click();
  await saveEdit();
  await expectList(list);
  await page.waitForSelector('.alert-success');

  const client = await Client.signedIn();
  const { id } = await client.register({ name: 'A punto de eliminarse' });
  await page.goto('/products');
  await page.click(`#rows [data-product="${id}"] [data-field=name]`);
  await page.waitForURL(/\/products\/\d+$/);
  await page.click('[data-delete]');
  await page.click('dialog button.btn-danger');
  await page.waitForURL('**/products');
  await page.waitForSelector('text=A punto de eliminarse');
  await page.goBack();
  await expectList(list);
});

test('deleting in the list leaves it where it was', async () => {
  const client = await Client.signedIn();
  const { code } = await client.register({ name: 'Mm, de la lista' });
  const list = await openList();
  await page.goto(`/products?search=${code}`);
  await page.click('[data-delete]');
  await page.click('dialog button.btn-danger');
  await page.waitForSelector('#empty:not([hidden])');
  await page.goBack();
  await expectList(list);
});

test('after logging out, Back shows no data', async () => {
  await openList();
  await page.click('.app-account summary');
  await page.click('form[action="/logout"] button');
  await page.waitForURL('**/login');
  await page.goBack();
  await page.waitForURL('**/login?return=**');
  expect(await page.locator('#rows').count()).toBe(0);
});
