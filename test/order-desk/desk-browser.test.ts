import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Connection } from 'mysql2/promise';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { closeDatabases, type Databases } from '../../src/database/databases.ts';
import { cashOnDelivery } from '../../src/payments/offline-providers.ts';
import { expectGoodLooks } from '../home/home-looks.ts';
import { stateOf } from '../orders/shop-support.ts';
import { launchChromium } from '../support/chromium.ts';
import { Client } from '../support/client.ts';
import { LOOKS, PHONE } from '../support/looks.ts';
import { onPage } from '../support/on-page.ts';
import { openDatabases } from '../support/open-databases.ts';
import { createPerson, type Person } from '../support/people.ts';
import { picture } from '../support/photo-files.ts';
import { stack } from '../support/shared-stack.ts';
import { catchUp, sell } from './desk-support.ts';

let browser: Browser;
let root: Connection;
let databases: Databases;
let administrator: Person;

beforeAll(async () => {
  browser = await launchChromium();
  root = await stack.connect('primary');
  databases = await openDatabases();
  administrator = await createPerson(await Client.signedIn(), 'administrator');
});

afterAll(async () => {
  await browser.close();
  await root.end();
  await closeDatabases(databases);
});

const WORDS = {
  es: {
    paid: 'Pago anotado.',
    shipped: 'Paquete enviado.',
    completed: 'Completado',
    due: 'Reembolso creado',
  },
  en: {
    paid: 'Payment recorded.',
    shipped: 'Parcel shipped.',
    completed: 'Completed',
    due: 'Refund created',
  },
};

async function submit(page: Page, action: string): Promise<void> {
  await page.locator(`form[action$="${action}"] button[type=submit]`).click();
  await page.waitForLoadState('load');
}

/** Opens what is folded around a form. */
async function unfold(page: Page, action: string): Promise<void> {
  const box = page.locator(`details:has(form[action$="${action}"])`);
  if ((await box.getAttribute('open')) === null) await box.locator('> summary').click();
}

test.each(LOOKS)('an order goes from the transfer to the refund: %s', async (look, options) => {
  const words = WORDS[options.locale!.startsWith('es') ? 'es' : 'en'];
  const { id, number } = await sell(databases, root, {
    quantity: 2,
    name: 'Željko Ñúñez de la Torre y Álvarez',
  });
  await sell(databases, root, { provider: cashOnDelivery });
  const looks = (page: Page, name: string) => expectGoodLooks(page, `${look}-${name}`, options);
  await onPage(browser, administrator, options, async (page) => {
    await page.goto('/');
    await looks(page, 'desk-home');
    await page.goto('/orders?todo=confirm');
    await looks(page, 'desk-list');
    await page.goto('/orders');
    await looks(page, 'desk-list-all');
    await page.goto(`/orders/${number}`);
    await looks(page, 'desk-order');
    expect(await page.getAttribute('.app-nav [aria-current=page]', 'href')).toBe('/orders');

    await page.fill('input[name=amount]', '');
    await submit(page, '/capture');
    await page.waitForSelector('.is-invalid');
    await looks(page, 'desk-order-wrong');
    await page.fill('input[name=amount]', options.locale!.startsWith('es') ? '25,00' : '25.00');
    await page.setInputFiles('input[name=proof]', {
      ...{ name: 'a.jpg', mimeType: 'image/jpeg', buffer: await picture().jpeg().toBuffer() },
    });
    await submit(page, '/capture');
    await page.waitForSelector(`text=${words.paid}`);

    await submit(page, '/parcels');
    await page.waitForSelector('form[action$="/pack"]');
    await looks(page, 'desk-parcel');
    await submit(page, '/pack');
    await page.waitForSelector('.parcel .badge');
    await unfold(page, '/ship');
    await page.fill('input[name=trackingNumber]', 'G-123');
    await submit(page, '/ship');
    await page.waitForSelector(`text=${words.shipped}`);
    await submit(page, '/deliver');
    await page.waitForSelector(`h1 ~ p .badge:has-text("${words.completed}")`);
    expect(await stateOf(root, id)).toBe('completed');

    await unfold(page, '/returns');
    await page.fill('form[action$="/returns"] input[name^=quantity]', '1');
    await page.check('#return-toStock-no');
    await submit(page, '/returns');
    await unfold(page, '/refunds');
    await page.fill('form[action$="/refunds"] input[name=amount]', '5');
    await submit(page, '/refunds');
    await page.waitForSelector(`text=${words.due}`);
    await looks(page, 'desk-done');
    await page.goto('/customers');
    await looks(page, 'desk-customers');
  });
});

test('a clerk packs and ships on a phone without JavaScript', async () => {
  const clerk = await createPerson(await Client.signedIn(), 'clerk');
  const { id, number } = await sell(databases, root, { quantity: 2, provider: cashOnDelivery });
  const options: BrowserContextOptions = { javaScriptEnabled: false, viewport: PHONE };
  await onPage(browser, clerk, options, async (page) => {
    await page.goto('/orders?todo=pack');
    await page.locator('.order-filter-box > summary').click();
    await page.fill('#search', number);
    await page.press('#search', 'Enter');
    await page.locator(`a[href="/orders/${number}"]`).click();
    await page.locator('form[action$="/parcels"] input[name^=quantity]').fill('1');
    await submit(page, '/parcels');
    await submit(page, '/pack');
    await catchUp();
    await page.fill('input[name=trackingNumber]', 'G-1');
    await submit(page, '/ship');
    expect(await stateOf(root, id)).toBe('in_progress');
    expect(await page.locator('.parcel').textContent()).toContain('G-1');
  });
});
