import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { PROJECT_DIR } from '../../tools/launcher/stack-config.ts';
import { onPage } from '../support/on-page.ts';
import { launchChromium } from '../support/chromium.ts';
import { Client, uniqueCode } from '../support/client.ts';
import { accessibilityViolations, LOOKS, PHONE } from '../support/looks.ts';
import { createPerson } from '../support/people.ts';
import { replicaHasAll } from '../support/replication.ts';
import { baseUrl, stack } from '../support/shared-stack.ts';

const SCREENSHOTS = join(PROJECT_DIR, 'test-results');
const DESK = { viewport: { width: 1440, height: 850 } };

let browser: Browser;
let administrator: Client;

beforeAll(async () => {
  mkdirSync(SCREENSHOTS, { recursive: true });
  browser = await launchChromium();
  administrator = await Client.signedIn();
});
afterAll(() => browser.close());

const shownColumns = (page: Page) =>
  page
    .locator('#rows tr >> nth=0')
    .evaluate((row) => [...row.children].map(({ className }) => className.replace('col-', '')));
const focused = (page: Page) =>
  page.evaluate(() => {
    const { activeElement } = document;
    const row = activeElement?.closest<HTMLTableRowElement>('#rows tr');
    return row ? row.sectionRowIndex : (activeElement?.getAttribute('name') ?? activeElement?.tagName);
  });

/** The page comes again. */
async function saveView(page: Page): Promise<void> {
  await Promise.all([page.waitForEvent('load'), page.click('#list-view button')]);
  await page.waitForSelector('.notice:has-text("Vista guardada")');
}

/** Ticks these columns only, and saves. */
async function choose(page: Page, columns: string[], pageSize = 50): Promise<void> {
  await page.click('#list-view summary');
  for (const box of await page.locator('#list-view [name=columns]:not([disabled])').all())
    await box.setChecked(columns.includes((await box.getAttribute('value'))!));
  await page.check(`#page-size-${pageSize}`);
  await saveView(page);
}

test('chosen columns are those of the list, of rows from live search and of a phone', async () => {
  const person = await createPerson(administrator, 'clerk');
  const mark = uniqueCode();
  const { id } = await administrator.register({ name: `Regla ${mark}`, unit: 'caja', quantity: 1234 });
  expect(await replicaHasAll(stack)).toBe(true);
  await onPage(browser, person, DESK, async (page) => {
    await page.locator('input[name=search]').pressSequentially('re');
    await page.waitForURL('**search=re');
    await choose(page, ['category', 'quantity'], 25);
    expect(new URL(page.url()).search).toBe('?search=re');
    const wanted = ['name', 'code', 'category', 'quantity', 'actions'];
    expect(await shownColumns(page)).toEqual(wanted);
    await page.fill('input[name=search]', mark);
    await page.waitForFunction(() => document.querySelectorAll('#rows tr').length === 1);
    expect(await shownColumns(page)).toEqual(wanted);

    // The unit is not among the columns, and still said.
    await page.click('[data-quick-quantity]');
    expect(await page.getAttribute('.quantity-editor input', 'aria-label')).toContain('(caja)');
    await page.keyboard.type('7');
    await page.keyboard.press('Enter');
    await page.waitForFunction(
      () => document.querySelector('#rows [data-field=quantity]')?.textContent === '7',
    );
    await page.fill('input[name=search]', '');
    await page.waitForFunction(() => document.querySelectorAll('#rows tr').length === 25);

    // Nor the quantity: a deletion says it.
    await choose(page, ['number']);
    await page.fill('input[name=search]', mark);
    await page.waitForFunction(() => document.querySelectorAll('#rows tr').length === 1);
    await page.click('#rows [data-delete]');
    expect(await page.textContent('#delete-dialog')).toContain('(7)');
    expect(await page.textContent('#delete-dialog h2')).toContain(`Regla ${mark}`);
  });
  await onPage(browser, person, { viewport: PHONE, isMobile: true, hasTouch: true }, async (page) => {
    expect(await shownColumns(page)).toEqual(['number', 'name', 'code', 'actions']);
    const box = (await page.locator('#list-view summary').boundingBox())!;
    expect(Math.min(box.width, box.height)).toBeGreaterThanOrEqual(44);
  });
  expect(id).toBeGreaterThan(0);
});

test('a choice that is not saved is forgotten, and asks nothing on leaving', async () => {
  await onPage(browser, await createPerson(administrator, 'viewer'), DESK, async (page) => {
    await page.click('#list-view summary');
    await page.uncheck('#column-unit');
    await page.keyboard.press('Escape');
    expect(await page.locator('#list-view').getAttribute('open')).toBe(null);
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('SUMMARY');
    await page.click('#list-view summary');
    expect(await page.isChecked('#column-unit')).toBe(true);
    await page.uncheck('#column-unit');
    page.on('dialog', () => {
      throw new Error('The page asked before it was left');
    });
    await page.goto('/health');
  });
});

test('without JavaScript the panel opens, saves and leads back', async () => {
  await onPage(
    browser,
    await createPerson(administrator, 'clerk'),
    { ...DESK, javaScriptEnabled: false },
    async (page) => {
      await page.goto('/products?sort=-name');
      await choose(page, ['unit'], 25);
      expect(page.url()).toBe(`${baseUrl}/products?sort=-name`);
      expect(await page.locator('#rows tr').count()).toBe(25);
      expect(await page.locator('thead th').count()).toBe(4);
    },
  );
});

test('keys search, move along the rows, open and add; none acts while somebody types', async () => {
  const person = await createPerson(administrator, 'clerk');
  await onPage(browser, person, DESK, async (page) => {
    expect(await focused(page)).toBe('search');
    await page.keyboard.type('nj?/');
    expect(await page.inputValue('[name=search]')).toBe('nj?/');
    const all = page.waitForResponse((answer) => /\/api\/products\?(?!.*search=)/.test(answer.url()));
    await page.fill('[name=search]', '');
    await all;
    await page.waitForSelector('#rows:not(.is-loading) tr >> nth=49');

    await page.keyboard.press('ArrowDown');
    expect(await focused(page)).toBe(0);
    for (const key of ['j', 'ArrowDown', 'ArrowDown', 'k']) await page.keyboard.press(key);
    expect(await focused(page)).toBe(2);
    for (const key of ['Control+j', 'Alt+j', 'Shift+J']) await page.keyboard.press(key);
    expect(await focused(page)).toBe(2);
    await page.keyboard.press('/');
    expect(await focused(page)).toBe('search');

    for (let row = 0; row < 30; row++) await page.keyboard.press('ArrowDown');
    expect(await focused(page)).toBe(29);
    for (let row = 29; row > 5; row--) await page.keyboard.press('k');
    const link = (await page.locator('#rows tr >> nth=5 >> .row-link').boundingBox())!;
    const header = (await page.locator('thead th >> nth=0').boundingBox())!;
    expect(link.y).toBeGreaterThanOrEqual(header.y + header.height);
    await page.screenshot({ path: join(SCREENSHOTS, 'keys-row.png') });

    await page.keyboard.press('?');
    expect(await page.locator('#list-keys').isVisible()).toBe(true);
    await page.keyboard.press('j');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('list-keys');
    await page.keyboard.press('Escape');

    await page.keyboard.press('j');
    const name = await page.evaluate(() => document.activeElement!.textContent);
    await page.keyboard.press('Enter');
    await page.waitForSelector('.on-hand');
    expect(await page.textContent('h1')).toBe(name);
    await page.goBack();
    await page.waitForSelector('#rows');
    await page.locator('h1').click();
    await page.evaluate(() => (document.activeElement as HTMLElement).blur());
    await page.keyboard.press('n');
    await page.waitForURL('**/products/new');
  });
});

test('the keys can be turned off', async () => {
  await onPage(browser, await createPerson(administrator, 'clerk'), DESK, async (page) => {
    await page.click('#list-view summary');
    await page.uncheck('#shortcuts');
    await saveView(page);
    await page.evaluate(() => (document.activeElement as HTMLElement).blur());
    for (const key of ['/', 'j', '?', 'n']) await page.keyboard.press(key);
    expect(await focused(page)).toBe('BODY');
    expect(await page.locator('#list-view[open]').count()).toBe(0);
    expect(new URL(page.url()).pathname).toBe('/products');
  });
});

test("the table's header stays while a desk scrolls, below 1000 px there is none", async () => {
  await onPage(browser, await createPerson(administrator, 'viewer'), DESK, async (page) => {
    await page.evaluate(() => scrollTo({ top: 900, behavior: 'instant' }));
    const header = (await page.locator('thead th >> nth=1').boundingBox())!;
    expect(header.y).toBe(0);
    const top = await page.evaluate(
      ({ x, y }) => document.elementFromPoint(x, y)?.closest('thead') !== null,
      { x: header.x + 20, y: header.height / 2 },
    );
    expect(top).toBe(true);
    await page.screenshot({ path: join(SCREENSHOTS, 'sticky-header.png') });
    await page.setViewportSize({ width: 999, height: 850 });
    expect(await page.locator('thead').isVisible()).toBe(false);
  });
});

test('"Save and add another" in a row, then Cancel; "Duplicate" and back', async () => {
  const person = await createPerson(administrator, 'clerk');
  const mark = uniqueCode();
  await onPage(browser, person, DESK, async (page) => {
    await page.keyboard.press('Tab');
    await page.click('.list-head a[href="/products/new"]');
    await page.fill('#name', 'Clavos');
    await page.fill('#code', `${mark}-1`);
    await page.selectOption('#category', { label: 'Otros' });
    await page.fill('#unit', 'caja');
    await page.click('button[value=another]');
    await page.waitForSelector('.notice a:has-text("Clavos")');
    await page.screenshot({ path: join(SCREENSHOTS, 'add-another.png') });
    expect(await page.inputValue('#unit')).toBe('caja');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('name');
    // Refused, then mended.
    await page.fill('#name', 'Tornillos');
    await page.click('button[value=another]');
    await page.waitForSelector('#code-error');
    await page.fill('#code', `${mark}-2`);
    await page.click('button[value=another]');
    await page.waitForSelector('.notice a:has-text("Tornillos")');
    await page.click('[data-cancel]');
    await page.waitForSelector('#rows');
    expect(new URL(page.url()).pathname).toBe('/products');

    await page.goto(`/products?search=${mark}-2`);
    await page.click('#rows .row-link');
    await page.waitForSelector('.on-hand');
    const product = page.url();
    await page.screenshot({ path: join(SCREENSHOTS, 'duplicate-button.png') });
    await page.click('a[href*="copy="]');
    await page.waitForSelector('#product-form');
    await page.screenshot({ path: join(SCREENSHOTS, 'duplicate.png') });
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('code');
    await page.click('[data-cancel]');
    await page.waitForURL(product);
  });
});

test.each(LOOKS)('the panel, its page and the forms are accessible and fit: %s', async (name, options) => {
  const person = await createPerson(administrator, 'clerk');
  await onPage(browser, person, options, async (page) => {
    const check = async (what: string) => {
      await page.screenshot({ path: join(SCREENSHOTS, `list-view-${what}-${name}.png`) });
      expect([what, await accessibilityViolations(page)]).toEqual([what, []]);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect([what, overflow <= 0]).toEqual([what, true]);
    };
    await page.click('#list-view summary');
    const panel = (await page.locator('#list-view .view-panel').boundingBox())!;
    expect(panel.x).toBeGreaterThanOrEqual(0);
    expect(panel.x + panel.width).toBeLessThanOrEqual(options.viewport!.width);
    await check('panel');
    await page.goto('/list-choices');
    await check('page');
    await page.goto('/products/new?copy=1');
    await check('copy');
    await page.locator('button[value=another]').scrollIntoViewIfNeeded();
    await check('copy-end');
    await page.goto('/products/1');
    await check('product');
    await page.goto('/products?search=a');
    await check('list');
  });
});

test('at widths between, the search row holds the panel without overflow', async () => {
  await onPage(browser, await createPerson(administrator, 'clerk'), {}, async (page) => {
    await page.goto('/products?search=a');
    await page.click('#list-view summary');
    for (const width of [320, 390, 600, 768, 999, 1000, 1200, 1920]) {
      await page.setViewportSize({ width, height: 900 });
      const panel = (await page.locator('#list-view .view-panel').boundingBox())!;
      expect([width, panel.x >= 0 && panel.x + panel.width <= width]).toEqual([width, true]);
      if ([320, 768].includes(width))
        await page.screenshot({ path: join(SCREENSHOTS, `list-view-${width}.png`) });
    }
  });
});

test('more columns than a desk is wide scroll inside the table', async () => {
  await onPage(browser, await createPerson(administrator, 'clerk'), DESK, async (page) => {
    await page.evaluate(() => {
      document.getElementById('results')!.classList.add('is-wide');
      for (const row of document.querySelectorAll('.product-table tr')) {
        const cell = row.querySelector('.col-category')!;
        for (let i = 0; i < 4; i++) cell.after(cell.cloneNode(true));
      }
    });
    const [narrow, overflow] = await page.evaluate(() => [
      [...document.querySelectorAll('.product-table :is(th, td)')].filter(
        ({ scrollWidth, clientWidth }) => scrollWidth > clientWidth + 1,
      ).length,
      document.documentElement.scrollWidth - innerWidth,
    ]);
    expect([narrow, overflow <= 0]).toEqual([0, true]);
    expect(await accessibilityViolations(page)).not.toContainEqual(expect.stringContaining('scrollable'));
    await page.screenshot({ path: join(SCREENSHOTS, 'wide.png') });
  });
});
