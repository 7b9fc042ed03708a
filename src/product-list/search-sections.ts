import { sql, type Kysely, type RawBuilder, type SqlBool } from 'kysely';
import type { Catalogue } from '../database/tables.ts';
import type { Candidates } from '../search/candidates.ts';
import { availabilityGram, categoryGram, initialGram } from '../search/grams.ts';
import type { TextColumn } from '../search/indexed-columns.ts';
import { initialOf, listInitials } from '../search/initials.ts';
import { letters } from '../search/letters.ts';
import { ProductSet } from '../search/product-set.ts';
import { searchTerms } from '../search/search-terms.ts';
import { hasPrices, isPricedIn } from './price-range.ts';
import { wantedAvailable, type ProductFilter } from './product-filter.ts';
import { directions, type PageWindow } from './page-window.ts';
import { orderOf, RELEVANCE } from './product-order.ts';

/** Up to this many candidates are sorted; more are found sooner by walking the order's index. */
const MAX_SORTED = 2500;
/** Sorting n costs as much as walking 3n. A walk passes 100 N / n of N products, so it wins once n² > 30 N. */
const WALK_FACTOR = 30;
const MAX_UNSPLIT = 500;
const READ_AT_ONCE = 6;

export interface SearchSection {
  is: (areUsual: boolean) => RawBuilder<SqlBool>;
  /** All keys are equal: only the id orders the section. */
  hasOneKey: boolean;
  /** That key where it is known: stands for the order's, which takes longer. */
  sortKey?: RawBuilder<unknown> | undefined;
  candidates: ProductSet;
  maxSorted: number;
  startId?: number | undefined;
  range?: RawBuilder<SqlBool> | undefined;
}

type UnreadSection = Omit<SearchSection, 'candidates' | 'startId' | 'maxSorted'> & {
  key: string | number;
  candidates: ProductSet | { withAnyOf: string[] };
};

interface Search {
  db: Kysely<Catalogue>;
  filter: ProductFilter;
  window: PageWindow;
  candidates: Candidates;
}

const ALL = () => sql<SqlBool>`TRUE`;

/** Starts at the window: a search that matches only late in the order skips what comes before. */
export async function* sectionsOf(search: Search): AsyncGenerator<SearchSection> {
  const { candidates, window } = search;
  const { order, from } = window;
  const { matching } = candidates;
  const all = { is: ALL, hasOneKey: false, maxSorted: MAX_SORTED, candidates: matching };
  if (matching.size <= MAX_UNSPLIT) {
    yield all;
    return;
  }
  switch (order.column) {
    case 'number':
      yield { ...all, hasOneKey: true, startId: from?.id };
      break;
    case 'relevance':
      // Those with an ñ are seldom reached, so their grams are read by themselves.
      yield* eachFromStart(search, relevanceSections(search), from?.key, RELEVANCE.beginningWithEnye);
      break;
    case 'availability':
      yield* eachFromStart(search, availabilitySections(), from?.key);
      break;
    case 'category':
      if (matching.size <= MAX_SORTED) yield all;
      else yield* eachFromStart(search, await categorySections(search), from?.key);
      break;
    case 'quantity':
    case 'price':
      // Quantities and prices are unrelated to the search, so the matches are spread over the whole order.
      yield { ...all, range: rangeOf(search) };
      break;
    default:
      if (matching.size <= MAX_SORTED) yield all;
      else yield* mergingSmall(initialSections(search, order.column), window.limit);
  }
}

/** The part of the order that the filter asks for. */
function rangeOf({ filter, window }: Search): RawBuilder<SqlBool> | undefined {
  if (window.order.column === 'price') return hasPrices(filter) ? isPricedIn(filter) : undefined;
  const available = wantedAvailable(filter);
  return available === undefined ? undefined : sql<SqlBool>`on_hand ${sql.raw(available ? '>' : '=')} 0`;
}

async function* eachFromStart(
  { candidates, window }: Search,
  sections: UnreadSection[],
  start: string | number | undefined,
  readAtOnce = READ_AT_ONCE,
): AsyncGenerator<SearchSection> {
  const inOrder = directions(window).key === 'asc' ? sections : sections.toReversed();
  const first = Math.max(
    0,
    inOrder.findIndex(({ key }) => key === start),
  );
  for (let at = first; at < inOrder.length; at += readAtOnce) {
    const some = inOrder.slice(at, at + readAtOnce);
    const grams = some.flatMap((section) =>
      'withAnyOf' in section.candidates ? section.candidates.withAnyOf : [],
    );
    const matchingWith = grams.length > 0 ? await candidates.matchingWith(grams) : undefined;
    for (const { key, candidates: own, ...section } of some) {
      const startId = key === start ? window.from?.id : undefined;
      const { candidates, products = Infinity } =
        'withAnyOf' in own ? matchingWith!(own.withAnyOf) : { candidates: own };
      const maxSorted = section.range ? Math.min(MAX_SORTED, Math.sqrt(WALK_FACTOR * products)) : MAX_SORTED;
      yield { ...section, startId, maxSorted, candidates };
    }
  }
}

function relevanceSections({ filter, candidates }: Search): UnreadSection[] {
  const findsEnye = searchTerms(filter.search).some((term) => term.findsEnye);
  const withEnye = { withAnyOf: ['ñ'] };
  const sets: [number, UnreadSection['candidates']][] = [
    [RELEVANCE.sameCode, candidates.sameCode],
    [RELEVANCE.samePlainCode, candidates.samePlainCode],
    [RELEVANCE.beginning, candidates.beginning],
    [RELEVANCE.other, candidates.exact()],
  ];
  if (findsEnye) sets.push([RELEVANCE.beginningWithEnye, withEnye], [RELEVANCE.otherWithEnye, withEnye]);
  return sets.map(([key, candidates]) => ({
    key,
    is: (areUsual) => sql<SqlBool>`${orderOf(filter, areUsual).key} = ${key}`,
    hasOneKey: true,
    sortKey: sql.lit(key),
    candidates,
  }));
}

function availabilitySections(): UnreadSection[] {
  return ([0, 1] as const).map((key) => ({
    key,
    is: () => sql<SqlBool>`product.available = ${key}`,
    hasOneKey: true,
    candidates: { withAnyOf: [availabilityGram(key)] },
  }));
}

async function categorySections({ db }: Search): Promise<UnreadSection[]> {
  const categories = await db.selectFrom('category').select(['id', 'name']).orderBy('name').execute();
  return categories.map(({ id, name }) => ({
    key: name,
    is: () => sql<SqlBool>`product.category_id = ${id}`,
    hasOneKey: true,
    candidates: { withAnyOf: [categoryGram(id)] },
  }));
}

async function* initialSections(search: Search, column: TextColumn): AsyncGenerator<SearchSection> {
  const { db, window } = search;
  const { key } = window.order;
  const { start, initials } = await listInitials(db, column, window.from?.key);
  const sections = initials.map((initial) => {
    const letter = letters.withWeight(initial);
    return {
      key: initial,
      is: () => sql<SqlBool>`${initialOf(key)} = ${initial}`,
      hasOneKey: false,
      range: letter && sql<SqlBool>`${key} >= ${letter.letter} AND ${key} < ${letter.next}`,
      candidates: { withAnyOf: [initialGram(column, initial)] },
    };
  });
  yield* eachFromStart(search, sections, start);
}

async function* mergingSmall(
  sections: AsyncGenerator<SearchSection>,
  limit: number,
): AsyncGenerator<SearchSection> {
  let small: SearchSection | undefined;
  for await (const section of sections) {
    if (small && section.candidates.size > section.maxSorted) {
      yield small;
      small = undefined;
    }
    const merged: SearchSection = small ? merge(small, section) : section;
    if (merged.candidates.size > 2 * limit) {
      yield merged;
      small = undefined;
    } else {
      small = merged;
    }
  }
  if (small) yield small;
}

function merge(one: SearchSection, other: SearchSection): SearchSection {
  return {
    is: (areUsual) => sql<SqlBool>`(${one.is(areUsual)} OR ${other.is(areUsual)})`,
    hasOneKey: false,
    // Merged sections are not contiguous in an index, so they cannot be walked.
    maxSorted: Infinity,
    candidates: ProductSet.union([one.candidates, other.candidates]),
  };
}
