import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { logIn } from '../support/browser-log-in.ts';
import { launchChromium } from '../support/chromium.ts';
import { Client, uniqueCode } from '../support/client.ts';
import { PHONE } from '../support/looks.ts';
import { baseUrl } from '../support/shared-stack.ts';
import { waitUntil } from '../support/wait-until.ts';

let browser: Browser;
let context: BrowserContext;
let client: Client;

beforeAll(async () => {
  browser = await launchChromium();
  client = await Client.signedIn();
});

afterEach(async () => {
  await context.close();
});

afterAll(async () => {
  await browser.close();
});

interface Shelf {
  page: Page;
  /** In the order of the list. */
  ids: number[];
  mark: string;
}

/** Opens a list of `count` products that nobody else sees in a search, each with 5 on hand. */
async function openShelf(count: number, options: BrowserContextOptions = {}): Promise<Shelf> {
  const mark = uniqueCode();
  const ids: number[] = [];
  for (let i = 0; i < count; i++) {
    ids.unshift((await client.register({ name: `${mark} ${i}`, code: `${mark}-${i}`, unit: 'kg' })).id);
  }
  context = await browser.newContext({ baseURL: baseUrl, locale: 'es-ES', ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  await logIn(page);
  await page.goto(`/products?search=${mark}&sort=-number`);
  return { page, ids, mark };
}

const quantityOf = (page: Page, id: number): Locator =>
  page.locator(`#rows [data-product="${id}"] [data-field=quantity]`);
const editorOf = (page: Page, id: number): Locator =>
  page.locator(`#rows [data-product="${id}"] .quantity-editor`);

async function shown(page: Page, id: number, quantity: string): Promise<void> {
  const selector = `#rows [data-product="${id}"] [data-field=quantity]`;
  await page.waitForFunction(
    ([at, wanted]) => document.querySelector(at!)?.textContent === wanted,
    [selector, quantity],
  );
}

async function savedQuantity(mark: string, id: number): Promise<number | undefined> {
  const { items } = await client.search({ search: mark });
  return items.find((item) => item.id === id)?.quantity;
}

test('counting down the list: the next click and Enter save what was typed', async () => {
  const { page, ids, mark } = await openShelf(4);
  const [first, second, third, last] = ids as [number, number, number, number];
  await quantityOf(page, first).click();
  await page.keyboard.type('444');
  await quantityOf(page, second).click();
  await shown(page, first, '444');
  await page.keyboard.type('12');
  await page.keyboard.press('Enter');
  await page.keyboard.type('13');
  await page.keyboard.press('Enter');
  await page.keyboard.type('14');
  await page.keyboard.press('Enter');
  await shown(page, second, '12');
  await shown(page, third, '13');
  await shown(page, last, '14');
  expect(await page.locator('.quantity-editor').count()).toBe(0);
  // The last answers may come in any order.
  expect(await page.textContent('#announcement')).toMatch(/^T-.* \d: Cantidad guardada: 1[234]$/);
  expect(await Promise.all(ids.map((id) => savedQuantity(mark, id)))).toEqual([444, 12, 13, 14]);
});

test('a search, a filter and a link save first', async () => {
  const { page, ids, mark } = await openShelf(2);
  const [first, second] = ids as [number, number];
  await quantityOf(page, first).click();
  await page.keyboard.type('7');
  await page.fill('input[name=search]', `${mark}-0`);
  await page.waitForFunction(() => document.querySelectorAll('#rows tr').length === 1);
  expect(await savedQuantity(mark, first)).toBe(7);

  await quantityOf(page, second).click();
  await page.keyboard.type('0');
  await page.selectOption('select[name=availability]', 'out_of_stock');
  await page.waitForURL('**availability=out_of_stock**');
  await shown(page, second, '0');
  expect(await page.locator('#rows tr').count()).toBe(1);

  await quantityOf(page, second).click();
  await page.keyboard.type('8');
  // Held down for longer than saving takes.
  await page.locator('#rows [data-field=name]').click({ delay: 500 });
  await page.waitForURL(`**/products/${second}`);
  expect(await page.textContent('.on-hand')).toContain('8');
});

test('leaving by the browser saves first', async () => {
  const { page, ids, mark } = await openShelf(2);
  const [first, second] = ids as [number, number];
  await quantityOf(page, first).click();
  await page.keyboard.type('70');
  await page.reload();
  await waitUntil(async () => (await savedQuantity(mark, first)) === 70);
  await quantityOf(page, second).click();
  await page.keyboard.type('80');
  await page.goto('about:blank');
  await waitUntil(async () => (await savedQuantity(mark, second)) === 80);
});

test('a conflict shows both values and asks, and nothing closes the editor before', async () => {
  const { page, ids, mark } = await openShelf(2);
  const [first, second] = ids as [number, number];
  await quantityOf(page, first).click();
  await page.keyboard.type('444');
  await client.changeQuantity(first, { delta: 2 });
  await quantityOf(page, second).click();
  await page.waitForSelector('text=Otra persona guardó 7 mientras tanto. Usted escribió 444.');
  expect(await editorOf(page, first).locator('input').inputValue()).toBe('444');
  expect(await editorOf(page, second).count()).toBe(1);
  await page.keyboard.press('Escape');

  await page.fill('input[name=search]', `${mark}-1`);
  await page.waitForSelector('#problem:has-text("Hay una cantidad sin guardar")');
  expect(await page.locator('#rows tr').count()).toBe(2);
  await page.click('#rows [data-field=name] >> nth=1');
  expect(await page.evaluate(() => document.activeElement?.closest('.quantity-editor') !== null)).toBe(true);
  expect(new URL(page.url()).pathname).toBe('/products');

  await page.click('text=Guardar 444');
  await page.waitForFunction(() => document.querySelectorAll('#rows tr').length === 1);
  expect(await page.isHidden('#problem')).toBe(true);
  expect(await savedQuantity(mark, first)).toBe(444);
});

test('what cannot be saved stays, with the reason: no number, no network', async () => {
  const { page, ids, mark } = await openShelf(2);
  const [first, second] = ids as [number, number];
  await quantityOf(page, first).click();
  await page.keyboard.type('4x');
  await page.keyboard.press('Enter');
  await page.waitForSelector('.quantity-editor .problem:has-text("Escriba un número")');
  expect(await editorOf(page, second).count()).toBe(0);
  await editorOf(page, first).locator('input').fill('45');

  await context.setOffline(true);
  await quantityOf(page, second).click();
  await editorOf(page, first).locator('.problem:has-text("No se guardó")').waitFor();
  await page.keyboard.type('46');
  await page.keyboard.press('Enter');
  await editorOf(page, second).locator('.problem:has-text("No se guardó")').waitFor();
  expect(await editorOf(page, first).locator('input').inputValue()).toBe('45');
  await context.setOffline(false);
  await page.locator('#rows [data-field=name]').first().click();
  await page.waitForURL(`**/products/${first}`);
  expect([await savedQuantity(mark, first), await savedQuantity(mark, second)]).toEqual([45, 46]);
});

test('a browser asks before it leaves a quantity that is not saved', async () => {
  const { page, ids } = await openShelf(1);
  await quantityOf(page, ids[0]!).click();
  await page.keyboard.type('-');
  await page.keyboard.type('x');
  await page.keyboard.press('Enter');
  await page.waitForSelector('.quantity-editor .problem:not([hidden])');
  const asked = page.waitForEvent('dialog');
  void page.reload().catch(() => undefined);
  const dialog = await asked;
  expect(dialog.type()).toBe('beforeunload');
  await dialog.dismiss();
  expect(await page.locator('.quantity-editor input').count()).toBe(1);
  page.on('dialog', (late) => void late.accept());
});

test('a double click opens the editor, and confirms no deletion', async () => {
  const { page, ids, mark } = await openShelf(1);
  const id = ids[0]!;
  await quantityOf(page, id).dblclick();
  await page.keyboard.type('9');
  expect(await editorOf(page, id).count()).toBe(1);
  await page.keyboard.press('Escape');
  // Put the button of the dialog under the pointer.
  const trash = (await page.locator('[data-delete]').boundingBox())!;
  await page.evaluate(({ x, y }) => {
    const button = document.querySelector<HTMLElement>('#delete-dialog .btn-danger')!;
    Object.assign(button.style, { position: 'fixed', left: `${x - 10}px`, top: `${y - 10}px` });
  }, trash);
  await page.locator('[data-delete]').dblclick();
  await page.waitForSelector('dialog[open]');
  expect(await savedQuantity(mark, id)).toBe(5);
});

test('counting by touch, on a phone', async () => {
  const { page, ids, mark } = await openShelf(2, { viewport: PHONE, isMobile: true, hasTouch: true });
  const [first, second] = ids as [number, number];
  await quantityOf(page, first).tap();
  await page.keyboard.type('21');
  await quantityOf(page, second).tap();
  await shown(page, first, '21');
  const editor = editorOf(page, second);
  await editor.locator('button[aria-label="Sumar 1"]').tap();
  await editor.locator('button[aria-label="Guardar"]').tap();
  await shown(page, second, '6');
  expect([await savedQuantity(mark, first), await savedQuantity(mark, second)]).toEqual([21, 6]);
});

test('a screen reader hears the product, the quantity and the unit', async () => {
  const { page, ids, mark } = await openShelf(1);
  const id = ids[0]!;
  const label = () => quantityOf(page, id).getAttribute('aria-label');
  expect(await label()).toBe(`${mark} 0: 5 kg`);
  await quantityOf(page, id).focus();
  await page.keyboard.press('Enter');
  const input = editorOf(page, id).locator('input');
  expect(await input.getAttribute('aria-label')).toBe(`${mark} 0: Cantidad (kg)`);
  await page.keyboard.type('6');
  await page.keyboard.press('Enter');
  await shown(page, id, '6');
  expect(await label()).toBe(`${mark} 0: 6 kg`);
  expect(await quantityOf(page, id).evaluate((link) => link === document.activeElement)).toBe(true);
});
