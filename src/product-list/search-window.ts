import { sql, type Kysely, type SqlBool } from 'kysely';
import type { Catalogue } from '../database/tables.ts';
import type { Candidates } from '../search/candidates.ts';
import { matchAmong, type FoundProduct } from './matching.ts';
import { directions, isPastStart, orderBy, pageColumns, type PageWindow } from './page-window.ts';
import type { ProductFilter } from './product-filter.ts';
import { orderedIndex } from './product-order.ts';
import { sectionsOf, type SearchSection } from './search-sections.ts';

/** Candidates checked per statement: few at first, as most of them match. */
const FIRST_BATCH = 100;
const MAX_BATCH = 2000;

export async function searchWindow(
  db: Kysely<Catalogue>,
  filter: ProductFilter,
  window: PageWindow,
  candidates: Candidates,
): Promise<FoundProduct[]> {
  const found: FoundProduct[] = [];
  for await (const section of sectionsOf({ db, filter, window, candidates })) {
    const find = section.hasOneKey ? checkInIdOrder : sortOrWalk;
    const order = { ...window.order, key: section.sortKey ?? window.order.key };
    const rest = { ...window, order, limit: window.limit - found.length };
    found.push(...(await find({ db, filter, window: rest }, section)));
    if (found.length === window.limit) break;
  }
  return found;
}

interface Search {
  db: Kysely<Catalogue>;
  filter: ProductFilter;
  window: PageWindow;
}

async function checkInIdOrder(
  { db, filter, window }: Search,
  { candidates, is, startId }: SearchSection,
): Promise<FoundProduct[]> {
  const ids = candidates.ids({ descending: directions(window).id === 'desc', from: startId });
  const found: FoundProduct[] = [];
  for (let size = FIRST_BATCH; found.length < window.limit; size = Math.min(size * 4, MAX_BATCH)) {
    const some = takeNext(ids, size);
    if (some.length === 0) break;
    const rest = { ...window, limit: window.limit - found.length };
    found.push(...(await matchInOrder(db, filter, rest, some).where(is).execute()));
  }
  return found;
}

async function sortOrWalk(search: Search, section: SearchSection): Promise<FoundProduct[]> {
  const { db, filter, window } = search;
  const { size } = section.candidates;
  if (size === 0) return [];
  if (size > section.maxSorted) return walk(search, section);
  return matchInOrder(db, filter, window, [...section.candidates.ids()])
    .where(section.is)
    .execute();
}

async function walk(
  { db, filter, window }: Search,
  { candidates, is, range = sql<SqlBool>`TRUE` }: SearchSection,
): Promise<FoundProduct[]> {
  const set = candidates.toBuffer();
  const isIn = sql`ORD(SUBSTRING(${set}, (id >> 3) + 1, 1)) & (1 << (id & 7))`;
  const found: FoundProduct[] = [];
  let { from } = window;
  for (let size = FIRST_BATCH; found.length < window.limit; size = Math.min(size * 4, MAX_BATCH)) {
    const next = { ...window, from, limit: window.limit - found.length };
    const { rows: met } = await sql<{ id: number; key: string | number }>`
      SELECT id, ${window.order.key} AS \`key\` FROM product FORCE INDEX (${sql.ref(orderedIndex(window.order)!)})
      WHERE ${isPastStart(next)} AND ${range} AND ${isIn}
      ORDER BY ${orderBy(next)} LIMIT ${sql.lit(size)}`.execute(db);
    const ids = met.map(({ id }) => id);
    if (ids.length > 0) found.push(...(await matchInOrder(db, filter, next, ids).where(is).execute()));
    if (ids.length < size) break;
    from = met.at(-1);
  }
  return found;
}

function matchInOrder(db: Kysely<Catalogue>, filter: ProductFilter, window: PageWindow, ids: number[]) {
  return matchAmong(db, filter, ids)
    .select(pageColumns(window))
    .where(isPastStart(window))
    .orderBy(orderBy(window, sql`sortKey`))
    .limit(window.limit);
}

function takeNext<T>(items: Iterator<T>, count: number): T[] {
  const taken: T[] = [];
  while (taken.length < count) {
    const next = items.next();
    if (next.done) break;
    taken.push(next.value);
  }
  return taken;
}
