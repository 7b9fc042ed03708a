import { afterAll, beforeAll, beforeEach, afterEach, expect, test } from '@jest/globals';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { launchChromium } from '../support/chromium.ts';
import { Client, uniqueCode } from '../support/client.ts';
import { createPerson, type Person } from '../support/people.ts';
import { replicaHasAll } from '../support/replication.ts';
import { baseUrl, stack } from '../support/shared-stack.ts';

let browser: Browser;
let administrator: Client;
let clerk: Person;
let other: Person;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
  administrator = await Client.signedIn();
  clerk = await createPerson(administrator, 'clerk');
  other = await createPerson(administrator, 'clerk');
  browser = await launchChromium();
});

afterAll(() => browser.close());

beforeEach(async () => {
  context = await browser.newContext({
    baseURL: baseUrl,
    locale: 'es-EC',
    timezoneId: 'America/Guayaquil',
  });
  page = await context.newPage();
  await page.goto('/login');
  await logIn(clerk);
});

afterEach(() => context.close());

async function logIn({ username, password }: Person): Promise<void> {
  await page.fill('#username', username);
  await page.waitForLoadState();
  await page.fill('#password', password);
  await page.click('form[action="/login"] button');
  await page.waitForURL((url) => url.pathname !== '/login');
}

async function endSessions({ id }: Person): Promise<void> {
  const primary = await stack.connect('primary');
  await primary.query('DELETE FROM session WHERE user_id = ?', [id]);
  await primary.end();
}

async function typeProduct(name: string): Promise<string> {
  const code = uniqueCode();
  await page.goto('/products/new');
  await page.fill('#name', name);
  await page.fill('#code', code);
  await page.fill('#quantity', '12');
  await page.selectOption('#category', { label: 'Otra…' });
  await page.fill('#newCategory', 'Relojes');
  return code;
}

const kept = () => page.evaluate(() => sessionStorage.getItem('typed'));

test('a form of an ended session leads to the log-in, back, and holds what was typed', async () => {
  const code = await typeProduct('Reloj de arena');
  await endSessions(clerk);
  await page.click('main form button.btn-primary[type=submit]');
  await page.waitForSelector('text=Su sesión terminó');
  // The wrong password in between loses nothing.
  await page.fill('#username', clerk.username);
  await page.fill('#password', 'esta no es');
  await page.click('form[action="/login"] button');
  await page.waitForSelector('text=contraseña incorrectos');
  expect(await kept()).not.toContain('esta no es');
  await logIn(clerk);
  expect(new URL(page.url()).pathname).toBe('/products/new');
  expect(await page.inputValue('#name')).toBe('Reloj de arena');
  expect(await page.inputValue('#newCategory')).toBe('Relojes');
  expect(await page.isVisible('#newCategory')).toBe(true);
  await page.click('main form button.btn-primary[type=submit]');
  await page.waitForURL(/\/products\/\d+$/);
  expect(await kept()).toBeNull();
  expect(await replicaHasAll(stack)).toBe(true);
  expect((await administrator.search({ search: code })).total).toBe(1);
});

test('what one person typed is not shown to the next who logs in there', async () => {
  await typeProduct('Secreto de Ana');
  await endSessions(clerk);
  await page.click('main form button.btn-primary[type=submit]');
  await logIn(other);
  expect(new URL(page.url()).pathname).toBe('/products/new');
  expect(await page.inputValue('#name')).toBe('');
  expect(await kept()).toBeNull();
});

test('logging out drops what was typed', async () => {
  await typeProduct('Por tirar');
  await endSessions(clerk);
  await page.click('main form button.btn-primary[type=submit]');
  await page.waitForSelector('#username');
  expect(await kept()).toContain('Por tirar');
  await logIn(clerk);
  await page.evaluate(() =>
    document.querySelector<HTMLFormElement>('form[action="/logout"]')!.requestSubmit(),
  );
  await page.waitForURL('**/login');
  expect(await kept()).toBeNull();
});

test('switching the language keeps what was typed, also after the form was refused', async () => {
  await typeProduct('Reloj de sol');
  await page.fill('#code', '');
  await page.click('main form button.btn-primary[type=submit]');
  await page.waitForSelector('#code-error');
  await page.waitForLoadState();
  await page.fill('#description', 'De piedra');
  await page.evaluate(() => document.querySelector<HTMLElement>('a[href^="/language/"]')!.click());
  await page.waitForSelector('html[lang=en]');
  await page.waitForLoadState();
  expect(new URL(page.url()).pathname).toBe('/products/new');
  expect(await page.inputValue('#name')).toBe('Reloj de sol');
  expect(await page.inputValue('#description')).toBe('De piedra');
});

test('asks before a changed form is left, and only then', async () => {
  const asked: string[] = [];
  page.on('dialog', (dialog) => {
    asked.push(dialog.type());
    void dialog.accept();
  });
  await page.goto('/products/new');
  await page.click('#name');
  await page.goto('/products');
  expect(asked).toEqual([]);
  await typeProduct('Reloj de bolsillo');
  await page.goto('/products');
  expect(asked).toEqual(['beforeunload']);
  await typeProduct('Reloj de bolsillo');
  await page.click('main form button.btn-primary[type=submit]');
  await page.waitForURL(/\/products\/\d+$/);
  expect(asked).toEqual(['beforeunload']);
});

test('a lost CSRF cookie is mended by opening the page again, which still holds what was typed', async () => {
  await typeProduct('Reloj de cuco');
  await context.clearCookies({ name: 'inventario.csrf' });
  await page.click('main form button.btn-primary[type=submit]');
  await page.waitForSelector('text=La página caducó');
  await page.click('text=Volver a abrir la página');
  await page.waitForURL('**/products/new');
  expect(await page.inputValue('#name')).toBe('Reloj de cuco');
  await page.click('main form button.btn-primary[type=submit]');
  await page.waitForURL(/\/products\/\d+$/);
});

test('a script that meets an ended session offers the log-in, and typed quantities come back', async () => {
  const { code } = await administrator.register({ name: 'Reloj de pulsera', quantity: 3 });
  expect(await replicaHasAll(stack)).toBe(true);
  await page.goto(`/products?search=${code}`);
  await page.click('[data-quick-quantity]');
  await page.keyboard.type('41');
  await endSessions(clerk);
  await page.keyboard.press('Enter');
  await page.click('.notice[role=alert] button');
  await page.waitForSelector('text=Su sesión terminó');
  await logIn(clerk);
  expect(new URL(page.url()).search).toBe(`?search=${code}`);
  await page.waitForSelector('.quantity-editor input');
  expect(await page.inputValue('.quantity-editor input')).toBe('41');
  await page.keyboard.press('Enter');
  await page.waitForFunction(
    () => document.querySelector('#rows [data-field=quantity]')?.textContent === '41',
  );
  expect(await replicaHasAll(stack)).toBe(true);
  expect((await administrator.findByCode(code)).quantity).toBe(41);
});

test('the browser tells its zone, and the next page shows its time', async () => {
  const { id } = await administrator.register();
  const primary = await stack.connect('primary');
  await primary.query("UPDATE product SET updated_at = '2026-01-31 23:30:00' WHERE id = ?", [id]);
  await primary.end();
  expect(await replicaHasAll(stack)).toBe(true);
  await page.goto(`/products/${id}`);
  expect(await page.textContent('main')).toContain('31 ene 2026, 18:30');
});
