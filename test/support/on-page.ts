import { expect } from '@jest/globals';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { logIn } from './browser-log-in.ts';
import type { Person } from './people.ts';
import { baseUrl } from './shared-stack.ts';

/** Opens the application as the person, and fails on errors of its scripts. */
export async function onPage(
  browser: Browser,
  person: Person,
  options: BrowserContextOptions,
  work: (page: Page) => Promise<void>,
): Promise<void> {
  const context = await browser.newContext({ baseURL: baseUrl, locale: 'es-ES', ...options });
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(error.message));
    await logIn(page, person);
    await work(page);
    expect(errors).toEqual([]);
  } finally {
    await context.close();
  }
}
