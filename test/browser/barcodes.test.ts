import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import type { Connection } from 'mysql2/promise';
import { PROJECT_DIR } from '../../tools/launcher/stack-config.ts';
import { damaged, newEan13, newUpcA } from '../support/barcodes.ts';
import { onPage } from '../support/on-page.ts';
import { launchChromium } from '../support/chromium.ts';
import { Client, uniqueCode } from '../support/client.ts';
import { accessibilityViolations, LOOKS } from '../support/looks.ts';
import { createPerson } from '../support/people.ts';
import { replicaHasAll } from '../support/replication.ts';
import { stack } from '../support/shared-stack.ts';

const SCREENSHOTS = join(PROJECT_DIR, 'test-results');
const MARK = uniqueCode();
let counter = 0;
const newCode = () => `${MARK}-${counter++}`;

let browser: Browser;
let administrator: Client;
let primary: Connection;

beforeAll(async () => {
  mkdirSync(SCREENSHOTS, { recursive: true });
  browser = await launchChromium();
  administrator = await Client.signedIn();
  primary = await stack.connect('primary');
});
afterAll(async () => {
  await browser.close();
  await removeProducts();
  await primary.end();
});

/** They have a barcode in common. */
async function removeProducts(): Promise<void> {
  await primary.query('DELETE FROM product WHERE code LIKE ?', [`${MARK}-%`]);
}

/** As fast as a scanner. */
async function scan(page: Page, barcode: string): Promise<void> {
  await page.locator('input[name=search]').pressSequentially(barcode, { delay: 2 });
  await page.keyboard.press('Enter');
}

test.each([true, false])(
  'a scanner opens the product, and Back leads to the list: script %s',
  async (script) => {
    const person = await createPerson(administrator, 'clerk');
    const upc = newUpcA();
    const name = `Galletas ${MARK}`;
    const { id } = await person.client.register({ name, code: newCode(), barcodes: upc });
    await onPage(browser, person, { javaScriptEnabled: script }, async (page) => {
      for (const barcode of [upc, `0${upc}`]) {
        await page.goto('/products');
        await scan(page, barcode);
        await page.waitForURL(`**/products/${id}`);
        expect(await page.textContent('h1')).toBe(name);
      }
      await page.goBack();
      await page.waitForSelector('#rows');
      await page.fill('input[name=search]', '');
      await scan(page, damaged(upc));
      await page.waitForURL(`**/products?search=${damaged(upc)}`);
      await page.waitForSelector('#empty:visible');
    });
  },
);

test('live search shows the product of a barcode', async () => {
  const person = await createPerson(administrator, 'viewer');
  const ean = newEan13();
  const name = `Fideos ${MARK}`;
  await administrator.register({ name, code: newCode(), barcodes: ean });
  expect(await replicaHasAll(stack)).toBe(true);
  await onPage(browser, person, {}, async (page) => {
    await page.locator('input[name=search]').pressSequentially(ean, { delay: 2 });
    await page.waitForFunction(() => document.querySelectorAll('#rows tr').length === 1);
    expect(await page.textContent('#rows .row-link')).toBe(name);
  });
});

test.each(LOOKS)('form, product and list with barcodes are accessible and fit: %s', async (name, options) => {
  await removeProducts();
  const person = await createPerson(administrator, 'clerk');
  const ean = newEan13();
  const holder = await person.client.register({
    name: `Aceite de oliva ${MARK}`,
    code: newCode(),
    barcodes: ean,
  });
  await onPage(browser, person, options, async (page) => {
    const check = async (what: string) => {
      await page.screenshot({ path: join(SCREENSHOTS, `barcodes-${what}-${name}.png`), fullPage: true });
      expect([what, await accessibilityViolations(page)]).toEqual([what, []]);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect([what, overflow <= 0]).toEqual([what, true]);
    };
    const send = () => page.click('#product-form button[type=submit]:not([name])');
    await page.goto('/products/new');
    await page.fill('#name', 'Aceite de girasol');
    await page.fill('#code', newCode());
    await page.selectOption('#category', { label: 'Otros' });
    await page.fill('#barcodes', `${newEan13()}\n${damaged(ean)}`);
    await send();
    await page.waitForSelector('#barcodes-error');
    await page.waitForSelector('#barcodes:focus');
    await check('check-digit');
    await page.fill('#barcodes', ean);
    await send();
    await page.waitForSelector(`#product-form a[href="/products/${holder.id}"]`);
    expect(await page.inputValue('#barcodes')).toBe(ean);
    await check('taken');
    await page.fill('#barcodes', [newEan13(), newUpcA(), '84-376-0495-8', `OWN-${newCode()}`].join('\n'));
    await send();
    await page.waitForSelector('.on-hand');
    await check('product');
    await person.client.agent
      .post('/list-choices')
      .type('form')
      .send(`_csrf=${person.client.token}&pageSize=50&columns=barcodes&columns=quantity&columns=unit`);
    await page.goto(`/products?search=${MARK}`);
    await page.waitForSelector('#rows .col-barcodes');
    await check('list');
  });
});
