import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { launchChromium } from '../support/chromium.ts';
import { linkTo } from '../support/kept-mail.ts';
import { accessibilityViolations, PHONE } from '../support/looks.ts';
import { baseUrl } from '../support/shared-stack.ts';
import { PASSWORD, uniqueEmail } from '../support/shopper.ts';

let browser: Browser;

beforeAll(async () => {
  browser = await launchChromium();
});

afterAll(() => browser.close());

const WORDS = {
  es: {
    ...{ signUp: '/tienda/cuenta/crear', check: 'Revise su correo', ready: 'Su cuenta está lista.' },
    ...{
      addresses: 'Mis direcciones',
      add: 'Agregar dirección',
      remove: 'Eliminar',
      logIn: 'Iniciar sesión',
    },
    logOut: 'Cerrar sesión',
  },
  en: {
    ...{ signUp: '/shop/account/create', check: 'Check your e-mail', ready: 'Your account is ready.' },
    ...{
      addresses: 'My addresses',
      add: 'Add an address',
      remove: 'Delete',
      logIn: 'Log in',
      logOut: 'Log out',
    },
  },
};

/** axe needs JavaScript; the journey must not. */
async function visit(page: Page, seen: Set<string>): Promise<void> {
  seen.add(page.url());
  const width = await page
    .locator('html')
    .evaluate((html) => html.scrollWidth)
    .catch(() => 0);
  expect([page.url(), width <= PHONE.width]).toEqual([page.url(), true]);
}

test.each(['es', 'en'] as const)('an account works on a phone without JavaScript: %s', async (language) => {
  const words = WORDS[language];
  const context = await browser.newContext({ baseURL: baseUrl, javaScriptEnabled: false, viewport: PHONE });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const seen = new Set<string>();
  const email = uniqueEmail();
  const submit = () => page.locator('main form button[type=submit]').first().click();

  await page.goto(words.signUp);
  expect(await context.cookies()).toEqual([]);
  await visit(page, seen);
  await page.fill('#name', 'Ana Núñez');
  await page.fill('#email', email);
  await page.fill('#password', PASSWORD);
  await page.fill('#repeated', 'otra');
  await submit();
  await page.waitForSelector('#repeated-error');
  expect(await page.inputValue('#email')).toBe(email);
  await page.fill('#password', PASSWORD);
  await page.fill('#repeated', PASSWORD);
  await submit();
  await page.waitForSelector(`h1:has-text("${words.check}")`);
  await visit(page, seen);

  await page.goto(await linkTo(email, 'confirm-address'));
  await visit(page, seen);
  await page.fill('#password', PASSWORD);
  await submit();
  await page.waitForSelector(`text=${words.ready}`);
  await visit(page, seen);
  await page.click(`main a:has-text("${words.addresses}")`);
  await page.click(`a:has-text("${words.add}")`);
  await visit(page, seen);
  for (const [name, value] of Object.entries({ name: 'Ana', phone: '099', street: 'Larga 1' }))
    await page.fill(`#${name}`, value);
  await page.fill('#municipality', 'Cuenca');
  await page.fill('#region', 'Azuay');
  await page.selectOption('#country', 'EC');
  await submit();
  await page.waitForSelector('article:has-text("Cuenca, Azuay")');
  await visit(page, seen);
  await page.click(`article a:has-text("${words.remove}")`);
  await visit(page, seen);
  await submit();
  await page.waitForSelector('article', { state: 'detached' });
  await page.goto(language === 'es' ? '/tienda/cuenta' : '/shop/account');
  await page.click(`main button:has-text("${words.logOut}")`);
  await page.waitForSelector(`h1:has-text("${words.logIn}")`);
  const left = (await context.cookies()).map(({ name }) => name);
  expect(left.filter((name) => name.includes('shop'))).toEqual([]);
  await context.close();
  expect(seen.size).toBeGreaterThan(6);
});

test('the pages of an account are accessible and no wider than the screen', async () => {
  const context = await browser.newContext({ baseURL: baseUrl, viewport: PHONE, colorScheme: 'dark' });
  const errors: string[] = [];
  const page = await context.newPage();
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' && !/status of 4/.test(message.text())) errors.push(message.text());
  });
  const email = uniqueEmail();
  const check = async (path: string) => {
    await page.goto(path);
    expect([path, await accessibilityViolations(page)]).toEqual([path, []]);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect([path, width <= PHONE.width]).toEqual([path, true]);
  };
  for (const path of ['iniciar-sesion', 'crear', 'contrasena-olvidada', 'revise-su-correo', 'confirmar'])
    await check(`/tienda/cuenta/${path}`);
  await page.goto('/tienda/cuenta/crear');
  await page.fill('#name', 'Ana Núñez');
  await page.fill('#email', email);
  await page.fill('#password', PASSWORD);
  await page.fill('#repeated', PASSWORD);
  await page.keyboard.press('Enter');
  await page.waitForURL('**/revise-su-correo');
  const link = await linkTo(email, 'confirm-address');
  await check(link);
  await page.fill('#password', PASSWORD);
  await page.keyboard.press('Enter');
  await page.waitForURL('**/tienda/cuenta?saved=confirmed');
  for (const path of [
    '',
    '/datos',
    '/contrasena',
    '/correo',
    '/direcciones',
    '/direcciones/nueva',
    '/eliminar',
  ])
    await check(`/tienda/cuenta${path}`);
  await context.close();
  expect(errors).toEqual([]);
});
