import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import type { Connection } from 'mysql2/promise';
import { PROJECT_DIR } from '../../tools/launcher/stack-config.ts';
import { logIn } from '../support/browser-log-in.ts';
import { launchChromium } from '../support/chromium.ts';
import { Client, uniqueCode } from '../support/client.ts';
import { accessibilityViolations, LOOKS } from '../support/looks.ts';
import { jpeg, picture } from '../support/photo-files.ts';
import { baseUrl, stack } from '../support/shared-stack.ts';

const SCREENSHOTS = join(PROJECT_DIR, 'test-results');

let browser: Browser;
let client: Client;
let primary: Connection;
const made: number[] = [];

beforeAll(async () => {
  mkdirSync(SCREENSHOTS, { recursive: true });
  browser = await launchChromium();
  client = await Client.signedIn();
  primary = await stack.connect('primary');
});

afterAll(async () => {
  await browser.close();
  await primary.query('DELETE FROM product_photo WHERE product_id IN (?)', [[0, ...made]]);
  await primary.query('DELETE FROM photo WHERE sha256 NOT IN (SELECT photo FROM product_photo)');
  await primary.query('DELETE FROM photo_rendition WHERE photo NOT IN (SELECT sha256 FROM photo)');
  await primary.end();
});

async function expectFineLook(page: Page, name: string): Promise<void> {
  await page.waitForLoadState('networkidle');
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true, animations: 'disabled' });
  expect([name, await accessibilityViolations(page)]).toEqual([name, []]);
  const excess = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  expect([name, excess]).toEqual([name, 0]);
  const small = await page
    .locator('.photos :is(.btn, .form-control):visible')
    .evaluateAll((all) =>
      all
        .filter((one) => matchMedia('(pointer: coarse)').matches && one.getBoundingClientRect().height < 44)
        .map(({ outerHTML }) => outerHTML.slice(0, 80)),
    );
  expect([name, small]).toEqual([name, []]);
}

// A computer in English, a phone in Spanish.
test.each(LOOKS.slice(1, 3))(
  'photos are added, put first and removed on the page of a product, and shown in the list: %s',
  async (look, options) => {
    const mark = uniqueCode();
    const { id } = await client.register({ name: 'Tetera', description: mark });
    const { id: plain } = await client.register({ name: 'Tetera', description: mark });
    made.push(id, plain);
    const context = await browser.newContext({ baseURL: baseUrl, ...options });
    try {
      const page = await context.newPage();
      page.setDefaultTimeout(60_000);
      const errors: string[] = [];
      page.on('pageerror', ({ message }) => errors.push(message));
      await logIn(page);
      await page.goto(`/products/${id}`);
      await expectFineLook(page, `photos-none-${look}`);
      const pdf = { name: 'a.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('%PDF-1.7 no photo') };
      await page.setInputFiles('#photo-files', pdf);
      await page.waitForSelector('#photos-error:has-text("«a.jpg»"), #photos-error:has-text("“a.jpg”")');
      await expectFineLook(page, `photos-refused-${look}`);
      const files = await Promise.all([
        picture({ width: 900, height: 600, noise: 40 }).jpeg().toBuffer(),
        ...['#d97706', '#0f766e', '#7c3aed'].map(
          async (background) => (await jpeg('x.jpg', { width: 300, height: 500, background })).content,
        ),
      ]);
      const chosen = files.map((buffer, i) => ({ name: `${i}.jpg`, mimeType: 'image/jpeg', buffer }));
      await page.setInputFiles('#photo-files', chosen);
      await page.waitForSelector('.photo-list li:nth-child(4)');
      const shown = await page
        .locator('.photo-list .photo img')
        .evaluateAll((images) => (images as HTMLImageElement[]).map(({ alt }) => alt));
      expect(shown[1]).toMatch(/Tetera, (foto 2 de 4|photo 2 of 4)/);
      await expectFineLook(page, `photos-four-${look}`);

      const second = await page.locator('.photo-list .photo >> nth=1').getAttribute('href');
      await page.click('.photo-list li:nth-child(2) button');
      await page.waitForSelector(`.photo-list li:first-child a[href="${second}"]`);
      await page.click('.photo-list li:nth-child(4) .btn-icon-danger');
      await expectFineLook(page, `photos-remove-${look}`);
      await page.click('form .btn-danger');
      // Loaded to its end, so that every photo is there to be counted.
      await page.waitForURL(`**/products/${id}`);
      expect(await page.locator('.photo-list li').count()).toBe(3);

      await page.goto(`/products?search=${mark}`);
      const thumbnail = page.locator(`tr[data-product="${id}"] .row-photo`);
      await thumbnail.waitFor();
      expect(await page.locator(`tr[data-product="${plain}"] .row-photo`).count()).toBe(0);
      const heights = await page
        .locator('#rows tr')
        .evaluateAll((rows) => rows.map((row) => Math.round(row.getBoundingClientRect().height)));
      // Beside a photo on a phone a card's last line may wrap. A pixel is rounding.
      const tolerance = options.isMobile ? Infinity : 1;
      expect(Math.max(...heights) - Math.min(...heights)).toBeLessThanOrEqual(tolerance);
      await expectFineLook(page, `photos-list-${look}`);
      // Rows of live search, too.
      await page.fill('input[name=search]', `tetera ${mark}`);
      await page.waitForURL('**search=tetera*');
      await thumbnail.waitFor();
      expect(await thumbnail.getAttribute('src')).toContain(second!.split('/')[2]!.slice(0, 64));
      expect(errors).toEqual([]);
    } finally {
      await context.close();
    }
  },
  180_000,
);
