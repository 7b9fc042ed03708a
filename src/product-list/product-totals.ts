import { sql, type Kysely } from 'kysely';
import type { Catalogue } from '../database/tables.ts';
import type { Candidates } from '../search/candidates.ts';
import type { ProductFilter } from './product-filter.ts';
import { matchAmong, selectMatching } from './matching.ts';

/** Counting stops here: beyond it a total says "more than". */
export const COUNT_LIMIT = 10_000;
/** Up to so many candidates a sample cannot tell that there are more than the limit: all are looked at. */
const LOOKED_AT = 11_000;
const SAMPLE_SIZE = 300;
/** More are counted in two halves. */
const COUNTED_AT_ONCE = 1000;
/** Standard errors between what a sample shows and what is said: a chance in millions to say too much. */
const CERTAINTY = 5;

export interface Totals {
  total: number;
  /** Otherwise there are more than `total`. */
  totalIsExact: boolean;
}

/** Filters that have selected many times the limit, and until when that is not asked again. */
const many = new Map<string, number>();
/** Nobody takes so many products away in that time as to come below the limit. */
const MANY = 2 * COUNT_LIMIT;
const MANY_FOR_MS = 10_000;

/** How many products a filter selects; counted to the end only while that is cheap. */
export async function countProducts(db: Kysely<Catalogue>, filter: ProductFilter): Promise<Totals> {
  const { search, category, availability } = filter;
  const name = JSON.stringify([search, category, availability]);
  if ((many.get(name) ?? 0) > Date.now()) return limited(MANY);
  const count = await countUpTo(MANY, selectMatching(db, filter), db);
  many.delete(name);
  if (count >= MANY) many.set(name, Date.now() + MANY_FOR_MS);
  if (many.size > 100) many.delete(many.keys().next().value!);
  return limited(count);
}

/** The same for a search, looking at candidates only. */
export async function countMatches(
  db: Kysely<Catalogue>,
  filter: ProductFilter,
  { matching }: Candidates,
): Promise<Totals> {
  const { size } = matching;
  if (size === 0) return { total: 0, totalIsExact: true };
  if (size > LOOKED_AT) {
    const sample = matching.sample(SAMPLE_SIZE);
    const share = (await countAmong(db, filter, sample)) / sample.length;
    const total = Math.floor((size * lowestShare(share, sample.length)) / 1000) * 1000;
    return { total: Math.min(total, COUNT_LIMIT), totalIsExact: false };
  }
  const ids = [...matching.ids()];
  // Side by side, as each of them has to be looked up.
  const half = Math.ceil(ids.length / 2);
  const halves = ids.length > COUNTED_AT_ONCE ? [ids.slice(0, half), ids.slice(half)] : [ids];
  const counts = await Promise.all(halves.map((some) => countAmong(db, filter, some)));
  return limited(counts.reduce((sum, count) => sum + count, 0));
}

/** Wilson's lower bound of the share of all, when a sample shows `share`. */
function lowestShare(share: number, sampleSize: number): number {
  const z2 = CERTAINTY ** 2 / sampleSize;
  const spread = Math.sqrt(share * (1 - share) * z2 + z2 ** 2 / 4);
  return (share + z2 / 2 - spread) / (1 + z2);
}

async function countAmong(db: Kysely<Catalogue>, filter: ProductFilter, ids: number[]): Promise<number> {
  return countUpTo(ids.length, matchAmong(db, filter, ids), db);
}

async function countUpTo(
  limit: number,
  query: Pick<ReturnType<typeof selectMatching>, 'clearSelect'>,
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
