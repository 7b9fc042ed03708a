import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Connection } from 'mysql2/promise';
import type { Browser } from 'playwright-core';
import { launchChromium } from '../support/chromium.ts';
import { Client, uniqueCode } from '../support/client.ts';
import { LOOKS } from '../support/looks.ts';
import { onPage } from '../support/on-page.ts';
import { createPerson, type Person } from '../support/people.ts';
import { stack } from '../support/shared-stack.ts';
import { expectGoodLooks } from './home-looks.ts';

const MARK = uniqueCode();
let counter = 0;

let browser: Browser;
let clerk: Person;
let primary: Connection;

beforeAll(async () => {
  browser = await launchChromium();
  clerk = await createPerson(await Client.signedIn(), 'clerk');
  primary = await stack.connect('primary');
});

afterAll(async () => {
  await browser.close();
  for (const table of ['product_outflow', 'product_outflow_day'])
    await primary.query(
      `DELETE FROM ${table} WHERE product_id IN (SELECT id FROM product WHERE code LIKE '${MARK}-%')`,
    );
  await primary.query(`DELETE FROM product WHERE code LIKE '${MARK}-%'`);
  await primary.end();
});

test.each(LOOKS)(
  'a person sees what moved, and goes on to lists and a product: %s',
  async (look, options) => {
    const name = `Libreta de espiral ${counter}`;
    const code = `${MARK}-${counter++}`;
    const { id } = await clerk.client.register({ name, code, quantity: 5_000_000, price: '2,50', cost: '1' });
    await onPage(browser, clerk, options, async (page) => {
      await page.goto('/');
      expect(await page.getAttribute('.app-nav [aria-current=page]', 'href')).toBe('/');
      await expectGoodLooks(page, `${look}-home`, options);

      // Selling shows at once: in the numbers of today, the chart, the latest movements and what sells.
      const today = () => page.locator('.flow-table tbody tr').first().locator('td').allTextContents();
      await page.click('.flow-table summary');
      const [, before] = await today();
      await clerk.client.post(`/products/${id}/movements`, {
        amount: '4000000',
        direction: 'out',
        purpose: 'sale',
      });
      await page.reload();
      await page.click('.flow-table summary');
      const [, after] = await today();
      const count = (text: string | undefined) => Number(text!.replaceAll(/\D/g, ''));
      expect(count(after)).toBe(count(before) + 1);
      for (const heading of ['latest', 'selling'])
        expect(await page.locator(`section[aria-labelledby=${heading}-heading]`).textContent()).toContain(
          name,
        );
      await expectGoodLooks(page, `${look}-home-table`, options);

      await page.click('a.home-tile[href*="availability=out_of_stock"]');
      await page.waitForURL('**/products?availability=out_of_stock');
      await page.goBack();
      await page.click('.flow-table summary');
      await page.locator('.flow-table th a').first().click();
      await page.waitForURL('**/movements?from=**');
      expect(await page.locator('.ledger-product').first().textContent()).toContain(name);
      await page.goBack();
      await page.fill('.home-head input[name=search]', code);
      await page.keyboard.press('Enter');
      await page.waitForSelector(`#rows a[href^="/products/${id}"]`);

      await page.goto('/demonstration/remove');
      await expectGoodLooks(page, `${look}-remove-demonstration`, options);
      await page.click('main form a.btn');
      await page.waitForSelector('.home-tiles');
    });
  },
);
