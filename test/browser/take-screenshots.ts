/** `npm run screenshots`: takes the README's pictures from a system of its own. */
import { join } from 'node:path';
import type { BrowserContextOptions } from 'playwright-core';
import { PROJECT_DIR } from '../../tools/launcher/stack-config.ts';
import { logIn } from '../support/browser-log-in.ts';
import { launchChromium } from '../support/chromium.ts';
import { PHONE } from '../support/looks.ts';
import { Stack } from '../support/stack.ts';

const DESK: BrowserContextOptions = { viewport: { width: 1280, height: 760 } };

const PICTURES: { name: string; path: string | Record<string, string>; options: BrowserContextOptions }[] = [
  { name: 'products', path: '/products?sort=name', options: DESK },
  {
    name: 'phone',
    path: '/products?sort=name',
    options: { viewport: PHONE, isMobile: true, hasTouch: true },
  },
  { name: 'system', path: '/system', options: DESK },
  { name: 'shop', path: { en: '/shop/products', es: '/tienda/productos' }, options: DESK },
];

const stack = await Stack.start();
const browser = await launchChromium();
try {
  for (const language of ['en', 'es']) {
    for (const { name, path, options } of PICTURES) {
      const context = await browser.newContext({ baseURL: stack.url, locale: language, ...options });
      const page = await context.newPage();
      await logIn(page);
      // Some traffic for the System page.
      for (let i = 0; i < 60; i++) await context.request.get('/products');
      // Instances report it every few seconds.
      if (name === 'system') await page.waitForTimeout(8000);
      await page
        .goto(typeof path === 'string' ? path : path[language]!, { waitUntil: 'networkidle' })
        .catch(() => page.waitForTimeout(3000));
      const file = join(PROJECT_DIR, 'docs/images', `${name}.${language}.jpg`);
      await page.screenshot({ path: file, type: 'jpeg', quality: 80, animations: 'disabled' });
      console.log(file);
      await context.close();
    }
  }
} finally {
  await browser.close();
  await stack.stopAndClean();
}
