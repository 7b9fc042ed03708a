import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { listDemoProducts } from '../../src/demo/load-demo-products.ts';
import { launchChromium } from '../support/chromium.ts';
import { Client } from '../support/client.ts';
import { LOOKS } from '../support/looks.ts';
import { Stack } from '../support/stack.ts';
import { expectGoodLooks } from './home-looks.ts';

let stack: Stack;
let browser: Browser;

beforeAll(async () => {
  [stack, browser] = await Promise.all([Stack.start(), launchChromium()]);
}, 240_000);

afterAll(async () => {
  await browser.close();
  await stack.stopAndClean();
});

/** Logs in without asking for a page. */
async function onFirstPage(options: BrowserContextOptions, work: (page: Page) => Promise<void>) {
  const context = await browser.newContext({ baseURL: stack.url, ...options });
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    await page.goto('/');
    await page.fill('#username', 'admin');
    await page.fill('#password', 'admin123');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.home');
    await work(page);
  } finally {
    await context.close();
  }
}

const links = (page: Page) =>
  page.locator('.home a').evaluateAll((found) => found.map((link) => link.getAttribute('href')));

test.each(LOOKS)('a fresh installation begins with the first steps: %s', async (look, options) => {
  await onFirstPage(options, async (page) => {
    expect(await links(page)).toEqual([
      '/imports',
      '/products/new',
      '/users/new',
      '/products',
      '/demonstration/remove',
    ]);
    await expectGoodLooks(page, `${look}-first-steps`, options);
  });
});

test('the demonstration is removed after a question, can be restored, and the first product ends the first steps', async () => {
  await onFirstPage({ locale: 'es-ES' }, async (page) => {
    await page.click('a[href="/demonstration/remove"]');
    expect(await page.textContent('main form')).toContain(
      `${listDemoProducts().length} productos irán a la papelera`,
    );
    await page.click('main form button.btn-danger');
    await page.waitForSelector('.alert-success');
    expect(await links(page)).toEqual(['/imports', '/products/new', '/users/new']);

    await page.goto('/audit');
    expect(await page.textContent('main')).toContain('quitó los productos de la demostración');
    await page.goto('/trash');
    expect(await page.locator('main form[action$="/restore"]').count()).toBeGreaterThan(10);

    const client = await Client.signedIn(stack.url);
    expect((await client.search({})).total).toBe(0);
    await client.register({ name: 'La primera libreta', quantity: 3 });
    await page.goto('/');
    await page.waitForSelector('.home-tiles');
    expect(await page.locator('.home-number').first().textContent()).toBe('1');
  });
}, 120_000);
