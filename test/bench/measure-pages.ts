import { SORT_COLUMNS } from '../../src/product-list/list-columns.ts';
import type { SearchAnswer } from './measure-search.ts';
import type { Person } from './person.ts';
import type { Row } from './report.ts';
import { figuresOf } from './timing.ts';

const LIMIT_MS = 20;
const HOME_LIMIT_MS = 50;
const PAGE = 50;
const BIG_PAGE = 200;
const LOW = 'availability=low';
/** Of a million products: 5000, 50,000, half, and half of a category. */
const PRICES = [
  'minPrice=10&maxPrice=10.19',
  'minPrice=10&maxPrice=11.99',
  'minPrice=21',
  'category=Ferretería&minPrice=21',
];
const PRICES_LIMIT_MS = 50;
const FILTERS = ['', 'category=Ferretería', 'category=Esgrima', 'availability=out_of_stock'];
const PAGES_DEEP = 20;

export async function measurePages(
  person: Person,
  { products, repeats }: { products: number; repeats: number },
) {
  const firstPages = firstPageQueries();
  const first = await time(
    firstPages.flatMap((query) => Array<string>(repeats).fill(query)),
    person,
  );
  const low = await time(
    sortQueries(LOW).flatMap((query) => Array<string>(repeats).fill(query)),
    person,
  );
  const priced = await time(
    PRICES.flatMap(sortQueries).flatMap((query) => Array<string>(repeats).fill(query)),
    person,
  );
  const next: number[] = [];
  for (const query of firstPages.slice(0, 1 + 2 * SORT_COLUMNS.length))
    next.push(...(await followNext(person, query)));
  const far = Math.min(10_000, Math.floor(products / PAGE / 2));
  const cursor = await cursorOfPage(person, far);
  const near: number[] = [];
  const distant: number[] = [];
  for (let i = 0; i < repeats * 20; i++) {
    near.push(...(await time([''], person)));
    distant.push(...(await time([`&cursor=${cursor}`], person)));
  }
  const home: number[] = [];
  for (let i = 0; i < repeats * 20; i++) home.push((await person.get('/')).ms);
  const homeTimes = figuresOf(home);
  const nearTimes = figuresOf(near);
  const farTimes = figuresOf(distant);
  const firstTimes = figuresOf(first);
  const lowTimes = figuresOf(low);
  const pricedTimes = figuresOf(priced);
  const nextTimes = figuresOf(next);
  const ratio = farTimes.p50 / nearTimes.p50;
  return [
    { what: 'first page, any order, any filter', times: firstTimes, ...atMost(firstTimes.p95) },
    { what: 'low stock, any order', times: lowTimes, ...atMost(lowTimes.p95) },
    { what: 'a range of prices, any order', times: pricedTimes, ...atMost(pricedTimes.p95, PRICES_LIMIT_MS) },
    { what: 'pages reached by "next", any order', times: nextTimes, ...atMost(nextTimes.p95) },
    { what: 'page 1', times: nearTimes },
    {
      what: `page ${far.toLocaleString('en-US')}`,
      times: farTimes,
      target: 'costs what page 1 costs',
      isMet: ratio < 1.25,
      note: `${ratio.toFixed(2)} times page 1`,
    },
    { what: 'home', times: homeTimes, ...atMost(homeTimes.p95, HOME_LIMIT_MS) },
  ] satisfies Row[];
}

/** Every filter with every order. */
export function firstPageQueries(): string[] {
  return FILTERS.flatMap(sortQueries);
}

function sortQueries(filter: string): string[] {
  const sorts = ['', ...SORT_COLUMNS.flatMap((column) => [column, `-${column}`])];
  return sorts.map((sort) => `${filter}&sort=${sort}`);
}

export function atMost(p95: number, limitMs = LIMIT_MS) {
  return { target: `p95 ≤ ${limitMs}`, isMet: p95 <= limitMs };
}

async function time(queries: string[], person: Person): Promise<number[]> {
  const times: number[] = [];
  for (const query of queries) times.push((await person.getUnkept(`/api/products?${encodeURI(query)}`)).ms);
  return times;
}

async function followNext(person: Person, query: string): Promise<number[]> {
  const times: number[] = [];
  let cursor = '';
  for (let page = 0; page < PAGES_DEEP; page++) {
    const { text, ms } = await person.get(
      `/api/products?${encodeURI(query)}${cursor && `&cursor=${cursor}`}`,
    );
    if (page > 0) times.push(ms);
    const { nextCursor } = JSON.parse(text) as SearchAnswer;
    if (!nextCursor) break;
    cursor = nextCursor;
  }
  return times;
}

async function cursorOfPage(person: Person, page: number): Promise<string> {
  let cursor = '';
  for (let row = 0; row < page * PAGE; row += BIG_PAGE) {
    const path = `/api/products?limit=${BIG_PAGE}${cursor && `&cursor=${cursor}`}`;
    cursor = (await person.getJson<SearchAnswer>(path)).nextCursor!;
  }
  return cursor;
}
