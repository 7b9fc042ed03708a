import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { BrowserContextOptions, Page } from 'playwright-core';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

export const PHONE = { width: 390, height: 844 };

export const LOOKS: [string, BrowserContextOptions][] = [
  ['es-light-desk', { locale: 'es-ES', colorScheme: 'light', viewport: { width: 1366, height: 850 } }],
  ['en-dark-desk', { locale: 'en-GB', colorScheme: 'dark', viewport: { width: 1366, height: 850 } }],
  [
    'es-dark-phone',
    { locale: 'es-MX', colorScheme: 'dark', viewport: PHONE, isMobile: true, hasTouch: true },
  ],
  [
    'en-light-phone',
    { locale: 'en-US', colorScheme: 'light', viewport: PHONE, isMobile: true, hasTouch: true },
  ],
];

/** The violations that axe finds, each with its first node. */
export async function accessibilityViolations(page: Page): Promise<string[]> {
  // Evaluated, because the page's CSP blocks injected scripts.
  await page.evaluate(await readFile(AXE, 'utf8'));
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run: (options: object) => Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    };
    const { violations } = await axe.run({
      // To read imported styles, axe would write them into the page, which its CSP forbids.
      preload: false,
      // Half the time on a page with many rows.
      resultTypes: ['violations'],
      selectors: false,
    });
    return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
  });
}
