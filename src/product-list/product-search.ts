import { sql, type Expression, type Kysely, type SqlBool } from 'kysely';
import type { Database } from '../database/tables.ts';
import type { Candidates } from '../search/candidates.ts';
import { groupsOf, type Group } from './search-sections.ts';
import type { ProductFilter } from './product-filter.ts';
import { directions, isBeyond, orderBy, orderOf, type Stretch } from './product-order.ts';
import { selectProducts, toProduct } from '../products/product-queries.ts';
import type { Product } from '../products/product.ts';
import { escapeLike, searchTerms } from '../search/search-terms.ts';

/** Candidates looked at in one statement: few at first, as most of them match. */
const FIRST_LOOK = 100;
const LONGEST_LOOK = 2000;

/** What a search is by definition: every word is found somewhere in the product. */
export function selectMatching(db: Kysely<Database>, { search, category, availability }: ProductFilter) {
  let query = selectProducts(db);
  if (category) query = query.where('category.name', '=', category);
  if (availability) query = query.where('product.available', '=', availability === 'available' ? 1 : 0);
  for (const term of searchTerms(search)) {
    const pattern = `%${escapeLike(term.text)}%`;
    query = query.where((eb) => {
      const found: Expression<SqlBool>[] = [
        eb('product.name', 'like', pattern),
        eb('product.code', 'like', pattern),
        eb('product.description', 'like', pattern),
        eb('category.name', 'like', pattern),
      ];
      if (term.availability) {
        found.push(eb('product.available', '=', term.availability === 'available' ? 1 : 0));
      }
      return eb.or(found);
    });
  }
  return query;
}

/** A stretch of the products that match, by the definition alone: right, and slow in a large catalogue. */
export async function matchPlainly(db: Kysely<Database>, filter: ProductFilter, stretch: Stretch) {
  return selectMatching(db, filter)
    .select(stretch.order.key.as('sortKey'))
    .where(isBeyond(stretch))
    .orderBy(orderBy(stretch))
    .limit(stretch.limit)
    .execute();
}

/** All products that `filter` selects, in its order, row by row as MySQL sends them. */
export async function* streamProducts(db: Kysely<Database>, filter: ProductFilter): AsyncGenerator<Product> {
  const all = { order: orderOf(filter), from: undefined, isBackwards: false, limit: Infinity };
  const rows = selectMatching(db, filter)
    // Lasts as long as the reader takes, which is no fault of the query. Beginning with the few categories,
    // as MySQL would, it would have to sort all products afterwards.
    .modifyFront(sql`/*+ MAX_EXECUTION_TIME(3600000) JOIN_ORDER(product, category) */`)
    .orderBy(orderBy(all))
    .stream();
  for await (const row of rows) yield toProduct(row);
}

/** The same stretch, looking at candidates of the index only. */
export async function searchStretch(
  db: Kysely<Database>,
  filter: ProductFilter,
  stretch: Stretch,
  candidates: Candidates,
): Promise<FoundProduct[]> {
  const found: FoundProduct[] = [];
  for await (const group of groupsOf({ db, filter, stretch, candidates })) {
    const find = group.hasOneKey ? lookThrough : sortAll;
    const rest = { ...stretch, limit: stretch.limit - found.length };
    found.push(...(await find({ db, filter, stretch: rest }, group)));
    if (found.length === stretch.limit) break;
  }
  return found;
}

interface Search {
  db: Kysely<Database>;
  filter: ProductFilter;
  stretch: Stretch;
}

export type FoundProduct = Awaited<ReturnType<typeof matchPlainly>>[number];

/** Looks at candidates in the order of their numbers until enough of them match. */
async function lookThrough(
  { db, filter, stretch }: Search,
  { candidates, is, startId }: Group,
): Promise<FoundProduct[]> {
  const ids = candidates.ids({ descending: directions(stretch).id === 'desc', from: startId });
  const found: FoundProduct[] = [];
  for (let size = FIRST_LOOK; found.length < stretch.limit; size = Math.min(size * 4, LONGEST_LOOK)) {
    const some = takeNext(ids, size);
    if (some.length === 0) break;
    const rest = { ...stretch, limit: stretch.limit - found.length };
    found.push(...(await matchInOrder(db, filter, rest, some).where(is).execute()));
  }
  return found;
}

/** Looks at all candidates and sorts those that match; goes through the order where there are too many. */
async function sortAll(search: Search, group: Group): Promise<FoundProduct[]> {
  const { db, filter, stretch } = search;
  const { size } = group.candidates;
  if (size === 0) return [];
  if (size > group.sortedAtOnce) return walk(search, group);
  return matchInOrder(db, filter, stretch, [...group.candidates.ids()])
    .where(group.is)
    .execute();
}

/** Goes through the index of the order, from the start on, until enough of the candidates it meets match. */
async function walk(
  { db, filter, stretch }: Search,
  { candidates, is, range = sql<SqlBool>`TRUE` }: Group,
): Promise<FoundProduct[]> {
  const set = candidates.toBuffer();
  const isIn = sql`ORD(SUBSTRING(${set}, (id >> 3) + 1, 1)) & (1 << (id & 7))`;
  const found: FoundProduct[] = [];
  let { from } = stretch;
  for (let size = FIRST_LOOK; found.length < stretch.limit; size = Math.min(size * 4, LONGEST_LOOK)) {
    const next = { ...stretch, from, limit: stretch.limit - found.length };
    const { rows: met } = await sql<{ id: number; key: string | number }>`
      SELECT id, ${stretch.order.key} AS \`key\` FROM product FORCE INDEX (${sql.ref(stretch.order.column)})
      WHERE ${isBeyond(next)} AND ${range} AND ${isIn}
      ORDER BY ${orderBy(next)} LIMIT ${sql.lit(size)}`.execute(db);
    const ids = met.map(({ id }) => id);
    if (ids.length > 0) found.push(...(await matchInOrder(db, filter, next, ids).where(is).execute()));
    if (ids.length < size) break;
    from = met.at(-1);
  }
  return found;
}

/** Those of some products that match and lie beyond the start, in the order of the list. */
function matchInOrder(db: Kysely<Database>, filter: ProductFilter, stretch: Stretch, ids: number[]) {
  return matchAmong(db, filter, ids)
    .select(stretch.order.key.as('sortKey'))
    .where(isBeyond(stretch))
    .orderBy(orderBy(stretch))
    .limit(stretch.limit);
}

/** Those of some products that match. As a table, thousands of numbers take half the time that IN does. */
export function matchAmong(db: Kysely<Database>, filter: ProductFilter, ids: number[]) {
  const candidates = sql<{ id: number }>`
    JSON_TABLE(${JSON.stringify(ids)}, '$[*]' COLUMNS (id INT UNSIGNED PATH '$'))`;
  return selectMatching(db, filter)
    .modifyFront(sql`/*+ JOIN_ORDER(candidate, product, category) */`)
    .innerJoin(candidates.as('candidate'), (join) => join.onRef('candidate.id', '=', 'product.id'));
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
