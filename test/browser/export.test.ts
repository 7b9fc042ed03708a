import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Connection } from 'mysql2/promise';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { PROJECT_DIR } from '../../tools/launcher/stack-config.ts';
import { accessibilityViolations, PHONE } from '../support/looks.ts';
import { logIn } from '../support/browser-log-in.ts';
import { launchChromium } from '../support/chromium.ts';
import { baseUrl, stack } from '../support/shared-stack.ts';

const SCREENSHOTS = join(PROJECT_DIR, 'test-results');

let browser: Browser;
let replica: Connection;

beforeAll(async () => {
  mkdirSync(SCREENSHOTS, { recursive: true });
  browser = await launchChromium();
  replica = await stack.connect('replica1');
});

afterAll(async () => {
  await browser.close();
  await replica.end();
});

async function openList(options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ baseURL: baseUrl, locale: 'es-ES', ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  await logIn(page);
  return page;
}

/** Blocks product queries on the replica, including exports. */
async function whileReplicaIsBlocked<T>(work: () => Promise<T>): Promise<T> {
  await replica.query('SET GLOBAL super_read_only = OFF');
  await replica.query('LOCK TABLES inventario.category WRITE');
  try {
    return await work();
  } finally {
    await replica.query('UNLOCK TABLES');
    await replica.query('SET GLOBAL super_read_only = ON');
  }
}

async function isWiderThanScreen(page: Page): Promise<boolean> {
  return page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
}

test('the list shows the progress of an export and announces its end', async () => {
  const page = await openList();
  const card = page.locator('.export-card');
  await whileReplicaIsBlocked(async () => {
    await page.click('a[href^="/products/export.xlsx"]');
    await card.getByText(/^0 de [\d.]+ productos$/).waitFor();
    const bar = card.getByRole('progressbar', { name: 'Preparando el archivo Excel…' });
    expect(await bar.getAttribute('aria-valuenow')).toBe('0');
    expect(await accessibilityViolations(page)).toEqual([]);
    await page.screenshot({ path: join(SCREENSHOTS, 'export-running.png') });
  });
  await card.getByText(/^El archivo está listo: [\d.]+ productos\./).waitFor();
  await page
    .getByRole('status')
    .getByText(/^El archivo está listo/)
    .waitFor({ state: 'attached' });
  expect(await accessibilityViolations(page)).toEqual([]);
  await page.screenshot({ path: join(SCREENSHOTS, 'export-done.png') });
  await card.getByRole('button', { name: 'Cerrar' }).click();
  expect(await card.count()).toBe(0);
  await page.context().close();
});

test('an export can be cancelled with the keyboard, and fits a phone', async () => {
  const page = await openList({ viewport: PHONE, colorScheme: 'dark', locale: 'en' });
  const card = page.locator('.export-card');
  await whileReplicaIsBlocked(async () => {
    await page.click('a[href^="/products/export.csv"]');
    await card.getByRole('button', { name: 'Cancel' }).waitFor();
    expect(await isWiderThanScreen(page)).toBe(false);
    await page.screenshot({ path: join(SCREENSHOTS, 'export-phone.png') });
    await card.getByRole('button', { name: 'Cancel' }).focus();
    await page.keyboard.press('Enter');
    await card.getByText('Export cancelled.').waitFor();
  });
  // Focus moves to the button that remains.
  expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe('Close');
  expect(await accessibilityViolations(page)).toEqual([]);
  await page.keyboard.press('Enter');
  expect(await card.count()).toBe(0);
  await page.context().close();
});

test('without JavaScript the links download the file', async () => {
  const page = await openList({ javaScriptEnabled: false, acceptDownloads: true });
  const downloading = page.waitForEvent('download');
  await page.click('a[href^="/products/export.xlsx"]');
  const download = await downloading;
  expect(download.suggestedFilename()).toMatch(/^productos-.*\.xlsx$/);
  expect(await download.failure()).toBeNull();
  await page.context().close();
});
