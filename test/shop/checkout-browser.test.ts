import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Connection } from 'mysql2/promise';
import type { Browser, Page } from 'playwright-core';
import { PROJECT_DIR } from '../../tools/launcher/stack-config.ts';
import { pathOf, type ShopPage } from '../../src/shop/shop-paths.ts';
import { launchChromium } from '../support/chromium.ts';
import { linkTo, newCustomer } from '../support/kept-mail.ts';
import { accessibilityViolations, LOOKS, PHONE } from '../support/looks.ts';
import { logIn } from '../support/browser-log-in.ts';
import { baseUrl, stack } from '../support/shared-stack.ts';
import { PASSWORD, uniqueEmail } from '../support/shopper.ts';
import { replicaHasAll } from '../support/replication.ts';
import { addBook, orderOf } from './checkout-support.ts';

const SCREENSHOTS = join(PROJECT_DIR, 'test-results');

let browser: Browser;
let root: Connection;

beforeAll(async () => {
  browser = await launchChromium();
  root = await stack.connect('primary');
});

afterAll(async () => {
  await browser.close();
  await root.end();
});

/** What a finger must hit; a card is hit all over, and a box or a choice by its label. */
const PRESSED =
  'main a:not(.card-name a), main button, main summary, main select, main .choice, ' +
  'main input:not([type=checkbox]):not([type=radio]):not([type=hidden]):not([tabindex="-1"])';

async function expectGoodLooks(page: Page, name: string, isTouched: boolean): Promise<void> {
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `checkout-${name}.png`), fullPage: true });
  expect([name, await accessibilityViolations(page)]).toEqual([name, []]);
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  expect([name, Math.max(0, width - page.viewportSize()!.width)]).toEqual([name, 0]);
  if (!isTouched) return;
  const small = await page
    .locator(PRESSED)
    .locator('visible=true')
    .evaluateAll((elements) =>
      elements
        .filter((element) => element.getBoundingClientRect().height < 44)
        .map((element) => element.outerHTML.slice(0, 90)),
    );
  expect([name, small]).toEqual([name, []]);
}

async function fillIn(page: Page, fields: Record<string, string>): Promise<void> {
  for (const [name, value] of Object.entries(fields)) await page.fill(`#${name}`, value);
}

const ADDRESS = { region: 'Pichincha', municipality: 'Quito', street: 'Av. Larga 12 y Corta' };

test.each(LOOKS)(
  'from the product to the order, good to look at and to use: %s',
  async (look, options) => {
    const language = look.startsWith('es') ? 'es' : 'en';
    const isTouched = options.hasTouch === true;
    const at = (page: ShopPage, params?: Record<string, string>) => pathOf(language, page, params);
    const [book, few, gone] = [
      await addBook(root, { price: 1999 }),
      await addBook(root, { quantity: 5 }),
      await addBook(root),
    ];
    await replicaHasAll(stack);
    const context = await browser.newContext({ baseURL: baseUrl, ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(error.message));
    const look1 = (name: string) => expectGoodLooks(page, `${look}-${name}`, isTouched);

    for (const { id } of [few, gone, book]) {
      await page.goto(at('product', { product: String(id) }));
      await page.fill('#quantity', '4');
      if (id === book.id) await look1('product');
      await page.click('.add-form button');
      await page.waitForSelector('.cart-line');
    }
    await root.query('UPDATE product SET price = 2199 WHERE id = ?', [few.id]);
    await root.query('UPDATE product SET exact_reserved = 3, reserved = 3 WHERE id = ?', [few.id]);
    await root.query('UPDATE product SET on_sale = 0 WHERE id = ?', [gone.id]);
    await page.goto(at('cart'));
    await look1('cart');
    await page.click('.cart-sum .btn-primary');
    await page.click('button[value=order]');
    await page.waitForSelector('.alert-danger');
    await look1('errors');
    await page.click(`button[value="remove:${gone.id}"]`);
    await page.waitForSelector(`button[value="remove:${gone.id}"]`, { state: 'detached' });
    await page.click(`button[value="keep:${few.id}"]`);
    await page.waitForSelector(`button[value="keep:${few.id}"]`, { state: 'detached' });
    await fillIn(page, { email: uniqueEmail(), name: 'Ana Núñez', phone: '099 123 456', ...ADDRESS });
    await page.click('button[value=update]');
    await page.waitForSelector('#way-1');
    await page.check('#way-0');
    await page.check('#pay-bank_transfer');
    await look1('checkout');
    await page.click('button[value=order]');
    await page.waitForURL(/placed=1/);
    await look1('order');
    expect(await orderOf(root, page.url())).toMatchObject({ items_total: 4 * 1999 + 2 * 2199 });
    await context.close();
    await root.query('UPDATE product SET exact_reserved = 2, reserved = 2 WHERE id = ?', [few.id]);
    expect(errors).toEqual([]);
  },
  180_000,
);

test('without a script, the page follows what is chosen', async () => {
  const book = await addBook(root, { price: 1000 });
  await replicaHasAll(stack);
  const options = { javaScriptEnabled: false, viewport: PHONE };
  const context = await browser.newContext({ baseURL: baseUrl, locale: 'es-EC', ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  await page.goto(pathOf('es', 'product', { product: String(book.id) }));
  await page.click('.add-form button');
  await page.click('.cart-sum .btn-primary');
  const total = () => page.locator('.sums-total:visible').textContent();
  expect(await total()).toContain('Total sin entrega');
  await page.check('#way-0');
  expect(await total()).toMatch(/\$14,50\s*$/);
  await page.check('#way-1');
  expect(await total()).toMatch(/\$18,90\s*$/);
  expect(await page.locator('#pay-cash_on_delivery').isVisible()).toBe(false);
  expect(await page.locator('#pay-pick_up').isVisible()).toBe(false);
  expect(await page.locator('#street').isVisible()).toBe(true);
  await page.check('#way-2');
  expect(await total()).toMatch(/\$10,00\s*$/);
  expect(await page.locator('#street').isVisible()).toBe(false);
  const email = uniqueEmail();
  await fillIn(page, { email, name: 'Ana', phone: '099' });
  await page.check('#pay-pick_up');
  await page.click('button[value=order]');
  await page.waitForURL(/pedidos/);
  const link = await linkTo(email, 'order-confirmed');
  await page.goto(link);
  await page.click('details summary');
  await page.click('.btn-danger');
  await page.waitForSelector('text=El pedido se canceló.');
  await context.close();
});

test('a customer logs in on the way, with the cart, and orders to an address of the account', async () => {
  const { email } = await newCustomer();
  const book = await addBook(root);
  await replicaHasAll(stack);
  const context = await browser.newContext({ baseURL: baseUrl, locale: 'es-ES', viewport: PHONE });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  await page.goto(pathOf('es', 'product', { product: String(book.id) }));
  await page.click('.add-form button');
  await page.click('.cart-sum .btn-primary');
  await page.click('main a:has-text("Iniciar sesión")');
  await page.fill('#email', email);
  await page.fill('#password', PASSWORD);
  await page.keyboard.press('Enter');
  await page.waitForURL('**/tienda/pagar');
  await fillIn(page, { phone: '099', ...ADDRESS });
  await page.check('#keepAddress');
  await page.click('button[value=update]');
  await page.waitForSelector('#way-1');
  await page.check('#way-0');
  await page.check('#pay-cash_on_delivery');
  expect(await accessibilityViolations(page)).toEqual([]);
  await page.click('button[value=order]');
  await page.waitForURL(/placed=1/);
  await page.click('a:has-text("Mis pedidos")');
  await page.waitForSelector('.order-number');
  expect(await accessibilityViolations(page)).toEqual([]);
  await context.close();
});

test.each(LOOKS)(
  'the pages of delivery are good to look at: %s',
  async (look, options) => {
    const context = await browser.newContext({ baseURL: baseUrl, ...options });
    const page = await context.newPage();
    await logIn(page);
    for (const path of [
      '/delivery',
      '/delivery/zones/1/edit',
      '/delivery/methods/1/edit',
      '/delivery/zones/1/delete',
    ]) {
      await page.goto(path);
      await expectGoodLooks(page, `${look}${path.replaceAll('/', '-')}`, options.hasTouch === true);
    }
    await context.close();
  },
  120_000,
);
