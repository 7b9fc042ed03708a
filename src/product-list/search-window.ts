import { sql, type Kysely, type SqlBool } from 'kysely';
import type { Catalogue } from '../database/tables.ts';
import type { Candidates } from '../search/candidates.ts';
import { matchAmong, type FoundProduct } from './matching.ts';
import { directions, isPastStart, orderBy, pageColumns, type PageWindow } from './page-window.ts';
import type { ProductFilter } from './product-filter.ts';
import { orderedIndex, orderOf } from './product-order.ts';
import { sectionsOf, type SearchSection } from './search-sections.ts';

/** Candidates checked per statement: few at first, as most of them match. */
const firstBatch = ({ limit }: PageWindow) => Math.max(64, Math.ceil(1.25 * limit));
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
    const rest = { ...window, limit: window.limit - found.length };
    found.push(...(await find({ db, filter, window: rest, candidates }, section)));
    if (found.length === window.limit) break;
  }
  return found;
}

interface Search {
  db: Kysely<Catalogue>;
  filter: ProductFilter;
  window: PageWindow;
  candidates: Candidates;
}

async function checkInIdOrder(search: Search, section: SearchSection): Promise<FoundProduct[]> {
  const { window } = search;
  const { candidates, startId } = section;
  const ids = candidates.ids({ descending: directions(window).id === 'desc', from: startId });
  const found: FoundProduct[] = [];
  for (let size = firstBatch(window); found.length < window.limit; size = Math.min(size * 4, MAX_BATCH)) {
    const some = takeNext(ids, size);
    if (some.length === 0) break;
    const rest = { ...window, limit: window.limit - found.length };
    found.push(...(await matchInOrder({ ...search, window: rest }, section, some)));
  }
  return found;
}

async function sortOrWalk(search: Search, section: SearchSection): Promise<FoundProduct[]> {
  const { size } = section.candidates;
  if (size === 0) return [];
  if (size > section.maxSorted) return walk(search, section);
  return matchInOrder(search, section, [...section.candidates.ids()]);
}

async function walk(search: Search, section: SearchSection): Promise<FoundProduct[]> {
  const { db, window } = search;
  const { candidates, range = sql<SqlBool>`TRUE` } = section;
  const set = candidates.toBuffer();
  const isIn = sql`ORD(SUBSTRING(${set}, (id >> 3) + 1, 1)) & (1 << (id & 7))`;
  const found: FoundProduct[] = [];
  let { from } = window;
  for (let size = firstBatch(window); found.length < window.limit; size = Math.min(size * 4, MAX_BATCH)) {
    const next = { ...window, from, limit: window.limit - found.length };
    const { rows: met } = await sql<{ id: number; key: string | number }>`
      SELECT id, ${window.order.key} AS \`key\` FROM product FORCE INDEX (${sql.ref(orderedIndex(window.order)!)})
      WHERE ${isPastStart(next)} AND ${range} AND ${isIn}
      ORDER BY ${orderBy(next)} LIMIT ${sql.lit(size)}`.execute(db);
    const ids = met.map(({ id }) => id);
    if (ids.length > 0) found.push(...(await matchInOrder({ ...search, window: next }, section, ids)));
    if (ids.length < size) break;
    from = met.at(-1);
  }
  return found;
}

async function matchInOrder(
  { db, filter, window, candidates }: Search,
  { is, sortKey }: SearchSection,
  ids: number[],
): Promise<FoundProduct[]> {
  const areUsual = candidates.areUsual(ids);
  const { key } = orderOf(filter, areUsual);
  const page = { ...window, order: { ...window.order, key: sortKey ?? key } };
  return matchAmong(db, filter, { ids, areUsual })
    .select(pageColumns(page))
    .where(is(areUsual))
    .where(isPastStart(page))
    .orderBy(orderBy(page, sql`sortKey`))
    .limit(page.limit)
    .execute();
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
