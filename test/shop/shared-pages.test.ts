import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Connection } from 'mysql2/promise';
import { pathOf } from '../../src/shop/shop-paths.ts';
import { productSlug } from '../../src/shop/slugs.ts';
import { replicaHasAll } from '../support/replication.ts';
import { stack } from '../support/shared-stack.ts';
import { Shopper } from '../support/shopper.ts';
import { addBook, putInCart } from './checkout-support.ts';

const AT_ONCE = 30;
const QUANTITY = 500;

let root: Connection;
let path: string;
let book: Awaited<ReturnType<typeof addBook>>;

beforeAll(async () => {
  root = await stack.connect('primary');
  book = await addBook(root, { quantity: QUANTITY });
  path = pathOf('es', 'product', { product: productSlug(book) });
  await replicaHasAll(stack);
});

afterAll(() => root.end());

/** Without a cookie, all at the same instance. */
async function askAtOnce(): Promise<string[]> {
  const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => new Shopper().get(path)));
  return answers.map(({ text }) => text);
}

/** Made anew whenever the page is. */
const keyOf = (text: string) => /name="_key" value="([^"]+)"/.exec(text)![1]!;
const cartIn = (text: string) => /class="cart-count"[^>]*>(\d+)</.exec(text)?.[1];

test('those who ask for one page at the same time share it', async () => {
  const pages = await askAtOnce();
  expect(new Set(pages.map(keyOf)).size).toBeLessThan(AT_ONCE);
  for (const page of pages) expect(page).toContain(book.name);
});

test('who has a cart has a page of one’s own, which nobody shares', async () => {
  const shopper = new Shopper();
  await putInCart(shopper, book);
  const [own, pages] = await Promise.all([
    Promise.all(Array.from({ length: AT_ONCE }, () => shopper.get(path))),
    askAtOnce(),
  ]);
  expect(own.map(({ text }) => cartIn(text))).toEqual(own.map(() => '1'));
  expect(new Set(own.map(({ text }) => keyOf(text))).size).toBe(AT_ONCE);
  expect(pages.map(cartIn)).toEqual(pages.map(() => undefined));
});

test('the form of a shared page puts into each one’s own cart', async () => {
  const fields = { product: String(book.id), quantity: '1', _key: keyOf((await askAtOnce())[0]!) };
  for (const shopper of [new Shopper(), new Shopper()]) {
    await shopper.post(shopper.pathOf('addToCart'), fields);
    expect(cartIn((await shopper.get(path)).text)).toBe('1');
  }
});

test('a page that was asked for after a sale never shows what was sold', async () => {
  const leaving = new AbortController();
  const crowd = (async () => {
    while (!leaving.signal.aborted) await askAtOnce();
  })();
  try {
    for (let left = 5; left >= 1; left--) {
      await root.query('UPDATE product SET quantity = ? WHERE id = ?', [left, book.id]);
      await replicaHasAll(stack);
      const { text } = await new Shopper().get(path);
      expect(text).toContain(left === 1 ? 'Última unidad' : `Últimas ${left} unidades`);
    }
  } finally {
    leaving.abort();
    await crowd;
    // As the books have it.
    await root.query('UPDATE product SET quantity = ? WHERE id = ?', [QUANTITY, book.id]);
  }
});
