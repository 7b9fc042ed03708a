import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import ExcelJS from 'exceljs';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { PROJECT_DIR } from '../../tools/launcher/stack-config.ts';
import { logIn } from '../support/browser-log-in.ts';
import { launchChromium } from '../support/chromium.ts';
import { Client, uniqueCode } from '../support/client.ts';
import { accessibilityViolations, LOOKS } from '../support/looks.ts';
import { createPerson } from '../support/people.ts';
import { replicaHasAll } from '../support/replication.ts';
import { baseUrl, stack } from '../support/shared-stack.ts';

const SCREENSHOTS = join(PROJECT_DIR, 'test-results');

let browser: Browser;
/** Script errors and policy violations reported by the browser. */
const errors: string[] = [];

beforeAll(async () => {
  mkdirSync(SCREENSHOTS, { recursive: true });
  browser = await launchChromium();
});

afterAll(async () => {
  await browser.close();
});

async function open(options: BrowserContextOptions = {}): Promise<{ context: BrowserContext; page: Page }> {
  const context = await browser.newContext({ baseURL: baseUrl, locale: 'es-ES', ...options });
  await context.exposeFunction('noteViolation', (violation: string) => void errors.push(violation));
  await context.addInitScript(() => {
    const { noteViolation } = globalThis as unknown as { noteViolation: (violation: string) => void };
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
      noteViolation(`${violatedDirective} forbids ${blockedURI} on ${location.pathname}`);
    });
  });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => {
    // Chromium logs every 404, 409, 410 and 422 as an error.
    if (message.type() === 'error' && !/status of 4(04|09|10|22)/.test(message.text()))
      errors.push(message.text());
  });
  return { context, page };
}

async function shoot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
}

test('a working day: register, live search, count, export, history, delete, undo', async () => {
  const { context, page } = await open({ acceptDownloads: true });
  const code = uniqueCode();
  await logIn(page);

  await page.click('text=Agregar producto');
  await page.fill('#name', 'Mermelada de mora');
  await page.click('button:has-text("Guardar")');
  await page.waitForSelector('#code-error');
  expect(await page.inputValue('#name')).toBe('Mermelada de mora');
  await page.waitForSelector('#code:focus');
  await shoot(page, 'form-refused');
  await page.fill('#code', code);
  await page.fill('#quantity', '10');
  await page.selectOption('#category', { label: 'Otra…' });
  await page.fill('#newCategory', `Conservas ${code}`);
  await page.click('button:has-text("Guardar")');
  await page.waitForSelector('text=Producto agregado');

  // Live search: the address follows without Enter.
  await page.goto('/products');
  await page.locator('input[name=search]').pressSequentially(`mora ${code.toLowerCase()}`, { delay: 15 });
  await page.waitForURL((url) => url.searchParams.get('search') === `mora ${code.toLowerCase()}`);
  expect(await page.locator('#rows tr').count()).toBe(1);
  expect(await page.textContent('#rows [data-field=name]')).toBe('Mermelada de mora');
  expect(await page.textContent('#total')).toBe('1 producto');
  await page.reload();
  expect(await page.locator('#rows tr').count()).toBe(1);
  await shoot(page, 'search');

  // Quick quantity: + twice, Enter; then Esc changes nothing.
  await page.click('[data-quick-quantity]');
  await page.keyboard.press('+');
  await page.keyboard.press('+');
  await shoot(page, 'quick-quantity');
  await page.keyboard.press('Enter');
  await page.waitForFunction(
    () => document.querySelector('#rows [data-field=quantity]')?.textContent === '12',
  );
  await page.click('[data-quick-quantity]');
  await page.keyboard.type('99');
  await page.keyboard.press('Escape');
  expect(await page.textContent('#rows [data-field=quantity]')).toBe('12');

  // Someone else saves first: both values are offered.
  await page.click('[data-quick-quantity]');
  await page.keyboard.type('20');
  const other = await Client.signedIn();
  const { id } = await other.findByCode(code);
  await other.changeQuantity(id, { delta: -5 });
  await page.keyboard.press('Enter');
  await page.waitForSelector('text=Otra persona guardó 7 mientras tanto');
  await shoot(page, 'quantity-conflict');
  await page.click('text=Guardar 20');
  await page.waitForFunction(
    () => document.querySelector('#rows [data-field=quantity]')?.textContent === '20',
  );

  const downloading = page.waitForEvent('download');
  await page.click('a:has-text("Excel")');
  const workbook = new ExcelJS.Workbook();
  await workbook.xlsx.readFile(await (await downloading).path());
  expect(workbook.worksheets[0]!.rowCount).toBe(2);
  expect(workbook.worksheets[0]!.getRow(2).getCell(7).value).toBe(20);

  await page.click('#rows [data-field=name]');
  await page.waitForURL(`**/products/${id}`);
  expect(await page.locator('.delta').allTextContents()).toEqual(['+13', '−5', '+2', '+10']);
  await shoot(page, 'history');

  await page.click('a:has-text("Eliminar")');
  await page.waitForSelector('dialog[open]');
  await shoot(page, 'delete');
  await page.click('dialog button:has-text("Eliminar")');
  await page.waitForSelector('.undo');
  await page.goto('/imports');
  await page.click('.undo button:has-text("Deshacer")');
  await page.waitForSelector('text=de nuevo en la lista');
  expect(await other.findByCode(code)).toMatchObject({ id, quantity: 20 });
  await context.close();
});

test('a late response never replaces that of the last keystroke', async () => {
  const { context, page } = await open();
  await logIn(page);
  // Delay the response to "c" beyond that to "café".
  await page.route('**/api/products?search=c', async (route) => {
    const response = await route.fetch();
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await route.fulfill({ response }).catch(() => undefined);
  });
  await page.locator('input[name=search]').pressSequentially('c');
  await page.waitForTimeout(300);
  await page.locator('input[name=search]').pressSequentially('afé colombia');
  await page.waitForFunction(() => document.querySelectorAll('#rows tr').length === 3);
  await page.waitForTimeout(2000);
  expect(await page.locator('#rows tr').count()).toBe(3);
  expect(await page.textContent('#total')).toBe('3 productos');
  await context.close();
});

test('what looks like HTML stays text while typing', async () => {
  const client = await Client.signedIn();
  const code = uniqueCode();
  await client.register({ code, name: '<img src=x onerror="document.title=1">', description: '<b>no</b>' });
  const { context, page } = await open();
  await logIn(page);
  await page.fill('input[name=search]', code);
  await page.waitForFunction(() => document.querySelectorAll('#rows tr').length === 1);
  expect(await page.textContent('#rows [data-field=name]')).toBe('<img src=x onerror="document.title=1">');
  expect(await page.locator('#rows img:not(.row-photo)').count()).toBe(0);
  await context.close();
});

test('a viewer can search while typing, and sees nothing to change products with', async () => {
  const client = await Client.signedIn();
  const { id, code } = await client.register({ name: 'Solo para mirar', quantity: 1234 });
  const { context, page } = await open();
  await logIn(page, await createPerson(client, 'viewer'));
  expect(await replicaHasAll(stack)).toBe(true);
  await page.fill('input[name=search]', code);
  await page.waitForFunction(() => document.querySelectorAll('#rows tr').length === 1);
  expect(await page.textContent('#rows [data-field=quantity]')).toBe('1234');
  expect(await page.locator('#rows a').count()).toBe(1);
  await shoot(page, 'viewer');
  await page.goto(`/products/${id}`);
  expect(await page.locator('main .btn:visible').count()).toBe(0);
  await context.close();
});

test('an edit takes what others changed, and asks about what both changed', async () => {
  const client = await Client.signedIn();
  const { id, code } = await client.register({ name: 'Antes', quantity: 1 });
  const { context, page } = await open();
  await logIn(page);
  await page.goto(`/products/${id}/edit`);
  await client.changeQuantity(id, { quantity: 900, version: 1 });
  await page.fill('#name', 'Mío');
  await page.click('button:has-text("Guardar cambios")');
  await page.waitForSelector('.notice:has-text("admin cambió Cantidad mientras tanto: 1 → 900.")');
  await shoot(page, 'edit-merged');
  expect(await client.findByCode(code)).toMatchObject({ name: 'Mío', quantity: 900 });

  await page.goto(`/products/${id}/edit`);
  const theirs = { name: 'Suyo', code, quantity: 900, unit: 'caja', category: 'Otros', version: 3 };
  expect((await client.post(`/products/${id}`, theirs)).status).toBe(303);
  await page.fill('#name', 'Nuestro');
  await page.click('button:has-text("Guardar cambios")');
  await page.waitForSelector('[data-choice=name]');
  await page.waitForLoadState();
  expect(await page.locator('[data-choice]').count()).toBe(1);
  expect(await page.inputValue('#unit')).toBe('caja');
  await page.check('#name-theirs');
  expect(await page.inputValue('#name')).toBe('Suyo');
  await page.check('#name-mine');
  expect(await page.inputValue('#name')).toBe('Nuestro');
  await page.check('#name-theirs');
  await page.fill('#name', 'Mejor');
  expect(await page.isChecked('#name-mine')).toBe(true);
  await page.click('button:has-text("Guardar cambios")');
  await page.waitForSelector('.notice:has-text("Producto guardado: «Mejor».")');
  await context.close();
});

test('an edit of a deleted product is restored and saved without JavaScript', async () => {
  const client = await Client.signedIn();
  const { id, code } = await client.register({ name: 'Antes' });
  const { context, page } = await open({ javaScriptEnabled: false });
  await logIn(page);
  await page.goto(`/products/${id}/edit`);
  await client.post(`/products/${id}/delete`);
  await page.fill('#name', 'Lo que escribí');
  await page.click('button:has-text("Guardar cambios")');
  await page.click('button:has-text("Restaurar y guardar")');
  await page.waitForSelector('h1:has-text("Lo que escribí")');
  expect(await client.findByCode(code)).toMatchObject({ id, name: 'Lo que escribí' });

  await page.goto(`/products/${id}/edit`);
  await client.changeQuantity(id, { quantity: 900, version: 3 });
  await page.fill('#quantity', '7');
  await page.click('button:has-text("Guardar cambios")');
  await page.check('#quantity-theirs');
  await page.click('button:has-text("Guardar cambios")');
  await page.waitForSelector('.on-hand:has-text("900")');
  await context.close();
});

test.each(LOOKS)(
  'conflict, deletion and undo are accessible, and fit the screen: %s',
  async (look, options) => {
    const client = await Client.signedIn();
    const { id, code } = await client.register({ name: 'Café molido de altura', quantity: 1 });
    const { context, page } = await open(options);
    const violations: string[] = [];
    const check = async (name: string) => {
      await page.screenshot({ path: join(SCREENSHOTS, `${look}-${name}.png`), fullPage: true });
      violations.push(...(await accessibilityViolations(page)).map((violation) => `${name}: ${violation}`));
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      if (width > page.viewportSize()!.width) violations.push(`${name}: ${width} px wide`);
    };
    await logIn(page);
    await page.goto(`/products/${id}/edit`);
    const theirs = { name: 'Café molido', code, quantity: 900, unit: 'caja', category: 'Hogar', version: 1 };
    await client.post(`/products/${id}`, theirs);
    await page.fill('#name', 'Café en grano');
    await page.fill('#quantity', '12');
    await page.selectOption('#category', 'Ropa');
    await page.click('#product-form button[type=submit]');
    await page.waitForSelector('[data-choice]');
    await check('conflict');
    await client.post(`/products/${id}/delete`);
    for (const name of ['name', 'quantity', 'category']) await page.check(`#${name}-mine`);
    await page.click('#product-form button[type=submit]');
    await page.waitForSelector('form[action$="restore-and-save"]');
    await check('deleted');
    for (const name of ['Uno', 'Dos', 'Tres']) {
      const other = await client.register({ name: `Producto número ${name}` });
      await page.goto(`/products/${other.id}/delete`);
      await page.click('main form:not(.undo form) button.btn-danger');
      await page.waitForSelector('.undo');
    }
    await page.goto('/products/new');
    await page.click('.undo summary');
    await check('undo');
    expect(violations).toEqual([]);
    await context.close();
  },
);

test('everything works without JavaScript', async () => {
  const { context, page } = await open({ javaScriptEnabled: false });
  await logIn(page);
  await page.fill('input[name=search]', 'café colombia');
  await page.click('button:has-text("Buscar")');
  await page.waitForLoadState();
  expect(await page.locator('#rows tr').count()).toBe(3);
  await page.click('#rows .btn-icon-danger >> nth=0');
  await page.click('a:has-text("Cancelar")');
  await page.click('.app-account summary');
  await page.click('button:has-text("Cerrar sesión")');
  await page.waitForURL('**/login');
  await context.close();
});

test.each(LOOKS)('every page is accessible, and none is wider than the screen: %s', async (look, options) => {
  const client = await Client.signedIn();
  const { id } = await client.register({
    name: 'Un nombre más bien largo, como los hay',
    description: 'x'.repeat(200),
  });
  const person = await createPerson(client, 'clerk');
  const { context, page } = await open(options);
  const violations: string[] = [];
  const check = async (name: string) => {
    await shoot(page, `${look}-${name}`);
    violations.push(...(await accessibilityViolations(page)).map((violation) => `${name}: ${violation}`));
    // A phone's browser zooms out from a page that is too wide, so its own width says nothing.
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    const overflow = width - page.viewportSize()!.width;
    if (overflow > 0) violations.push(`${name}: ${overflow} px too wide`);
  };
  await page.goto('/login');
  await check('login');
  await logIn(page);
  expect(await page.getAttribute('html', 'lang')).toBe(look.slice(0, 2));
  await check('list');
  await page.click('[data-quick-quantity]');
  await check('quick-quantity');
  await page.keyboard.press('Escape');
  await page.goto('/products?search=zzzz');
  await check('empty');
  for (const [name, path] of [
    ['new', '/products/new'],
    ['show', `/products/${id}`],
    ['edit', `/products/${id}/edit`],
    ['delete', `/products/${id}/delete`],
    ['password', '/password'],
    ['users', '/users'],
    ['user', `/users/${person.id}`],
    ['disable', `/users/${person.id}/disable`],
    ['activity', '/audit'],
    ['user-new', '/users/new'],
    ['health', '/health'],
    ['system', '/system'],
    ['not-found', '/no-such-page'],
  ] as const) {
    await page.goto(path);
    await check(name);
  }
  await page.goto('/users/new');
  await page.fill('#username', `${person.username}-2`);
  await page.click('form[action="/users"] button');
  await page.waitForSelector('.one-time-password');
  await check('one-time-password');
  expect(violations).toEqual([]);
  await context.close();
});

test('the browser reported no errors', () => {
  expect(errors).toEqual([]);
});
