import { sql, type Kysely, type RawBuilder, type SqlBool } from 'kysely';
import type { Catalogue } from '../database/tables.ts';
import type { Candidates } from '../search/candidates.ts';
import { availabilityGram, categoryGram, initialGram } from '../search/grams.ts';
import type { TextColumn } from '../search/indexed-columns.ts';
import { initialOf, listInitials } from '../search/initials.ts';
import { letters } from '../search/letters.ts';
import { ProductSet } from '../search/product-set.ts';
import type { ProductFilter } from './product-filter.ts';
import { directions, type PageWindow } from './page-window.ts';

/** So many candidates are sorted at once; more are met soon by going through all products in order. */
const SORTED_AT_ONCE = 2500;
/**
 * To sort n candidates takes as long as to go through 3 n products in order. Of N products, N / n are gone through
 * until a candidate is met, and some 100 are wanted: that takes less from n² = 30 N on.
 */
const WALK_FACTOR = 30;
/** So many are sorted at once where a few of them could be found otherwise. */
const FEW = 500;
/** Sections whose candidates are read from the index in one statement. */
const READ_AT_ONCE = 6;

/** A part of an order, with the candidates that may be in it. */
export interface SearchSection {
  is: RawBuilder<SqlBool>;
  /** All have the same key: within the section, products are in the order of their numbers. */
  hasOneKey: boolean;
  candidates: ProductSet;
  /** Where keys differ: more candidates than this are met sooner than sorted. */
  sortedAtOnce: number;
  /** Where all have the same key: the number of the product from which the window starts, in this section. */
  startId?: number | undefined;
  /** Where they have not: within which keys they lie. */
  range?: RawBuilder<SqlBool> | undefined;
}

type UnreadSection = Omit<SearchSection, 'candidates' | 'startId' | 'sortedAtOnce'> & {
  key: string | number;
  candidates: ProductSet | { withGram: string };
};

interface Search {
  db: Kysely<Catalogue>;
  filter: ProductFilter;
  window: PageWindow;
  candidates: Candidates;
}

const ALL = sql<SqlBool>`TRUE`;

/**
 * The order's sections from the start of the window on, one after the other: a search that matches only
 * late in an order need not go through all that comes before.
 */
export async function* sectionsOf(search: Search): AsyncGenerator<SearchSection> {
  const { candidates, window } = search;
  const { order, from } = window;
  const { matching } = candidates;
  const all = { is: ALL, hasOneKey: false, sortedAtOnce: SORTED_AT_ONCE, candidates: matching };
  if (matching.size <= FEW) {
    yield all;
    return;
  }
  switch (order.column) {
    case 'number':
      yield { ...all, hasOneKey: true, startId: from?.id };
      break;
    case 'relevance':
      yield* eachFromStart(search, relevanceSections(search), from?.key);
      break;
    case 'availability':
      yield* eachFromStart(search, availabilitySections(), from?.key);
      break;
    case 'category':
      if (matching.size <= SORTED_AT_ONCE) yield all;
      else yield* eachFromStart(search, await categorySections(search), from?.key);
      break;
    case 'quantity':
      // It has nothing to do with what is searched for: the candidates are everywhere in the order.
      yield all;
      break;
    default:
      if (matching.size <= SORTED_AT_ONCE) yield all;
      else yield* mergingSmall(initialSections(search, order.column), window.limit);
  }
}

/** @param sections ascending by key */
async function* eachFromStart(
  { candidates, window }: Search,
  sections: UnreadSection[],
  start: string | number | undefined,
): AsyncGenerator<SearchSection> {
  const inOrder = directions(window).key === 'asc' ? sections : sections.toReversed();
  const first = Math.max(
    0,
    inOrder.findIndex(({ key }) => key === start),
  );
  for (let at = first; at < inOrder.length; at += READ_AT_ONCE) {
    const some = inOrder.slice(at, at + READ_AT_ONCE);
    const grams = some.flatMap((section) =>
      'withGram' in section.candidates ? [section.candidates.withGram] : [],
    );
    const matchingWith = grams.length > 0 ? await candidates.matchingWith(grams) : undefined;
    for (const { key, candidates: own, ...section } of some) {
      const startId = key === start ? window.from?.id : undefined;
      const { candidates, products = Infinity } =
        'withGram' in own ? matchingWith!(own.withGram) : { candidates: own };
      const sortedAtOnce = section.range
        ? Math.min(SORTED_AT_ONCE, Math.sqrt(WALK_FACTOR * products))
        : SORTED_AT_ONCE;
      yield { ...section, startId, sortedAtOnce, candidates };
    }
  }
}

function relevanceSections({ window, candidates: { named, beginning, matching } }: Search): UnreadSection[] {
  const sets: UnreadSection['candidates'][] = [named, beginning, matching];
  return sets.map((candidates, key) => ({
    key,
    is: sql<SqlBool>`${window.order.key} = ${key}`,
    hasOneKey: true,
    candidates,
  }));
}

function availabilitySections(): UnreadSection[] {
  return ([0, 1] as const).map((key) => ({
    key,
    is: sql<SqlBool>`product.available = ${key}`,
    hasOneKey: true,
    candidates: { withGram: availabilityGram(key) },
  }));
}

async function categorySections({ db }: Search): Promise<UnreadSection[]> {
  const categories = await db.selectFrom('category').select(['id', 'name']).orderBy('name').execute();
  return categories.map(({ id, name }) => ({
    key: name,
    is: sql<SqlBool>`product.category_id = ${id}`,
    hasOneKey: true,
    candidates: { withGram: categoryGram(id) },
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
      is: sql<SqlBool>`${initialOf(key)} = ${initial}`,
      hasOneKey: false,
      range: letter && sql<SqlBool>`${key} >= ${letter.letter} AND ${key} < ${letter.next}`,
      candidates: { withGram: initialGram(column, initial) },
    };
  });
  yield* eachFromStart(search, sections, start);
}

/** Neighbours with few candidates as one section, as long as a window may need more of them. */
async function* mergingSmall(
  sections: AsyncGenerator<SearchSection>,
  limit: number,
): AsyncGenerator<SearchSection> {
  let small: SearchSection | undefined;
  for await (const section of sections) {
    if (small && section.candidates.size > section.sortedAtOnce) {
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
    is: sql<SqlBool>`(${one.is} OR ${other.is})`,
    hasOneKey: false,
    // They are not next to each other in any index.
    sortedAtOnce: Infinity,
    candidates: ProductSet.union([one.candidates, other.candidates]),
  };
}
