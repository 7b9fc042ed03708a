import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { PROJECT_DIR } from '../../tools/launcher/stack-config.ts';
import { launchChromium } from '../support/chromium.ts';
import { Client, uniqueCode } from '../support/client.ts';
import { accessibilityViolations, LOOKS, PHONE } from '../support/looks.ts';
import { onPage } from '../support/on-page.ts';
import { createPerson, type Person } from '../support/people.ts';
import { replicaHasAll } from '../support/replication.ts';
import { stack } from '../support/shared-stack.ts';

const SCREENSHOTS = join(PROJECT_DIR, 'test-results');
const DESK = { viewport: { width: 1440, height: 850 } };
const PANEL = '#price-filter .view-panel';

const mark = uniqueCode();
let browser: Browser;
let person: Person;

beforeAll(async () => {
  mkdirSync(SCREENSHOTS, { recursive: true });
  browser = await launchChromium();
  const administrator = await Client.signedIn();
  // Who may see products may see their prices.
  person = await createPerson(administrator, 'viewer');
  for (const price of ['', '5', '10', '12,50', '1.234,50'])
    await administrator.register({ name: `Precio ${price} ${mark}`, price });
  await replicaHasAll(stack);
});
afterAll(() => browser.close());

const list = `/products?search=${mark}&sort=price`;
const shown = async (page: Page, count: number) => {
  await page.waitForFunction(
    (wanted) => document.querySelectorAll('#rows:not(.is-loading) tr').length === wanted,
    count,
  );
  return (await page.locator('#rows .row-link').allTextContents()).map((name) => name.split(' ')[1]);
};
const summary = (page: Page) => page.textContent('#price-filter summary');

test('the list follows what is typed, links have it, and it is removed again', async () => {
  await onPage(browser, person, DESK, async (page) => {
    await page.goto(list);
    await page.click('#price-filter summary');
    await page.fill('#minPrice', '10');
    expect(await shown(page, 3)).toEqual(['10', '12,50', '1.234,50']);
    await page.locator('#maxPrice').pressSequentially('12,5');
    expect(await shown(page, 2)).toEqual(['10', '12,50']);
    expect(new URL(page.url()).searchParams.get('maxPrice')).toBe('12,5');
    await page.waitForFunction(() =>
      /maxPrice=12/.test(document.querySelector<HTMLAnchorElement>('[data-format=CSV]')!.href),
    );
    await page.keyboard.press('Enter');
    await page.waitForSelector(PANEL, { state: 'hidden' });
    expect(await summary(page)).toBe('Precio: 10 – 12,5');
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('SUMMARY');

    await page.reload();
    expect(await summary(page)).toBe('Precio: 10,00 – 12,50');
    await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
    expect(await page.textContent('#print-heading')).toContain('Precio: 10,00 – 12,50');
    await page.click('.app-account summary');
    await page.click('.app-account a[href^="/language/en"]');
    await page.waitForSelector('#price-filter summary:has-text("Price: 10.00 – 12.50")');

    await page.click('#price-filter summary');
    await page.click('#remove-price');
    expect(await shown(page, 5)).toHaveLength(5);
    expect(await summary(page)).toBe('Any price');
    expect(new URL(page.url()).search).not.toContain('Price');
  });
});

test('a wrong price is said when the field is left, not while it is typed, and the list stays', async () => {
  await onPage(browser, person, DESK, async (page) => {
    await page.goto(`${list}&minPrice=10`);
    await page.click('#price-filter summary');
    const refused = page.waitForResponse((answer) => answer.status() === 400);
    await page.locator('#maxPrice').pressSequentially('5');
    await refused;
    expect(await page.locator('#maxPrice-error').isVisible()).toBe(false);
    await page.keyboard.press('Shift+Tab');
    await page.waitForSelector('#maxPrice-error:has-text("no puede ser menor que el mínimo")');
    expect(await page.getAttribute('#maxPrice', 'aria-invalid')).toBe('true');
    expect(await page.isVisible('#problem')).toBe(false);
    expect(await shown(page, 3)).toEqual(['10', '12,50', '1.234,50']);
    await page.click('#apply-price');
    expect(await page.locator(PANEL).isVisible()).toBe(true);
    const again = page.waitForResponse((answer) => answer.status() === 400);
    await page.press('#maxPrice', 'Enter');
    await again;
    expect(await page.locator('#maxPrice-error').isVisible()).toBe(true);
    await page.fill('#maxPrice', '50');
    expect(await shown(page, 2)).toEqual(['10', '12,50']);
    expect(await page.locator('#maxPrice-error').isVisible()).toBe(false);
    await page.click('#clear');
    await page.waitForFunction(() => location.search === '?sort=price');
    expect(await page.inputValue('#minPrice')).toBe('');
  });
});

test('without scripts the form filters, refuses and keeps what was typed', async () => {
  await onPage(browser, person, { viewport: PHONE, javaScriptEnabled: false }, async (page) => {
    await page.goto(list);
    await page.click('#price-filter summary');
    await page.fill('#maxPrice', '10');
    await page.click('#apply-price');
    await page.waitForURL(/maxPrice=10/);
    expect(await page.locator('#rows .row-link').count()).toBe(2);
    await page.click('#price-filter summary');
    await page.fill('#minPrice', 'diez');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#minPrice-error:has-text("Escriba un importe")');
    expect(await page.inputValue('#minPrice')).toBe('diez');
    expect(await page.inputValue('#maxPrice')).toBe('10,00');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('minPrice');
    await page.click('#remove-price');
    expect(await page.locator('#rows .row-link').count()).toBe(5);
  });
});

test.each(LOOKS)('the filter is accessible and fits: %s', async (look, options) => {
  await onPage(browser, person, options, async (page) => {
    const check = async (what: string) => {
      await page.screenshot({ path: join(SCREENSHOTS, `price-filter-${what}-${look}.png`) });
      expect([what, await accessibilityViolations(page)]).toEqual([what, []]);
      const width = options.viewport!.width;
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
      const tools = page.locator('.list-tools :is(summary, input, select, .btn):visible');
      for (const tool of await tools.all()) {
        const box = (await tool.boundingBox())!;
        expect([what, box.x >= 0 && box.x + box.width <= width]).toEqual([what, true]);
        if (options.hasTouch) expect([what, Math.round(box.height) >= 44]).toEqual([what, true]);
      }
    };
    await page.goto(`${list}&minPrice=10&maxPrice=12.50`);
    await check('in-force');
    await page.click('#price-filter summary');
    await check('open');
    await page.goto(`${list}&minPrice=10&maxPrice=x`);
    await check('wrong');
  });
});

test('on a desk all fields are in one row, with the link that removes the filters', async () => {
  await onPage(browser, person, DESK, async (page) => {
    await page.goto('/products?minPrice=1000&maxPrice=1500');
    for (const width of [1366, 1440, 1920]) {
      await page.setViewportSize({ width, height: 850 });
      const tops = await page
        .locator('.list-tools :is(.search-box, .form-select, #clear, #list-view > summary):visible')
        .evaluateAll((all) => all.map((element) => Math.round(element.getBoundingClientRect().top)));
      expect([width, new Set(tops).size]).toEqual([width, 1]);
    }
  });
});
