import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { PROJECT_DIR } from '../../tools/launcher/stack-config.ts';
import { launchChromium } from '../support/chromium.ts';
import { Client } from '../support/client.ts';
import { accessibilityViolations, LOOKS, PHONE } from '../support/looks.ts';
import { addPhotos, jpeg } from '../support/photo-files.ts';
import { replicaHasAll } from '../support/replication.ts';
import { baseUrl, stack } from '../support/shared-stack.ts';
import { putOnSale, type OnSale } from './on-sale.ts';

const SCREENSHOTS = join(PROJECT_DIR, 'test-results');

let browser: Browser;
let product: OnSale;

beforeAll(async () => {
  browser = await launchChromium();
  const client = await Client.signedIn();
  product = await putOnSale(client, { description: 'Con dos fotos.', authors: 'Ana Paz', category: 'Otros' });
  await addPhotos(client, product.id, [
    await jpeg('a.jpg', { background: '#884422' }),
    await jpeg('b.jpg', { background: '#228844', width: 500, height: 900 }),
  ]);
  await replicaHasAll(stack);
});

afterAll(() => browser.close());

async function onShop(options: BrowserContextOptions, work: (page: Page) => Promise<void>): Promise<void> {
  const context = await browser.newContext({ baseURL: baseUrl, ...options });
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') errors.push(message.text());
    });
    await work(page);
    expect(errors).toEqual([]);
    expect(await context.cookies()).toEqual([]);
  } finally {
    await context.close();
  }
}

/** What a finger must hit; a card is hit all over, and a box by its label. */
const PRESSED =
  'main a:not(.card-name a), main button, main summary, main input:not([type=checkbox]), main select';

async function expectGoodLooks(page: Page, name: string, isTouched: boolean): Promise<void> {
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `shop-${name}.png`), fullPage: true });
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

test.each(LOOKS)(
  'the shop is good to look at and to use: %s',
  async (look, options) => {
    const base = look.startsWith('es') ? '/tienda' : '/shop';
    const pages = {
      home: base,
      category: `${base}/${base === '/shop' ? 'category' : 'categoria'}/novela`,
      search: `${base}/${base === '/shop' ? 'search' : 'buscar'}?q=a&max=20&available=1`,
      nothing: `${base}/${base === '/shop' ? 'search' : 'buscar'}?q=xyzzy`,
      photos: `${base}/p/${product.id}`,
      missing: `${base}/p/0`,
    };
    await onShop(options, async (page) => {
      page.removeAllListeners('console');
      for (const [name, path] of Object.entries(pages)) {
        await page.goto(path);
        await page.waitForLoadState('networkidle');
        await expectGoodLooks(page, `${look}-${name}`, options.hasTouch === true);
      }
      await page.goto(pages.category);
      await page.click('.card-name a >> nth=0');
      await page.waitForSelector('.product');
      await expectGoodLooks(page, `${look}-book`, options.hasTouch === true);
    });
  },
  180_000,
);

test.each([true, false])('a visitor finds a book, with scripts: %s', async (javaScriptEnabled) => {
  await onShop({ javaScriptEnabled, locale: 'es-EC', viewport: PHONE }, async (page) => {
    await page.goto('/tienda');
    await page.fill('input[name=q]', 'bécquer');
    await page.keyboard.press('Enter');
    await page.waitForURL(/buscar[?]q=/);
    expect(await page.locator('.card-name').allTextContents()).toEqual(
      expect.arrayContaining(['Rimas', 'Leyendas']),
    );
    await page.click('.filter-box summary');
    await page.selectOption('#sort', 'price');
    await page.fill('input[name=max]', '7,00');
    await page.click('.filter-form button');
    await page.waitForURL(/max=/);
    expect(await page.locator('.card-name').allTextContents()).toEqual(['Rimas']);
    await page.click('.card-name a');
    await page.waitForURL(/tienda.p.rimas-/);
    expect(await page.textContent('h1')).toBe('Rimas');
    await page.click('header a[hreflang=en]');
    await page.waitForURL(/shop.p.rimas-/);
    expect(await page.textContent('.product-buy')).toContain('In stock');
    await page.click('.product-by a');
    await page.waitForURL(/shop.search[?]author=/);
    expect(await page.locator('.card-name').count()).toBe(2);
  });
});

test.each(LOOKS)('nothing moves while pages load, and they are light: %s', async (look, options) => {
  const paths = look.startsWith('es')
    ? ['/tienda/productos', '/tienda/categoria/novela', `/tienda/p/${product.id}`]
    : ['/shop/products', '/shop/category/novela', `/shop/p/${product.id}`];
  await Promise.all(paths.map((path) => expectLight(path, options)));
});

/** With nothing in the browser's cache, as for a visitor from a search engine. */
async function expectLight(path: string, options: BrowserContextOptions): Promise<void> {
  await onShop(options, async (page) => {
    let bytes = 0;
    page.on('response', (response) => {
      void response
        .request()
        .sizes()
        .then(({ responseBodySize, responseHeadersSize }) => {
          if (!response.url().includes('/photos/')) bytes += responseBodySize + responseHeadersSize;
        })
        .catch(() => undefined);
    });
    await page.addInitScript(() => {
      const sum = globalThis as unknown as { shift: number };
      sum.shift = 0;
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) sum.shift += (entry as unknown as { value: number }).value;
      }).observe({ type: 'layout-shift', buffered: true });
    });
    expect((await page.goto(path))?.status()).toBe(200);
    await page.waitForLoadState('networkidle');
    await page.evaluate(() => window.scrollTo(0, document.body.scrollHeight));
    await page.waitForLoadState('networkidle');
    const shift = await page.evaluate(() => (globalThis as unknown as { shift: number }).shift);
    expect([path, shift < 0.02 ? 'still' : shift]).toEqual([path, 'still']);
    expect([path, bytes < 150_000 ? 'light' : bytes]).toEqual([path, 'light']);
  });
}
