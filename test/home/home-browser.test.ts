import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { PROJECT_DIR } from '../../tools/launcher/stack-config.ts';
import { logIn } from '../support/browser-log-in.ts';
import { launchChromium } from '../support/chromium.ts';
import { Client } from '../support/client.ts';
import { accessibilityViolations, LOOKS } from '../support/looks.ts';
import { baseUrl } from '../support/shared-stack.ts';

const SCREENSHOTS = join(PROJECT_DIR, 'test-results');

let browser: Browser;
let client: Client;

beforeAll(async () => {
  mkdirSync(SCREENSHOTS, { recursive: true });
  browser = await launchChromium();
  client = await Client.signedIn();
});
afterAll(() => browser.close());

test.each(LOOKS)('the first page is accessible, fits and suits fingers: %s', async (look, options) => {
  const { id } = await client.register({ name: 'Libreta de espiral', quantity: 40, price: '2,50' });
  await client.post(`/products/${id}/movements`, { amount: '3', direction: 'out', purpose: 'sale' });
  const context = await browser.newContext({ baseURL: baseUrl, ...options });
  try {
    const page = await context.newPage();
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(error.message));
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
    await logIn(page);
    for (const [name, path] of [
      ['home', '/'],
      ['remove-demonstration', '/demonstration/remove'],
    ] as const) {
      await page.goto(path);
      if (name === 'home') {
        expect(await page.getAttribute('.app-nav [aria-current=page]', 'href')).toBe('/');
        await page.click('.flow-table summary');
      }
      await page.screenshot({ path: join(SCREENSHOTS, `${look}-${name}.png`), fullPage: true });
      expect([name, await accessibilityViolations(page)]).toEqual([name, []]);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect([name, overflow <= 0]).toEqual([name, true]);
      if (!options.hasTouch) continue;
      const heights = await page
        .locator('main a:visible, main button:visible, main summary:visible')
        .evaluateAll((elements) =>
          elements
            .filter((element) => element.getBoundingClientRect().height < 44)
            .map((element) => element.outerHTML.slice(0, 80)),
        );
      expect([name, heights]).toEqual([name, []]);
    }
    await page.goto('/');
    await page.click('a.home-tile[href*="availability=out_of_stock"]');
    await page.waitForURL('**/products?availability=out_of_stock');
    expect(errors).toEqual([]);
  } finally {
    await context.close();
  }
});
