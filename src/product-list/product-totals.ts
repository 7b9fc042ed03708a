import { sql, type Kysely } from 'kysely';
import { isQueryTooLong } from '../database/mysql-errors.ts';
import type { Catalogue } from '../database/tables.ts';
import type { Candidates } from '../search/candidates.ts';
import { LOW_LEVEL } from '../stock/stock-level.ts';
import { filterQuery, hasFacet, wantedAvailable, type ProductFilter } from './product-filter.ts';
import { matchAmong, selectMatching } from './matching.ts';
import { selectOffered } from './offered-list.ts';
import { hasPrices } from './price-range.ts';
import { hasPriceIndex, selectPriced } from './priced-list.ts';

export const COUNT_LIMIT = 10_000;
/** Up to this many candidates are all checked: a sample cannot show that more than the limit match. */
const MAX_CHECKED = 11_000;
/** The larger one only if the smaller one does not show that more than the limit match. */
const SAMPLE_SIZES = [40, 300];
const MAX_PER_COUNT = 1000;
/** Standard errors below the sample's share: overstating a total is a one-in-millions chance. */
const CERTAINTY = 5;

export interface Totals {
  total: number;
  totalIsExact: boolean;
}

type ListedBy = Pick<ProductFilter, 'category' | 'availability'>;

/** An index holds exactly what is listed. */
const isListed = (filter: ProductFilter) =>
  !filter.search && !hasFacet(filter) && (!hasPrices(filter) || hasPriceIndex(filter));

/** Filters with many matches, and until when they are not counted again. */
const many = new Map<string, { count: number; until: number }>();
/** A margin that deletions cannot use up within `MANY_FOR_MS`. */
const MANY = 2 * COUNT_LIMIT;
const MANY_FOR_MS = 10_000;
/** Of what is offered: counting it would cost more than the page, and visitors change none of it. */
const MANY_OFFERED = 500;

export async function countProducts(db: Kysely<Catalogue>, filter: ProductFilter): Promise<Totals> {
  const { priceFrom, priceTo } = filter.offered ?? {};
  const isOffered = filter.offered !== undefined;
  const name = JSON.stringify([filterQuery({ ...filter, sort: undefined }), isOffered, priceFrom, priceTo]);
  const kept = many.get(name);
  if (kept && kept.until > Date.now()) return limited(kept.count);
  const count = await countUpTo(
    MANY,
    isListed(filter) ? selectCounted(db, filter) : selectScanned(db, filter),
    db,
  );
  many.delete(name);
  if (count >= (isOffered ? MANY_OFFERED : MANY)) many.set(name, { count, until: Date.now() + MANY_FOR_MS });
  if (many.size > 100) many.delete(many.keys().next().value!);
  return limited(count);
}

function selectCounted(db: Kysely<Catalogue>, filter: ProductFilter) {
  if (filter.offered) return selectOffered(db, filter);
  return hasPrices(filter) ? selectPriced(db, filter) : selectListed(db, filter);
}

/** Without JOIN_ORDER, MySQL starts with the categories once its statistics say that products are few. */
function selectScanned(db: Kysely<Catalogue>, filter: ProductFilter) {
  return selectMatching(db, filter).modifyFront(sql`/*+ JOIN_ORDER(product, category) */`);
}

function selectListed(db: Kysely<Catalogue>, { category, availability }: ListedBy) {
  const isAvailable = wantedAvailable({ availability });
  return (
    db
      .selectFrom('product')
      .$if(availability === 'low', (query) => query.where('stock_level', '=', LOW_LEVEL))
      .$if(isAvailable !== undefined, (query) => query.where('available', '=', isAvailable ? 1 : 0))
      // Without a condition MySQL would read the rows, not an index; beside that of a category it would do so with this.
      .$if(category === '' && availability === '', (query) => query.where('available', 'in', [0, 1]))
      .$if(category !== '', (query) =>
        query.where('category_id', '=', (eb) =>
          eb.selectFrom('category').select('id').where('name', '=', category),
        ),
      )
  );
}

/** Leaves time to answer before a read is hedged. */
const EXACT_LIMIT_MS = 250;
const COUNT_AGAIN_AFTER_MS = 60_000;
/** Counting takes at most about a tenth of a processor. */
const KEEP_TIMES = 10;
const exact = new Map<string, { total: number | undefined; until: number }>();

/** @returns the total of a list without a search, read from an index; undefined when that takes too long */
export async function countExactly(
  db: Kysely<Catalogue>,
  filter: ProductFilter,
): Promise<number | undefined> {
  if (!isListed(filter)) return undefined;
  const name = filterQuery({ ...filter, sort: undefined });
  const known = exact.get(name);
  if (known && known.until > Date.now()) return known.total;
  const began = Date.now();
  const total = await countInIndex(db, filter);
  const keptFor = total === undefined ? COUNT_AGAIN_AFTER_MS : KEEP_TIMES * (Date.now() - began);
  exact.delete(name);
  exact.set(name, { total, until: Date.now() + keptFor });
  if (exact.size > 100) exact.delete(exact.keys().next().value!);
  return total;
}

async function countInIndex(db: Kysely<Catalogue>, filter: ProductFilter): Promise<number | undefined> {
  try {
    // Both values of `available` are the whole index. MySQL would read it as a range or not, by its statistics.
    const wholeIndex = sql.raw('NO_RANGE_OPTIMIZATION(product available)');
    const limit = sql`MAX_EXECUTION_TIME(${sql.lit(EXACT_LIMIT_MS)})`;
    const listed = hasPrices(filter)
      ? selectPriced(db, filter, limit)
      : selectListed(db, filter).modifyFront(sql`/*+ ${limit} ${wholeIndex} */`);
    const { count } = await listed
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow();
    return count;
  } catch (error) {
    if (isQueryTooLong(error)) return undefined;
    throw error;
  }
}

export async function countMatches(
  db: Kysely<Catalogue>,
  filter: ProductFilter,
  candidates: Candidates,
): Promise<Totals> {
  if (isListed(filter)) return countProducts(db, filter);
  const { matching } = candidates;
  const { size } = matching;
  if (size === 0) return { total: 0, totalIsExact: true };
  if (size > MAX_CHECKED) return estimate(db, filter, candidates);
  const ids = [...matching.ids()];
  const half = Math.ceil(ids.length / 2);
  const halves = ids.length > MAX_PER_COUNT ? [ids.slice(0, half), ids.slice(half)] : [ids];
  const counts = await Promise.all(halves.map((some) => countAmong(db, filter, candidates, some)));
  return limited(counts.reduce((sum, count) => sum + count, 0));
}

async function estimate(
  db: Kysely<Catalogue>,
  filter: ProductFilter,
  candidates: Candidates,
): Promise<Totals> {
  const { matching } = candidates;
  let total = 0;
  for (const size of SAMPLE_SIZES) {
    const sample = matching.sample(size);
    const share = (await countAmong(db, filter, candidates, sample)) / sample.length;
    total = roundedDown(matching.size * lowerBound(share, sample.length));
    if (total >= COUNT_LIMIT) break;
  }
  return { total: Math.min(total, COUNT_LIMIT), totalIsExact: false };
}

function roundedDown(count: number): number {
  const step = count < 1000 ? 100 : 1000;
  return Math.floor(count / step) * step;
}

/** Wilson's lower bound of the overall share. */
function lowerBound(share: number, sampleSize: number): number {
  const z2 = CERTAINTY ** 2 / sampleSize;
  const spread = Math.sqrt(share * (1 - share) * z2 + z2 ** 2 / 4);
  return (share + z2 / 2 - spread) / (1 + z2);
}

async function countAmong(
  db: Kysely<Catalogue>,
  filter: ProductFilter,
  candidates: Candidates,
  ids: number[],
): Promise<number> {
  return countUpTo(ids.length, matchAmong(db, filter, { ids, areUsual: candidates.areUsual(ids) }), db);
}

async function countUpTo(
  limit: number,
  query: { clearSelect: ReturnType<typeof selectMatching>['clearSelect'] },
  db: Kysely<Catalogue>,
): Promise<number> {
  const one = query
    .clearSelect()
    .select(sql`1`.as('one'))
    .limit(limit);
  const { count } = await db
    .selectFrom(one.as('counted'))
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return count;
}

function limited(count: number): Totals {
  return { total: Math.min(count, COUNT_LIMIT), totalIsExact: count <= COUNT_LIMIT };
}
