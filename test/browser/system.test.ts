import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { logIn } from '../support/browser-log-in.ts';
import { launchChromium } from '../support/chromium.ts';
import { baseUrl, stack } from '../support/shared-stack.ts';

let browser: Browser;
const errors: string[] = [];

beforeAll(async () => {
  browser = await launchChromium();
});

afterAll(async () => {
  await browser.close();
});

async function openSystem(options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ baseURL: baseUrl, locale: 'es-ES', ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  await logIn(page);
  await page.click('a:has-text("Sistema")');
  await page.waitForSelector('.drawing');
  return page;
}

test('the drawing updates in place, without a reload', async () => {
  const page = await openSystem();
  // The elements stay the same, so that animations continue.
  await page.evaluate(() => {
    (document.querySelector('.dots') as Element & { mine?: boolean }).mine = true;
  });
  await page.waitForSelector('.node-up:has-text("web3")');
  const { pid } = stack.process('web3');
  process.kill(pid, 'SIGSTOP');
  try {
    await page.waitForSelector('.drawing-wide .node-down:has-text("web3")');
    expect(await page.locator('.drawing-wide .link-broken').count()).toBe(3);
    expect(await page.textContent('.headline')).toContain('web3 no da señal');
    const icon = page.locator('.headline .bi').first();
    expect(await icon.evaluate((element) => getComputedStyle(element).maskImage)).toContain('svg');
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  await page.waitForSelector('.drawing-wide .node-up:has-text("web3")');

  const replica = await stack.connect('replica1');
  await replica.query('STOP REPLICA');
  try {
    await page.waitForSelector('.drawing-wide .node-stopped:has-text("replica1") .cell-missing');
    expect(await page.locator('.drawing-wide .link-replication.link-broken').count()).toBe(1);
  } finally {
    await replica.query('START REPLICA');
    await replica.end();
  }
  await page.waitForSelector('.drawing-wide .node-up:has-text("replica1")');
  expect(
    await page.evaluate(() => (document.querySelector('.dots') as Element & { mine?: boolean }).mine),
  ).toBe(true);
  expect(await page.getAttribute('#live-note', 'data-state')).toBe('live');
  await page.context().close();
});

test('each instance marks itself in its drawing, and requests rotate between them', async () => {
  const page = await openSystem();
  const drawers = new Set<string | null>();
  for (let i = 0; i < 6; i++) {
    await page.reload();
    drawers.add(await page.textContent('.drawing-wide .node-drawer .name'));
  }
  expect(drawers.size).toBeGreaterThan(1);
  await page.context().close();
});

test('without JavaScript the page is complete, and a link refreshes it', async () => {
  const page = await openSystem({ javaScriptEnabled: false });
  expect(await page.isVisible('#live-note')).toBe(false);
  expect(await page.isVisible('.drawing-wide')).toBe(true);
  await page.click('#reload');
  await page.waitForSelector('.drawing-wide .node-nginx');
  expect(await page.locator('.drawing-wide .cell').count()).toBe(80);
  await page.context().close();
});

test('a user whose session has ended is led to the log-in, and back', async () => {
  const page = await openSystem();
  await page.context().clearCookies();
  await page.waitForURL('**/login?return=%2Fsystem');
  await page.fill('#username', 'admin');
  await page.fill('#password', 'admin123');
  await page.keyboard.press('Enter');
  await page.waitForSelector('.drawing');
  await page.context().close();
});

test('the browser reported no errors', () => {
  expect(errors).toEqual([]);
});
