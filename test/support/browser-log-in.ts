import type { Page } from 'playwright-core';
import type { Person } from './people.ts';

const ADMINISTRATOR = { username: 'admin', password: 'admin123' };

/** Logs in and opens the list of products. */
export async function logIn(
  page: Page,
  { username, password }: Pick<Person, 'username' | 'password'> = ADMINISTRATOR,
): Promise<void> {
  await page.goto('/login?return=%2Fproducts');
  await page.fill('#username', username);
  await page.fill('#password', password);
  await page.keyboard.press('Enter');
  await page.waitForURL('**/products');
}
