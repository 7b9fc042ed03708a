import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Connection } from 'mysql2/promise';
import type { Browser, Page } from 'playwright-core';
import { closeDatabases, type Databases } from '../../src/database/databases.ts';
import { pathOf, type ShopPage } from '../../src/shop/shop-paths.ts';
import { PROJECT_DIR } from '../../tools/launcher/stack-config.ts';
import { rowsOf } from '../orders/shop-support.ts';
import { catchUp } from '../order-desk/desk-support.ts';
import { logIn } from '../support/browser-log-in.ts';
import { launchChromium } from '../support/chromium.ts';
import { uniqueCode } from '../support/client.ts';
import { newCustomer } from '../support/kept-mail.ts';
import { accessibilityViolations, LOOKS, PHONE } from '../support/looks.ts';
import { openDatabases } from '../support/open-databases.ts';
import { jpeg } from '../support/photo-files.ts';
import { baseUrl, stack } from '../support/shared-stack.ts';
import { PASSWORD } from '../support/shopper.ts';
import { sellOf } from './seller-support.ts';

const SCREENSHOTS = join(PROJECT_DIR, 'test-results');

let browser: Browser;
let root: Connection;
let databases: Databases;

beforeAll(async () => {
  browser = await launchChromium();
  root = await stack.connect('primary');
  databases = await openDatabases();
});

afterAll(async () => {
  await browser.close();
  await root.end();
  await closeDatabases(databases);
});

const CONTROLS =
  'main button, main summary, main select, main input:not([type=checkbox]):not([type=radio]):not([type=hidden])';

/** What a finger must hit; a box by its label. On pages of staff, links in lists are text. */
const PRESSED = { shop: `${CONTROLS}, main a`, staff: CONTROLS, nothing: '' };

async function expectGoodLooks(page: Page, name: string, pressed: keyof typeof PRESSED): Promise<void> {
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `sellers-${name}.png`), fullPage: true });
  expect([name, await accessibilityViolations(page)]).toEqual([name, []]);
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  expect([name, Math.max(0, width - page.viewportSize()!.width)]).toEqual([name, 0]);
  if (pressed === 'nothing') return;
  const small = await page
    .locator(PRESSED[pressed])
    .locator('visible=true')
    .evaluateAll((elements) =>
      elements
        .filter((element) => element.getBoundingClientRect().height < 44)
        .map((element) => element.outerHTML.slice(0, 90)),
    );
  expect([name, small]).toEqual([name, []]);
}

async function logInToShop(page: Page, language: 'es' | 'en', email: string, target: ShopPage) {
  await page.goto(pathOf(language, target));
  await page.fill('#email', email);
  await page.fill('#password', PASSWORD);
  await page.keyboard.press('Enter');
  await page.waitForURL(`**${pathOf(language, target)}`);
}

test.each(LOOKS)(
  'from the request to the payout, good to look at and to use: %s',
  async (look, options) => {
    const language = look.startsWith('es') ? 'es' : 'en';
    const isTouched = options.hasTouch === true;
    const at = (page: ShopPage, params?: Record<string, string>) => pathOf(language, page, params);
    const { email } = await newCustomer();
    const context = await browser.newContext({ baseURL: baseUrl, ...options });
    const staff = await browser.newContext({ baseURL: baseUrl, ...options });
    const [page, desk] = [await context.newPage(), await staff.newPage()];
    const errors: string[] = [];
    for (const one of [page, desk]) {
      one.setDefaultTimeout(30_000);
      one.on('pageerror', (error) => errors.push(error.message));
    }
    const good = (name: string, kind: keyof typeof PRESSED = 'shop') => {
      const shown = name.startsWith('staff') ? desk : page;
      return expectGoodLooks(shown, `${look}-${name}`, isTouched ? kind : 'nothing');
    };
    const name = `Librería ${uniqueCode()}`;

    await logInToShop(page, language, email, 'account');
    await page.click(`main a[href="${at('sell')}"]`);
    await page.click('main form button[type=submit]');
    await page.waitForSelector('.is-invalid');
    await good('ask');
    await page.fill('#name', name);
    await page.fill('#payTo', 'Banco del Sol, cuenta 123456, Ana Núñez');
    await page.fill('#about', 'Novelas usadas');
    await page.click('main form button[type=submit]');
    await page.waitForSelector('.alert-info');
    await good('asked');

    await logIn(desk);
    await catchUp();
    await desk.goto('/sellers?state=asked');
    await good('staff-list', 'staff');
    await desk.click(`text=${name}`);
    await good('staff-asked', 'staff');
    await desk.fill('#rate', '12');
    await desk.click('form:has(#rate) button[type=submit]');
    await desk.waitForSelector('.badge-available');

    await catchUp();
    await page.goto(at('sellProducts'));
    await good('none');
    await page.click(`main a[href="${at('newSellProduct')}"]`);
    await page.fill('#name', 'Rayuela, primera edición, con dedicatoria');
    await page.fill('#quantity', '-1');
    await page.click('main form button[type=submit]');
    await page.waitForSelector('.is-invalid');
    await good('form-errors');
    await page.selectOption('#category', { index: 1 });
    await page.fill('#quantity', '4');
    await page.fill('#price', language === 'es' ? '19,90' : '19.90');
    await page.check('#onSale');
    await page.fill('#authors', 'Julio Cortázar');
    await page.click('main form button[type=submit]');
    await page.waitForURL(/saved=published/);
    const { content } = await jpeg('tapa.jpg', { background: '#aa3311', width: 600, height: 800 });
    await page.setInputFiles('#photo-files', { name: 'tapa.jpg', mimeType: 'image/jpeg', buffer: content });
    await page.click('.photo-form button');
    await page.waitForURL(/saved=photos/);
    await good('product');
    await page.goto(at('sellProducts'));
    await good('products');

    const [product] = await rowsOf(
      root,
      'SELECT product.id, price, COALESCE(tax_rate, 0) AS taxRate FROM product JOIN seller ON seller.id = seller_id WHERE seller.name = ?',
      [name],
    );
    const own = product as { id: number; price: number; taxRate: number };
    const order = await sellOf(databases, root, [{ product: own, quantity: 2 }]);
    await page.goto(at('sellOrders'));
    await good('orders');
    await page.click('.order-number');
    await good('order');
    await page.fill('[name=trackingNumber]', 'GUIA-77');
    await page.click('main form button[type=submit]');
    await page.waitForURL(/saved=shipped/);
    await good('order-sent');
    await page.goto(at('payouts'));
    await good('due');

    await catchUp();
    await desk.reload();
    await good('staff-due', 'staff');
    await desk.fill('#reference', 'TRX 2026-11');
    await desk.click('form:has(#reference) button[type=submit]');
    await desk.waitForSelector('text=TRX 2026-11');
    await good('staff-paid', 'staff');
    await desk.goto(`/orders/${order.number}`);
    await good('staff-order', 'nothing');
    await desk.goto(`/products/${own.id}`);
    await good('staff-product', 'nothing');
    await catchUp();
    await page.reload();
    await page.waitForSelector('text=TRX 2026-11');
    await good('payouts');
    await page.goto(at('product', { product: String(own.id) }));
    await page.waitForSelector(`text=${name}`);
    await good('shop-product', 'nothing');
    await page.goto(at('sell'));
    await good('details');
    await staff.close();
    await context.close();
    expect(errors).toEqual([]);
  },
  240_000,
);

test('without JavaScript: ask, publish with a photo, edit, ship', async () => {
  const { email } = await newCustomer();
  const context = await browser.newContext({
    ...{ baseURL: baseUrl, locale: 'es-EC', javaScriptEnabled: false, viewport: PHONE },
  });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const at = (name: ShopPage) => pathOf('es', name);
  await logInToShop(page, 'es', email, 'sell');
  const name = `Sin script ${uniqueCode()}`;
  await page.fill('#name', name);
  await page.click('main form button[type=submit]');
  await page.waitForSelector('.alert-info');
  await root.query("UPDATE seller SET state = 'approved' WHERE name = ?", [name]);
  await catchUp();
  await page.goto(at('newSellProduct'));
  await page.fill('#name', 'Pedro Páramo');
  await page.selectOption('#category', { index: 1 });
  await page.fill('#quantity', '2');
  await page.fill('#price', '8');
  await page.check('#onSale');
  await page.click('main form button[type=submit]');
  await page.waitForURL(/saved=published/);
  const { content } = await jpeg('foto.jpg', { background: '#225588' });
  await page.setInputFiles('#photo-files', { name: 'foto.jpg', mimeType: 'image/jpeg', buffer: content });
  await page.click('.photo-form button');
  await page.waitForURL(/saved=photos/);
  await page.waitForSelector('.photo-list img');
  await page.fill('#price', '9,50');
  await page.click('main form button[type=submit] >> nth=0');
  await page.waitForURL(/saved=saved/);
  const [product] = await rowsOf(
    root,
    'SELECT product.id, price, 0 AS taxRate FROM product JOIN seller ON seller.id = seller_id WHERE seller.name = ?',
    [name],
  );
  expect(product).toMatchObject({ price: 950 });
  const order = await sellOf(databases, root, [
    { product: product as { id: number; price: number; taxRate: number }, quantity: 1 },
  ]);
  await page.goto(at('sellOrders'));
  await page.click(`text=${order.number}`);
  await page.fill('[name=carrier]', 'Moto');
  await page.click('main form button[type=submit]');
  await page.waitForSelector('text=Envío anotado');
  await context.close();
});
