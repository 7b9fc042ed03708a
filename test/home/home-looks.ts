import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import type { Page } from 'playwright-core';
import { PROJECT_DIR } from '../../tools/launcher/stack-config.ts';
import { accessibilityViolations } from '../support/looks.ts';

const SCREENSHOTS = join(PROJECT_DIR, 'test-results');
const PRESSED = 'main a:visible, main button:visible, main summary:visible, main input:visible';

/** Takes a picture; checks what axe does, the width, and on phones the size of what is pressed. */
export async function expectGoodLooks(
  page: Page,
  name: string,
  { hasTouch = false }: { hasTouch?: boolean | undefined },
): Promise<void> {
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true });
  expect([name, await accessibilityViolations(page)]).toEqual([name, []]);
  // A phone's browser zooms out from a page that is too wide, so its own width says nothing.
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  expect([name, Math.max(0, width - page.viewportSize()!.width)]).toEqual([name, 0]);
  if (!hasTouch) return;
  const small = await page
    .locator(PRESSED)
    .evaluateAll((elements) =>
      elements
        .filter((element) => element.getBoundingClientRect().height < 44)
        .map((element) => element.outerHTML.slice(0, 80)),
    );
  expect([name, small]).toEqual([name, []]);
}
