import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Connection } from 'mysql2/promise';
import type { Browser, Page } from 'playwright-core';
import { logIn } from '../support/browser-log-in.ts';
import { launchChromium } from '../support/chromium.ts';
import { Client, uniqueCode } from '../support/client.ts';
import { accessibilityViolations, LOOKS } from '../support/looks.ts';
import { baseUrl, stack } from '../support/shared-stack.ts';

const LONG_WORD = 'Desoxirribonucleico'.repeat(6).slice(0, 80);
const mark = uniqueCode();
let browser: Browser;
let primary: Connection;
let supplier: string;

beforeAll(async () => {
  browser = await launchChromium();
  primary = await stack.connect('primary');
  const client = await Client.signedIn();
  const name = `${LONG_WORD} ${mark}`;
  await client.post('/suppliers', { name, contact: LONG_WORD, email: 'ana@example.com', phone: '+593 2 1' });
  const fields = { supplier: name, quantity: 0, minimumStock: 1_000_000, cost: '99999' };
  await client.register({ ...fields, name: `${LONG_WORD} largo`, code: `${mark}-${'X'.repeat(30)}` });
  await client.register({
    ...fields,
    name: 'Café molido',
    code: `${mark}-1`,
    supplierCode: LONG_WORD.slice(0, 50),
  });
  const html = (await client.get(`/suppliers?search=${mark}`)).text;
  supplier = /\/suppliers\/(\d+)\/edit/.exec(html)![1]!;
});

afterAll(async () => {
  await browser.close();
  await primary.query('DELETE FROM product WHERE code LIKE ?', [`${mark}%`]);
  await primary.query('DELETE FROM supplier WHERE name LIKE ?', [`%${mark}%`]);
  await primary.end();
});

/** What reaches beyond the right edge. */
async function tooWide(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll('main *')]
      .filter((element) => element.getBoundingClientRect().right > innerWidth + 1)
      .map((element) => element.outerHTML.slice(0, 80)),
  );
}

async function tooSmall(page: Page): Promise<string[]> {
  return page
    .locator('main .btn:visible, main .order-contact a, main .alert-choice')
    .evaluateAll((elements) =>
      elements.filter((element) => element.getBoundingClientRect().height < 44).map((one) => one.outerHTML),
    );
}

test.each(LOOKS)('what to order and the alerts are accessible and fit: %s', async (name, look) => {
  const context = await browser.newContext({ baseURL: baseUrl, ...look });
  try {
    const page = await context.newPage();
    await logIn(page);
    for (const path of [`/to-order?supplier=${supplier}`, '/to-order', '/alerts']) {
      await page.goto(path);
      const screenshot = process.env.SCREENSHOTS;
      if (screenshot)
        await page.screenshot({
          path: `${screenshot}/${name}${path.replace(/\W+/g, '-')}.png`,
          fullPage: true,
        });
      expect([path, await accessibilityViolations(page)]).toEqual([path, []]);
      expect([path, await tooWide(page)]).toEqual([path, []]);
      if (look.isMobile) expect([path, await tooSmall(page)]).toEqual([path, []]);
    }
  } finally {
    await context.close();
  }
});

test('nothing of what to order is wider than any page, and paper has no controls', async () => {
  const context = await browser.newContext({ baseURL: baseUrl, locale: 'es-ES' });
  try {
    const page = await context.newPage();
    await logIn(page);
    await page.goto(`/to-order?supplier=${supplier}`);
    for (const width of [320, 390, 768, 999, 1000, 1200, 1440]) {
      await page.setViewportSize({ width, height: 900 });
      expect([width, await tooWide(page)]).toEqual([width, []]);
    }
    expect(await page.locator('#print').isVisible()).toBe(true);
    await page.emulateMedia({ media: 'print' });
    for (const selector of ['#print', '.app-side', '.order-back'])
      expect([selector, await page.locator(selector).isVisible()]).toEqual([selector, false]);
    expect(await page.locator('.order-table').isVisible()).toBe(true);
  } finally {
    await context.close();
  }
});
