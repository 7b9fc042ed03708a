import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { ResultSetHeader } from 'mysql2/promise';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { hashPassword } from '../../src/auth/password.ts';
import { logIn } from '../support/browser-log-in.ts';
import { launchChromium } from '../support/chromium.ts';
import { Client, uniqueCode } from '../support/client.ts';
import { replicaHasAll } from '../support/replication.ts';
import { baseUrl, stack } from '../support/shared-stack.ts';
import { waitUntil } from '../support/wait-until.ts';

/** Each calls the canary if a page treats it as anything but text. */
const PAYLOADS = [
  '<script>__xss()</script>',
  '<img src=x onerror=__xss()>',
  '"><svg onload=__xss()>',
  "' autofocus onfocus=__xss() x='",
  '</textarea></option></select><svg/onload=__xss()>',
  '"}]}</title></script><script>__xss()//',
  '&lt;script&gt;__xss()&lt;/script&gt;${__xss()}',
  'javascript:__xss()',
  '{name}{id}$&$`<%= __xss() %><b onclick=__xss()>',
];

const hits: string[] = [];
let browser: Browser;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
  browser = await launchChromium();
  ({ context, page } = await openWithCanary());
});

afterAll(() => browser.close());

async function openWithCanary() {
  const context = await browser.newContext({ baseURL: baseUrl, locale: 'es-ES', acceptDownloads: true });
  await context.exposeFunction('__hit', (what: string) => void hits.push(what));
  await context.addInitScript(() => {
    const canary = globalThis as unknown as { __xss: () => void; __hit: (what: string) => void };
    canary.__xss = () => canary.__hit(`script ran on ${location.href}`);
    // Blocked by the policy, but it did get into the page.
    document.addEventListener('securitypolicyviolation', (event) => {
      canary.__hit(`${event.violatedDirective} ${event.blockedURI} on ${location.href}`);
    });
  });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  page.on('dialog', (dialog) => {
    hits.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  return { context, page };
}

/** Fails when typed text has become markup. */
async function expectNoMarkup(where: string, on = page): Promise<void> {
  const foreign = await on.evaluate(() => {
    const marks =
      'img[src=""], img[src="x"], svg, [onerror], [onload], [onfocus], [onclick], a[href^="javascript:"]';
    const scripts = [...document.scripts].filter(({ text }) => text.includes('__xss'));
    return [...document.querySelectorAll(marks), ...scripts].map(({ outerHTML }) => outerHTML.slice(0, 200));
  });
  expect([where, foreign]).toEqual([where, []]);
}

async function visit(path: string): Promise<void> {
  await page.goto(path);
  await expectNoMarkup(path);
}

const fieldsOf = (payload: string) => ({
  name: payload,
  description: `${payload}\n${payload}`,
  unit: Array.from(payload).slice(0, 30).join(''),
  newCategory: payload,
  category: '__other__',
});

test.each(PAYLOADS)('stays text in every field, on every page: %s', async (payload) => {
  const client = await Client.signedIn();
  const code = `${payload.slice(0, 28)}${uniqueCode()}`;
  const { id } = await client.register({ ...fieldsOf(payload), code, quantity: 5 });
  if (!page.url().startsWith(baseUrl)) await logIn(page);

  for (const language of ['es', 'en']) {
    await page.goto(`/language/${language}?return=/products/${id}`);
    await expectNoMarkup('the product');
    expect(await page.textContent('h1')).toContain(payload);
  }
  for (const path of [`/products/${id}/edit`, `/products/${id}/delete`, '/products/new']) await visit(path);
  await visit(`/products?search=${encodeURIComponent(payload)}&category=${encodeURIComponent(payload)}`);

  // The live search and the editors in the list.
  await page.goto('/products');
  await page.fill('input[name=search]', code);
  await page.waitForFunction(() => document.querySelectorAll('#rows tr').length === 1);
  expect(await page.textContent('#rows [data-field=name]')).toBe(payload);
  await expectNoMarkup('the live search');
  await page.click('[data-quick-quantity]');
  await page.keyboard.press('+');
  await client.changeQuantity(id, { quantity: 9, version: 1 });
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => !document.querySelector('.quantity-editor'));
  await page.click('#rows .btn-icon-danger');
  await page.waitForSelector('dialog[open]');
  await expectNoMarkup('the dialog');
  await page.keyboard.press('Escape');

  // The rejected form, the conflict and the confirmation.
  await page.goto(`/products/${id}/edit`);
  await client.changeQuantity(id, { delta: 1 });
  await page.fill('#name', `${payload}!`);
  await page.fill('#quantity', payload);
  await page.click('#product-form button[type=submit]');
  await page.waitForSelector('#quantity-error');
  await expectNoMarkup('the refused form');
  await page.fill('#quantity', '3');
  await page.click('#product-form button[type=submit]');
  await page.waitForSelector('.alert-warning');
  await expectNoMarkup('the conflict');
  await page.check('#quantity-mine');
  await page.click('#product-form button[type=submit]');
  await page.waitForSelector('.alert-success');
  await expectNoMarkup('the message');
  await page.goto(`/products/${id}/delete`);
  await page.click('form button[type=submit].btn-danger');
  await page.waitForSelector('.undo');
  await expectNoMarkup('the undo');
  await page.click('.undo button');
  await page.waitForSelector('.alert-success');

  // JSON opened as a page.
  await visit(`/api/products?search=${encodeURIComponent(code)}`);
  expect(hits).toEqual([]);
});

test('text in an address stays text', async () => {
  for (const payload of PAYLOADS) {
    const text = encodeURIComponent(payload);
    await visit(`/products?search=${text}&sort=${text}&cursor=${text}&availability=${text}`);
    await visit(`/products/${text}`);
    await visit(`/no/${text}`);
    await visit(`/products/1?before=${text}`);
    await visit(`/products/1/delete?return=${text}`);
    await visit(`/products/1/delete?return=/${text}`);
  }
  expect(hits).toEqual([]);
});

test('a user name stays text at the log-in, in the menu and in the history', async () => {
  const client = await Client.signedIn();
  const { id } = await client.register();
  const username = `"><img src=x onerror=__xss()>${uniqueCode()}`.slice(0, 50);
  const primary = await stack.connect('primary');
  const [{ insertId }] = await primary.query<ResultSetHeader>(
    'INSERT INTO user (username, password_hash) VALUES (?, ?)',
    [username, await hashPassword('a password for this test')],
  );
  const { context: own, page: ownPage } = await openWithCanary();
  try {
    await primary.query('UPDATE stock_movement SET actor_id = ? WHERE product_id = ?', [insertId, id]);
    expect(await replicaHasAll(stack)).toBe(true);
    await ownPage.goto('/login');
    await ownPage.fill('#username', username);
    await ownPage.fill('#password', 'wrong');
    await ownPage.keyboard.press('Enter');
    await ownPage.waitForSelector('.alert-danger');
    expect(await ownPage.inputValue('#username')).toBe(username);
    await expectNoMarkup('the log-in', ownPage);
    await logIn(ownPage, { username, password: 'a password for this test' });
    await expectNoMarkup('the list', ownPage);
    expect(await ownPage.textContent('.app-account summary')).toContain(username);
    await ownPage.goto('/password');
    await expectNoMarkup('the password', ownPage);
    await ownPage.goto(`/products/${id}`);
    expect(await ownPage.textContent('main table')).toContain(username);
    await expectNoMarkup('the history', ownPage);
  } finally {
    await own.close();
    await primary.query(
      `UPDATE stock_movement SET actor_id = (SELECT id FROM user WHERE username = 'admin') WHERE product_id = ${id};
       DELETE FROM session WHERE user_id = ${insertId};`,
    );
    // Other rows may refer to the user, which then stays.
    await primary.query('DELETE FROM user WHERE id = ?', [insertId]).catch(() => undefined);
    await primary.end();
  }
  expect(hits).toEqual([]);
});

test('the canary reports scripts that run, and those that the policy blocks', async () => {
  await page.goto('/login');
  await page.evaluate(() => (globalThis as unknown as { __xss: () => void }).__xss());
  // An inline handler, which the policy blocks.
  await page.evaluate(() => {
    const image = document.createElement('img');
    image.setAttribute('onerror', '__xss()');
    image.src = '/no-such-image';
    document.body.append(image);
  });
  await waitUntil(() => hits.length >= 2);
  expect(hits).toEqual([
    expect.stringContaining('script ran on'),
    expect.stringContaining('script-src-attr inline on'),
  ]);
  await context.close();
});
