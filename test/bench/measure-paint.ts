import { pathOf } from '../../src/shop/shop-paths.ts';
import { launchChromium } from '../support/chromium.ts';
import type { Row } from './report.ts';
import { figuresOf } from './timing.ts';

const LIMIT_MS = 1000;
const DESKTOP = { width: 1366, height: 850 };

/** Until a browser with an empty cache has painted the largest part of the shop's list of all products. */
export async function measurePaint(url: string, repeats: number): Promise<Row[]> {
  const browser = await launchChromium();
  const times: number[] = [];
  try {
    for (let i = 0; i < repeats * 2; i++) {
      const context = await browser.newContext({ baseURL: url, viewport: DESKTOP });
      const page = await context.newPage();
      await page.goto(pathOf('es', 'all'), { waitUntil: 'networkidle' });
      times.push(await page.evaluate(largestPaint));
      await context.close();
    }
  } finally {
    await browser.close();
  }
  const figures = figuresOf(times);
  return [
    {
      what: 'shop: largest paint of a list',
      times: figures,
      target: `p50 ≤ ${LIMIT_MS}`,
      isMet: figures.p50 <= LIMIT_MS,
    },
  ];
}

/** Runs in the page. @returns milliseconds since the navigation began */
async function largestPaint(): Promise<number> {
  return new Promise((resolve) => {
    new PerformanceObserver((list) => resolve(list.getEntries().at(-1)!.startTime)).observe({
      type: 'largest-contentful-paint',
      buffered: true,
    });
  });
}
