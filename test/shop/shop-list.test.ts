import { beforeAll, expect, test } from '@jest/globals';
import { SHOP_PAGE_SIZE } from '../../src/shop/catalogue-queries.ts';
import { Client, uniqueCode } from '../support/client.ts';
import { replicaHasAll } from '../support/replication.ts';
import { stack } from '../support/shared-stack.ts';
import { cardNames, visit } from './on-sale.ts';

const MARK = uniqueCode().toLowerCase().replace(/\W/g, '');
const CATEGORY = `Estante ${MARK}`;
const SLUG = `estante-${MARK}`;
const AUTHOR = `Autora ${MARK}`;
const COUNT = SHOP_PAGE_SIZE + 6;

/** In the order in which they were added; the last has no stock, and each costs a dollar more. */
const names = Array.from({ length: COUNT }, (_, i) => `${'zyxwvutsrqponmlkjihgfedcba'[i % 26]}${i} ${MARK}`);

beforeAll(async () => {
  const client = await Client.signedIn();
  for (const [i, name] of names.entries()) {
    await client.register({
      ...{ name, price: `${i + 1},00`, quantity: i === COUNT - 1 ? 0 : 9, onSale: 'yes' },
      ...(i % 2 === 0 && { authors: AUTHOR }),
      ...(i === 0 ? { category: '__other__', newCategory: CATEGORY } : { category: CATEGORY }),
    });
  }
  // Neither of them is offered.
  await client.register({ name: `Oculto ${MARK}`, price: '5,00', category: CATEGORY });
  await client.register({ name: `Sin precio ${MARK}`, onSale: 'yes', category: CATEGORY });
  await replicaHasAll(stack);
}, 120_000);

/** The names of all pages, following the links, and back again. */
async function allNames(path: string): Promise<string[]> {
  const found: string[] = [];
  let next: string | undefined = path;
  let last = '';
  while (next !== undefined) {
    const { text, status }: { text: string; status: number } = await visit(next);
    expect(status).toBe(200);
    found.push(...cardNames(text));
    last = text;
    next = linkOf(text, 'next');
  }
  const before = linkOf(last, 'prev');
  if (before) expect(cardNames((await visit(before)).text)).toEqual(found.slice(0, SHOP_PAGE_SIZE));
  return found;
}

function linkOf(html: string, rel: string): string | undefined {
  return new RegExp(`rel="${rel}" href="([^"]+)"`)
    .exec(html)?.[1]
    ?.replaceAll('&#38;', '&')
    .replaceAll('&amp;', '&');
}

const newestFirst = names.toReversed();
const byName = names.toSorted((one, other) => one.localeCompare(other, 'es'));
const inCategory = `/tienda/categoria/${SLUG}`;
const priced = (from: number, to: number) => names.slice(from - 1, to);

test.each([
  ['the newest first', '', newestFirst],
  ['by name', '?sort=name', byName],
  ['the cheapest first', '?sort=price', names],
  ['the dearest first', '?sort=-price', newestFirst],
  ['what is available', '?available=1', newestFirst.slice(1)],
  ['what is available, by price', '?available=1&sort=price', names.slice(0, -1)],
  ['a range of prices', '?min=3&max=6,00', priced(3, 6).toReversed()],
  [
    'a range of prices, by name',
    '?min=3&max=6&sort=name',
    byName.filter((name) => priced(3, 6).includes(name)),
  ],
  ['a range of prices, the dearest first', '?max=4&sort=-price', priced(1, 4).toReversed()],
  ['what cannot be read', '?min=x&max=&sort=cost&available=2&cursor=%%%', newestFirst],
])('a category lists %s', async (_, query, wanted) => {
  expect(await allNames(inCategory + query)).toEqual(wanted);
});

test.each([
  ['sort=newest', newestFirst],
  ['sort=price', names],
  ['sort=-price&available=1', newestFirst.slice(1)],
  ['sort=name', byName],
  ['sort=price&min=10&max=12', priced(10, 12)],
])('a search finds the same: %s', async (query, wanted) => {
  expect(await allNames(`/tienda/buscar?q=${MARK}&category=${SLUG}&${query}`)).toEqual(wanted);
});

test('the books of an author are found, and the category of a search can be chosen', async () => {
  const path = `/tienda/buscar?author=${encodeURIComponent(AUTHOR)}`;
  const wanted = names.filter((_, i) => i % 2 === 0).toReversed();
  expect(await allNames(path)).toEqual(wanted);
  expect((await visit(path)).text).toContain(`Libros de ${AUTHOR}`);
  expect(await allNames(`${path}&category=${SLUG}&max=5&sort=price`)).toEqual([names[0], names[2], names[4]]);
});

test('the total counts what is offered', async () => {
  const total = async (query: string) =>
    /<p class="text-body-secondary" role="status">([^<]*)</.exec((await visit(inCategory + query)).text)![1];
  expect(await total('')).toBe(`${COUNT} productos`);
  expect(await total('?available=1')).toBe(`${COUNT - 1} productos`);
  expect(await total('?min=3&max=3')).toBe('1 producto');
  expect(await total('?min=1000')).toBe('Sin resultados');
});

test('all products are listed, and the home shows the newest', async () => {
  const { text } = await visit('/tienda');
  expect(cardNames(text)).toHaveLength(12);
  expect(text).toContain(`href="${inCategory}"`);
  const all = await visit('/tienda/productos');
  expect(cardNames(all.text)).toHaveLength(SHOP_PAGE_SIZE);
});

test('filters, searches and later pages are not indexed; the list itself is', async () => {
  const isIndexed = async (path: string) => !(await visit(path)).text.includes('name="robots"');
  const next = linkOf((await visit(inCategory)).text, 'next')!;
  expect(await isIndexed(inCategory)).toBe(true);
  for (const path of [next, `${inCategory}?max=5`, `/tienda/buscar?q=${MARK}`])
    expect([path, await isIndexed(path)]).toEqual([path, false]);
});

test('the other language keeps the filters', async () => {
  const { text } = await visit(`${inCategory}?max=5&sort=price`);
  expect(text).toMatch(
    new RegExp(`href="/shop/category/${SLUG}\\?max=5(&amp;|&#38;|&)sort=price" hreflang="en"`),
  );
});

test('each filter can be taken away by itself, and the form keeps the others', async () => {
  const { text } = await visit(`/tienda/buscar?q=${MARK}&category=${SLUG}&max=5&available=1`);
  const chips = [...text.matchAll(/class="chip" href="([^"]+)"/g)].map(
    ([, href]) => new URLSearchParams(href!.split('?')[1]!.replaceAll('&amp;', '&').replaceAll('&#38;', '&')),
  );
  expect(chips.map((chip) => [...chip.keys()].sort().join(' '))).toEqual([
    'available max q',
    'category max q',
    'available category q',
  ]);
  expect(text).toContain(`<input type="hidden" name="q" value="${MARK}">`);
  expect(text).toMatch(/name="max" value="5"/);
});
