import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { PROJECT_DIR } from '../../tools/launcher/stack-config.ts';
import { launchChromium } from '../support/chromium.ts';
import { Client, uniqueCode } from '../support/client.ts';
import { accessibilityViolations, LOOKS } from '../support/looks.ts';
import { replicaHasAll } from '../support/replication.ts';
import { baseUrl, stack } from '../support/shared-stack.ts';

const SCREENSHOTS = join(PROJECT_DIR, 'test-results');

let browser: Browser;
let client: Client;
const consoleErrors: string[] = [];

beforeAll(async () => {
  mkdirSync(SCREENSHOTS, { recursive: true });
  client = await Client.signedIn();
  browser = await launchChromium();
});
/** Of many products, which other tests would count. */
const MANY = uniqueCode();

afterAll(async () => {
  const primary = await stack.connect('primary');
  await primary.query('DELETE FROM product WHERE code LIKE ?', [`${MANY}-%`]);
  await replicaHasAll(stack);
  await primary.end();
  await browser.close();
});

async function logIn(options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ baseURL: baseUrl, locale: 'es-ES', ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  page.on('pageerror', (error) => consoleErrors.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' && !/status of 4(04|09|22)/.test(message.text()))
      consoleErrors.push(message.text());
  });
  await page.goto('/login?return=%2Fproducts');
  await page.fill('#username', 'admin');
  await page.fill('#password', 'admin123');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/products');
  return page;
}

async function chooseFile(page: Page, content: string | Buffer, name: string): Promise<void> {
  await page.setInputFiles('#file', { name, mimeType: 'text/csv', buffer: Buffer.from(content) });
}

test('imports a file from the product list: preview, reassigned columns, applied products', async () => {
  const code = MANY;
  await client.register({ code: `${code}-1`, name: 'Jabón', quantity: 5 });
  const page = await logIn();
  await page.click('a:has-text("Importar")');
  await page.waitForSelector('h1:has-text("Importar productos")');
  const rows = Array.from({ length: 8000 }, (_, index) => `${code}-${index + 1};Jabón ${index + 1};${index}`);
  await chooseFile(page, ['Código;Cómo se llama;Existencias', ...rows].join('\r\n'), 'mi lista.csv');
  await page.click('button:has-text("Subir y ver los cambios")');
  await page.waitForURL(/\/imports\/\d+$/);
  await page.waitForSelector('.import-totals');
  // The header of the name column is not recognised.
  await page.waitForSelector('text=El producto es nuevo y el archivo no tiene una columna con el nombre.');
  expect(await page.locator('button:has-text("Aplicar los cambios")').count()).toBe(0);
  await page.click('.import-columns summary');
  await page.selectOption('#column1', { label: 'Nombre' });
  await page.click('button:has-text("Leer de nuevo")');
  await page.waitForSelector('text=Todo listo para aplicar.');
  expect(await page.locator('.import-totals dd').allTextContents()).toEqual(['7999', '1', '0', '0']);
  await page.click('.import-tabs a:has-text("Nuevos")');
  await page.waitForLoadState();
  expect(await page.locator('.import-rows tbody tr').count()).toBe(50);
  await page.click('a:has-text("Siguiente")');
  await page.waitForSelector('th:has-text("Fila 53")');

  await page.click('button:has-text("Aplicar los cambios")');
  await page.waitForSelector('progress, .badge-available');
  await page.waitForSelector('text=Cambios aplicados.');
  await page.click('a:has-text("Ver los productos")');
  await page.fill('input[name=search]', `${code}-7777`);
  await page.waitForFunction(() => document.querySelectorAll('#rows tr').length === 1);
  expect(await page.textContent('#rows [data-field=quantity]')).toBe('7776');
  await page.context().close();
});

test('a file can be dropped on the page, and one of several is not chosen silently', async () => {
  const code = uniqueCode();
  const page = await logIn();
  await page.goto('/imports');
  const drop = async (...names: string[]) => {
    const transfer = await page.evaluateHandle(
      ({ names, text }) => {
        const transfer = new DataTransfer();
        for (const name of names) transfer.items.add(new File([text], name, { type: 'text/csv' }));
        return transfer;
      },
      { names, text: `Código;Nombre\n${code};Soltado` },
    );
    await page.dispatchEvent('#drop', 'dragover', { dataTransfer: transfer });
    await page.dispatchEvent('#drop', 'drop', { dataTransfer: transfer });
  };
  await drop('uno.csv', 'dos.csv');
  await page.waitForSelector('text=Suelte un solo archivo.');
  await drop('uno.csv');
  await page.waitForSelector('text=Archivo elegido: uno.csv.');
  await page.keyboard.press('Enter');
  await page.waitForSelector('.import-headline');
  expect(await page.textContent('h1')).toBe('uno.csv');
  expect(await page.textContent('.import-rows .code')).toBe(code);
  await page.context().close();
});

test('another encoding or separator shows the first rows as it would read them', async () => {
  const code = uniqueCode();
  const page = await logIn();
  await page.goto('/imports');
  const file = Buffer.from(`codigo;nombre\n${code};Espa\x96a, 1\n`, 'latin1');
  await chooseFile(page, file, 'lista "nueva".csv');
  await page.click('#upload button[type=submit]');
  await page.waitForSelector('text=¿Se leen bien las letras?');
  expect(await page.textContent('h1')).toBe('lista "nueva".csv');
  expect(await accessibilityViolations(page)).toEqual([]);
  const cells = page.locator('#first-rows td');
  expect(await cells.allTextContents()).toEqual([code, 'España, 1']);
  await page.selectOption('#encoding', 'windows-1252');
  await page.waitForSelector('#first-rows td:has-text("Espa–a")');
  await page.selectOption('#delimiter', '|');
  await page.waitForSelector(`#first-rows td:has-text("${code};Espa–a")`);
  await page.selectOption('#encoding', 'macintosh');
  await page.selectOption('#delimiter', ';');
  await page.waitForSelector('#first-rows td:text-is("España, 1")');
  await page.click('button:has-text("Leer de nuevo")');
  await page.waitForSelector('text=Todo listo para aplicar.');
  await page.context().close();
});

test('imports without JavaScript', async () => {
  const code = uniqueCode();
  const page = await logIn({ javaScriptEnabled: false });
  await page.goto('/imports');
  await chooseFile(page, `Código;Nombre\n${code};Sin guion`, 'a.csv');
  await page.click('button:has-text("Subir y ver los cambios")');
  const refreshUntil = async (text: string) => {
    while ((await page.locator(`text=${text}`).count()) === 0) await page.goto(page.url());
  };
  await refreshUntil('Todo listo para aplicar.');
  await page.click('button:has-text("Aplicar los cambios")');
  await refreshUntil('Cambios aplicados.');
  expect((await client.findByCode(code)).name).toBe('Sin guion');
  await page.context().close();
});

test.each(LOOKS)('pages are accessible and fit the screen: %s', async (look, options) => {
  const code = uniqueCode();
  await client.register({
    code: `${code}-1`,
    name: 'Jabón de lavanda',
    quantity: 5,
    description: 'Pastilla de 100 g',
  });
  const header = 'Código;Nombre;Descripción;Categoría;Cantidad;Unidad;Precio';
  const good = [
    header,
    `${code}-1;Jabón de lavanda y romero;Pastilla de 125 g;Otros;12;unidad;3,50`,
    `${code}-2;Vela;;Cosas de ${code};7;caja;1`,
  ];
  const bad = [
    ...good,
    `${code}-3;;${'largo '.repeat(90)};Otros;1,5;unidad`,
    `;Sin código;;Otros;1.234;unidad`,
  ];
  const page = await logIn(options);
  const violations: string[] = [];
  const examine = async (name: string) => {
    await page.screenshot({ path: join(SCREENSHOTS, `import-${look}-${name}.png`), fullPage: true });
    const found = await accessibilityViolations(page);
    violations.push(...found.map((violation) => `${name}: ${violation}`));
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    if (width > page.viewportSize()!.width) violations.push(`${name}: ${width} px wide`);
  };
  const send = async (content: string | Buffer, name: string) => {
    await page.goto('/imports');
    await chooseFile(page, content, name);
    await page.click('#upload button[type=submit]');
    await page.waitForSelector('.import-headline');
  };
  await send(bad.join('\n'), 'con errores.csv');
  await examine('wrong');
  await page.click('.import-columns summary');
  await examine('columns');
  await send('%PDF-1.7', 'lista.pdf');
  await examine('refused');
  await send('a;b\nc;d', 'sin columnas.csv');
  await examine('unassigned');
  await send(good.join('\n'), 'productos de la tienda.csv');
  await examine('preview');
  // Freeze the progress display. Any state but the page's own and 'applied' would reload the page.
  await page.route('**/api/imports/*', (route) =>
    route.fulfill({ json: { isBusy: true, state: 'applied', progress: 0.42 } }),
  );
  await page.click('form[action$="/apply"] button');
  const isHeld = await page.waitForSelector('progress', { timeout: 3000 }).catch(() => undefined);
  if (isHeld) await examine('applying');
  await page.unroute('**/api/imports/*');
  await page.waitForSelector('.alert-success');
  await examine('applied');
  await page.goto('/imports');
  await examine('list');
  expect(violations).toEqual([]);
  await page.context().close();
});

test('the browser logs no errors', () => {
  expect(consoleErrors).toEqual([]);
});
