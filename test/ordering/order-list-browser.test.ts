import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Connection } from 'mysql2/promise';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { PROJECT_DIR } from '../../tools/launcher/stack-config.ts';
import { launchChromium } from '../support/chromium.ts';
import { Client, uniqueCode } from '../support/client.ts';
import { accessibilityViolations, LOOKS } from '../support/looks.ts';
import { onPage } from '../support/on-page.ts';
import { createPerson, type Person } from '../support/people.ts';
import { stack } from '../support/shared-stack.ts';

const SCREENSHOTS = join(PROJECT_DIR, 'test-results');
const LONG_WORD = 'Desoxirribonucleico'.repeat(6).slice(0, 80);
const TABLET: [string, BrowserContextOptions] = [
  'es-light-tablet',
  { locale: 'es-ES', viewport: { width: 768, height: 1024 }, isMobile: true, hasTouch: true },
];
const ALL_LOOKS = [...LOOKS, TABLET];
const PRODUCTS = [
  [
    'Café molido 250 g',
    { quantity: 3, minimumStock: 10, orderQuantity: 24, cost: '3,25', supplierCode: 'AN-0250' },
  ],
  ['Arroz integral', { quantity: '0,5', minimumStock: 20, unit: 'kg', cost: '1,10' }],
  ['Panela en bloque', { quantity: 0, minimumStock: 12, orderQuantity: 12, supplierCode: 'AN-7' }],
  ['Chocolate de mesa', { quantity: 6, minimumStock: 6, cost: '2,80', supplierCode: 'AN-0811' }],
] as const;

const ADMINISTRATOR = { username: 'admin', password: 'admin123' };
const mark = uniqueCode();
const andina = `Distribuidora Andina ${mark}`;
let browser: Browser;
let administrator: Client;
let clerk: Person;
let primary: Connection;

beforeAll(async () => {
  mkdirSync(SCREENSHOTS, { recursive: true });
  browser = await launchChromium();
  primary = await stack.connect('primary');
  administrator = await Client.signedIn();
  clerk = await createPerson(administrator, 'clerk');
  const { client } = clerk;
  await client.post('/suppliers', {
    ...{ name: andina, contact: 'Rosa Paz', email: 'pedidos@andina.example.com', phone: '+593 2 555 0147' },
    leadTime: 3,
  });
  for (const [name, fields] of PRODUCTS)
    await client.register({ ...fields, name, code: uniqueCode(), supplier: andina });
  const long = `${LONG_WORD} ${mark}`;
  await client.post('/suppliers', { name: long, contact: LONG_WORD, email: `${'a'.repeat(60)}@example.com` });
  await client.register({
    ...{
      name: `${LONG_WORD} largo`,
      code: `${mark}-${'X'.repeat(30)}`,
      supplierCode: LONG_WORD.slice(0, 50),
    },
    ...{ supplier: long, quantity: 0, minimumStock: 1_000_000, cost: '999999' },
  });
});

afterAll(async () => {
  await browser.close();
  await primary.query(
    `DELETE product FROM product JOIN supplier ON supplier.id = product.supplier_id WHERE supplier.name LIKE ?`,
    [`%${mark}`],
  );
  await primary.query('DELETE FROM supplier WHERE name LIKE ?', [`%${mark}`]);
  await primary.end();
});

async function addressOf(name: string): Promise<string> {
  const [rows] = await primary.query('SELECT id FROM supplier WHERE name = ?', [name]);
  return `/to-order?supplier=${(rows as { id: number }[])[0]!.id}`;
}

/** What reaches beyond the right edge. */
async function tooWide(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll('main *')]
      .filter((element) => element.getBoundingClientRect().right > innerWidth + 1)
      .map((element) => element.outerHTML.slice(0, 80)),
  );
}

async function expectFineLook(page: Page, name: string): Promise<void> {
  await page.waitForLoadState('networkidle');
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true, animations: 'disabled' });
  expect([name, await accessibilityViolations(page)]).toEqual([name, []]);
  expect([name, await tooWide(page)]).toEqual([name, []]);
  const small = await page
    .locator(
      'main :is(.btn, .order-contact a, .order-product a, .order-more a, .alert-choice, .form-control):visible',
    )
    .evaluateAll((all) =>
      all
        .filter((one) => matchMedia('(pointer: coarse)').matches && one.getBoundingClientRect().height < 44)
        .map(({ outerHTML }) => outerHTML.slice(0, 80)),
    );
  expect([name, small]).toEqual([name, []]);
}

test.each(ALL_LOOKS)(
  'what to order is found from the list, by supplier, and fits: %s',
  async (look, options) => {
    await onPage(browser, clerk, options, async (page) => {
      await page.goto('/products?availability=low');
      await page.click('#to-order a');
      await page.waitForURL('**/to-order');
      await expectFineLook(page, `to-order-all-${look}`);
      await page.goto(await addressOf(andina));
      await expectFineLook(page, `to-order-${look}`);
      const rows = await page.locator('.order-table tbody tr').allInnerTexts();
      expect(rows).toHaveLength(PRODUCTS.length);
      expect(rows[0]).toMatch(/Café molido 250 g[^]*AN-0250[^]*24 u/);
      await page.click('.order-product a >> nth=0');
      await page.waitForURL(/\/products\/\d+$/);
      await page.goto(await addressOf(`${LONG_WORD} ${mark}`));
      await expectFineLook(page, `to-order-long-${look}`);
    });
  },
);

test.each(ALL_LOOKS)(
  'people choose in their menu how to be told, and mistakes are said: %s',
  async (look, options) => {
    const person = await createPerson(administrator, 'clerk');
    await onPage(browser, person, options, async (page) => {
      const isSpanish = look.startsWith('es');
      await page.click('.app-account summary');
      await page.click('.app-account a[href="/alerts"]');
      await page.waitForSelector('#cadence-none:checked');
      await expectFineLook(page, `alerts-${look}`);
      await page.check('#cadence-daily');
      await page.fill('#email', 'yo@');
      await page.click('main button[type=submit]');
      const problem = isSpanish ? /correo válido/ : /valid e-mail/;
      expect(await page.textContent('#email-error')).toMatch(problem);
      expect(await page.isChecked('#cadence-daily')).toBe(true);
      await expectFineLook(page, `alerts-error-${look}`);
      await page.fill('#email', 'yo@example.com');
      await page.click('main button[type=submit]');
      await page.waitForSelector(`text=${isSpanish ? 'Avisos guardados.' : 'Alerts saved.'}`);
      expect(await page.inputValue('#email')).toBe('yo@example.com');
      expect(await page.inputValue('#language')).toBe(isSpanish ? 'es' : 'en');
      await page.check('#cadence-none');
      await page.click('main button[type=submit]');
      await page.waitForSelector('#cadence-none:checked');
    });
  },
);

test('administrators see what is not set up, on every look', async () => {
  for (const [look, options] of ALL_LOOKS) {
    await onPage(browser, { ...ADMINISTRATOR, id: 1, client: administrator }, options, async (page) => {
      await page.goto('/alerts');
      expect(await page.textContent('#set-up + dl')).toContain('SMTP_URL');
      await expectFineLook(page, `alerts-set-up-${look}`);
    });
  }
});

test('nothing of what to order is wider than any page, and paper has no controls', async () => {
  await onPage(browser, clerk, {}, async (page) => {
    for (const name of [andina, `${LONG_WORD} ${mark}`]) {
      await page.goto(await addressOf(name));
      for (const width of [320, 390, 768, 999, 1000, 1200, 1440]) {
        await page.setViewportSize({ width, height: 900 });
        expect([width, await tooWide(page)]).toEqual([width, []]);
      }
    }
    await page.goto(await addressOf(andina));
    expect(await page.locator('#print').isVisible()).toBe(true);
    await page.emulateMedia({ media: 'print' });
    await page.setViewportSize({ width: 720, height: 1000 });
    await page.screenshot({ path: join(SCREENSHOTS, 'to-order-print.png'), fullPage: true });
    for (const selector of ['#print', '.app-side', '.order-back', '.list-head .btn'])
      expect([selector, await page.locator(selector).first().isVisible()]).toEqual([selector, false]);
    expect(await page.locator('.order-table thead').isVisible()).toBe(true);
    expect(await page.locator('.order-table tbody tr').count()).toBe(PRODUCTS.length);
  });
});
