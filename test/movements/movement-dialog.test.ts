import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { PROJECT_DIR } from '../../tools/launcher/stack-config.ts';
import { launchChromium } from '../support/chromium.ts';
import { Client, uniqueCode } from '../support/client.ts';
import { accessibilityViolations, LOOKS } from '../support/looks.ts';
import { onPage } from '../support/on-page.ts';
import { createPerson } from '../support/people.ts';

const SCREENSHOTS = join(PROJECT_DIR, 'test-results');

let browser: Browser;
let administrator: Client;

beforeAll(async () => {
  mkdirSync(SCREENSHOTS, { recursive: true });
  browser = await launchChromium();
  administrator = await Client.signedIn();
});
afterAll(() => browser.close());

test.each(LOOKS)(
  'receives and takes out in the list, with reason, document and note: %s',
  async (name, options) => {
    const person = await createPerson(administrator, 'clerk');
    const mark = uniqueCode();
    const { id } = await person.client.register({
      name: `Arroz ${mark}`,
      code: mark,
      quantity: 5,
      unit: 'kg',
    });
    const invoice = `F-${mark}`;
    await onPage(browser, person, options, async (page) => {
      const address = `/products?search=${mark}`;
      const quantity = page.locator('#rows [data-field=quantity]');
      const dialog = page.locator('#move-dialog');
      const look = async (what: string) => {
        await page.screenshot({ path: join(SCREENSHOTS, `movement-dialog-${what}-${name}.png`) });
        expect([what, await accessibilityViolations(page)]).toEqual([what, []]);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        expect([what, overflow <= 0]).toEqual([what, true]);
      };
      await page.goto(address);
      await quantity.click();
      await look('editor');
      // What was typed is saved before.
      await page.keyboard.type('7');
      await page.click('.quantity-editor [data-move=out]');
      await dialog.waitFor();
      expect(await dialog.locator('h2').textContent()).toBe(`Arroz ${mark}`);
      expect((await dialog.locator('[data-on-hand]').textContent())!.trim()).toMatch(/^7 /);
      expect(await page.evaluate(() => document.activeElement?.id)).toBe('amount');
      await look('form');

      // A mistake is told beside the field and keeps what was typed.
      await page.keyboard.type('9');
      await page.click('label[for=purpose-loss]');
      await page.fill('#documentNumber', invoice);
      await page.fill('#note', 'Saco roto');
      await dialog.locator('[type=submit]').click();
      await dialog.locator('#amount-error').waitFor();
      expect(await dialog.locator('#amount-error').textContent()).toContain('7 kg');
      expect(await page.inputValue('#amount')).toBe('9');
      expect(await page.inputValue('#documentNumber')).toBe(invoice);
      expect(await page.isChecked('#purpose-loss')).toBe(true);
      await look('problem');

      await page.fill('#amount', '3');
      await dialog.locator('[type=submit]').click();
      await page.waitForSelector('.notice');
      await page.waitForFunction(
        () => document.querySelector('#rows [data-field=quantity]')?.textContent === '4',
      );
      expect(new URL(page.url()).search).toBe(`?search=${mark}`);

      // The other direction, then neither.
      await quantity.click();
      await page.click('.quantity-editor [data-move=in]');
      await dialog.waitFor();
      await dialog.locator('.move-choice >> nth=1').click();
      await dialog.locator('#purpose-sale').waitFor({ state: 'attached' });
      await dialog.locator('.move-end a').click();
      await dialog.waitFor({ state: 'hidden' });
      expect(await quantity.textContent()).toBe('4');

      await page.goto(`/products/${id}`);
      const movement = (await page.locator('.movements tbody tr >> nth=0').innerText()).replace(/\s+/g, ' ');
      for (const text of ['−3', 'Saco roto', invoice]) expect(movement).toContain(text);
    });
  },
);

test('a session that has ended leads to the log-in', async () => {
  const mark = uniqueCode();
  const person = await createPerson(administrator, 'clerk');
  await person.client.register({ code: mark });
  await onPage(browser, person, {}, async (page) => {
    await page.goto(`/products?search=${mark}`);
    await page.context().clearCookies();
    await page.locator('#rows [data-field=quantity]').click();
    await page.click('.quantity-editor [data-move=in]');
    await page.waitForURL('**/login*');
  });
});
