import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Connection } from 'mysql2/promise';
import type { Browser, Page } from 'playwright-core';
import { PROJECT_DIR } from '../../tools/launcher/stack-config.ts';
import { launchChromium } from '../support/chromium.ts';
import { Client, uniqueCode } from '../support/client.ts';
import { accessibilityViolations, LOOKS } from '../support/looks.ts';
import { onPage } from '../support/on-page.ts';
import { createPerson } from '../support/people.ts';
import { removeProducts } from '../support/removed-products.ts';
import { stack } from '../support/shared-stack.ts';

const SCREENSHOTS = join(PROJECT_DIR, 'test-results');
const MARK = uniqueCode();
const AUTHOR = `Ñusta, Carmen ${MARK}`;
const ISBN = '9788437604947';
const COLUMNS = ['authors', 'publisher', 'year', 'pages', 'language', 'binding', 'quantity', 'unit'];

let counter = 0;
let browser: Browser;
let administrator: Client;
let primary: Connection;

const newCode = () => `${MARK}-${counter++}`;

beforeAll(async () => {
  mkdirSync(SCREENSHOTS, { recursive: true });
  browser = await launchChromium();
  administrator = await Client.signedIn();
  primary = await stack.connect('primary');
});

afterAll(async () => {
  await browser.close();
  await removeProducts(primary, MARK);
  await primary.end();
});

const isOpen = (page: Page) =>
  page.locator('#book-fields').evaluate((details) => (details as HTMLDetailsElement).open);

async function chooseColumns(client: Client): Promise<void> {
  const body = [...COLUMNS.map((name) => `columns=${name}`), 'pageSize=50', `_csrf=${client.token}`];
  await client.agent.post('/list-choices').type('form').send(body.join('&'));
}

test('an ISBN opens the part for books, which suggests authors, also the second', async () => {
  const person = await createPerson(administrator, 'clerk');
  await person.client.register({ code: newCode(), authors: AUTHOR, publisher: `Ñeque ${MARK}` });
  await onPage(browser, person, {}, async (page) => {
    await page.goto('/products/new');
    expect(await isOpen(page)).toBe(false);
    await page.fill('#barcodes', '2000000000046');
    expect(await isOpen(page)).toBe(false);
    await page.fill('#barcodes', '978-84-376-0494-7');
    expect(await isOpen(page)).toBe(true);
    const options = (name: string) =>
      page
        .locator(`#${name}-suggestions option`)
        .evaluateAll((all) => all.map((one) => (one as HTMLOptionElement).value));
    await page.locator('#authors').pressSequentially('ñusta, car', { delay: 2 });
    await page.waitForFunction(() => document.querySelector('#authors-suggestions option') !== null);
    expect(await options('authors')).toContain(AUTHOR);
    await page.fill('#authors', '');
    await page.locator('#authors').pressSequentially('Yo Misma; ñusta', { delay: 2 });
    await page.waitForFunction(() =>
      document
        .querySelector<HTMLOptionElement>('#authors-suggestions option')
        ?.value.startsWith('Yo Misma; '),
    );
    expect(await options('authors')).toContain(`Yo Misma; ${AUTHOR}`);
    await page.locator('#publisher').pressSequentially('ñeque', { delay: 2 });
    await page.waitForFunction(() => document.querySelector('#publisher-suggestions option') !== null);
    expect(await options('publisher')).toContain(`Ñeque ${MARK}`);
  });
});

test('live search fills in the columns of books, and leaves those of other products empty', async () => {
  const person = await createPerson(administrator, 'clerk');
  const name = `Manual ${MARK}`;
  await person.client.register({
    code: newCode(),
    name,
    authors: AUTHOR,
    year: 1987,
    language: 'qu',
    pages: 1200,
  });
  await person.client.register({ code: newCode(), name: `Regla ${MARK}` });
  await chooseColumns(person.client);
  await onPage(browser, person, { viewport: { width: 1600, height: 900 } }, async (page) => {
    await page.goto('/products');
    const texts = (column: string) => page.locator(`#rows .col-${column}`).allTextContents();
    await page.locator('input[name=search]').fill(`manual ${MARK}`);
    await page.waitForFunction(() => document.querySelectorAll('#rows tr').length === 1);
    expect(await texts('authors')).toEqual([AUTHOR]);
    expect(await texts('year')).toEqual(['1987']);
    expect(await texts('pages')).toEqual([new Intl.NumberFormat('es').format(1200)]);
    expect(await texts('language')).toEqual(['Quechua']);
    expect(await texts('binding')).toEqual(['']);
    await page.locator('input[name=search]').fill(`regla ${MARK}`);
    await page.waitForFunction(() =>
      document.querySelector('#rows .row-link')?.textContent.startsWith('Regla'),
    );
    for (const column of ['authors', 'year', 'pages', 'language']) expect(await texts(column)).toEqual(['']);
  });
});

test.each(LOOKS)(
  'form, page, list and filter of a book are accessible and fit: %s',
  async (name, options) => {
    await removeProducts(primary, MARK);
    const person = await createPerson(administrator, 'clerk');
    const isPhone = name.endsWith('phone');
    await onPage(browser, person, options, async (page) => {
      const check = async (what: string) => {
        await page.screenshot({ path: join(SCREENSHOTS, `books-${what}-${name}.png`), fullPage: true });
        expect([what, await accessibilityViolations(page)]).toEqual([what, []]);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        expect([what, overflow <= 0]).toEqual([what, true]);
      };
      const send = () => page.click('#product-form button[type=submit]:not([name])');
      await page.goto('/products/new');
      await page.fill('#name', `Cien años de soledad ${MARK}`);
      await page.fill('#code', newCode());
      await page.selectOption('#category', { label: 'Libros' });
      await page.fill('#barcodes', ISBN);
      await page.fill('#authors', `García Márquez, Gabriel; ${AUTHOR}`);
      await page.fill('#publisher', 'Cátedra');
      await page.fill('#year', '1399');
      await page.selectOption('#language', 'es');
      await page.selectOption('#binding', 'paperback');
      await page.fill('#pages', '496');
      await send();
      await page.waitForSelector('#year-error');
      await page.waitForSelector('#year:focus');
      expect(await page.inputValue('#authors')).toBe(`García Márquez, Gabriel; ${AUTHOR}`);
      expect(await page.inputValue('#language')).toBe('es');
      await check('form');
      await page.fill('#year', '1967');
      await send();
      await page.waitForSelector('#book');
      await check('product');
      if (isPhone) {
        const heights = await page
          .locator('#book + dl .facet-link')
          .evaluateAll((links) => links.map((link) => link.getBoundingClientRect().height));
        expect(Math.min(...heights)).toBeGreaterThanOrEqual(44);
      }
      await chooseColumns(person.client);
      await page.click(`#book + dl a:text-is("${AUTHOR}")`);
      await page.waitForSelector('#rows .col-authors');
      expect(await page.locator('#rows tr').count()).toBe(1);
      expect(await page.textContent('#facets')).toContain(AUTHOR);
      await check('list');
    });
  },
);
