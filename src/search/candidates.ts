import { sql, type Kysely } from 'kysely';
import type { Catalogue } from '../database/tables.ts';
import { escapeLike, searchTerms, type SearchTerm } from './search-terms.ts';
import { availabilityGram, CATEGORY_GRAM, gramsOfTerm, startGram } from './grams.ts';
import { letters } from './letters.ts';
import { productsInAll } from './posting.ts';
import { ProductSet } from './product-set.ts';

/** With more products than this yet to be indexed, looking at them takes longer than LIKE does. */
const MOST_PENDING = 100_000;

/** With more products than this that begin with a search, most candidates that may begin with it do. */
const MOST_BEGINNING = 1000;

/** What rows of the answer are about that belong to no gram. No gram is one word of so many letters. */
const CATEGORY = 'category';
const PENDING = 'pending';
const NAMED = 'named';
const BEGINNING = 'beginning';

export interface Candidates {
  /** All products that match are among them. */
  matching: ProductSet;
  /** Those whose code is the search are among these. */
  named: ProductSet;
  /** Those whose code or name begins with the search are among these, or have this gram. */
  beginning: ProductSet | { withGram: string };
  /** For each gram, those that have it too are among these; with the number of all products that have it. */
  matchingWith: (grams: string[]) => Promise<(gram: string) => { candidates: ProductSet; products: number }>;
}

/** What is searched for: words, and at most one category and one availability. */
export interface SearchQuery {
  search: string;
  /** Empty for all of them. */
  category: string;
  /** Undefined for both kinds. */
  available: boolean | undefined;
}

/**
 * Narrows a search down, by the index: the products it finds may match, all others do not.
 *
 * @returns undefined while the index is not ready
 */
export async function findCandidates(
  db: Kysely<Catalogue>,
  { search, category, available }: SearchQuery,
): Promise<Candidates | undefined> {
  const terms = searchTerms(search);
  await letters.learn(db, [search]);
  const gramsOf = ({ text }: SearchTerm) => gramsOfTerm(letters.fold(text));
  // What is the beginning of "disponible" may also be found in that a product is.
  const [words, plain] = [
    terms.filter((term) => term.available !== undefined),
    terms.filter((term) => term.available === undefined),
  ];
  const needed = [
    ...plain.flatMap(gramsOf),
    ...(available === undefined ? [] : [availabilityGram(available)]),
  ];
  const either = words.map((term) => ({ grams: gramsOf(term), or: availabilityGram(term.available!) }));
  const grams = [...needed, ...either.flatMap(({ grams, or }) => [...grams, or])];
  const index = await readIndex(db, { grams, category, search });
  if (!index) return undefined;
  if (category) needed.push(CATEGORY);
  const matching = ProductSet.intersection([
    ...(needed.length > 0 ? [index.withAll(needed)] : []),
    ...either.map(({ grams, or }) => ProductSet.union([index.withAll(grams), index.withAll([or])])),
  ] as NonEmpty);
  return {
    matching,
    named: index.named,
    beginning: index.beginning ?? { withGram: startGram(letters.fold(search)) },
    async matchingWith(others) {
      // What has been indexed since was pending before, and is among the matching.
      const later = await readIndex(db, { grams: others });
      return (gram) => {
        const all = later?.withAll([gram], index.pending);
        const candidates = all ? ProductSet.intersection([matching, all]) : matching;
        return { candidates, products: all?.size ?? Infinity };
      };
    },
  };
}

type NonEmpty = [ProductSet, ...ProductSet[]];

interface Reading {
  grams: string[];
  /** Of which all products are wanted. */
  category?: string;
  /** By which products are wanted that begin with it. */
  search?: string;
}

/** Postings and pending products in one statement, and so of one moment: no product is in neither. */
async function readIndex(db: Kysely<Catalogue>, { grams, category, search }: Reading) {
  const parts = [
    sql`SELECT gram AS about, chunk, products FROM search_posting WHERE gram IN (${sql.join([...new Set(grams)])})`,
    sql`(SELECT ${PENDING}, product_id, '' FROM search_pending LIMIT ${sql.lit(MOST_PENDING + 1)})`,
  ];
  if (category) {
    parts.push(sql`
      SELECT ${CATEGORY}, chunk, products
      FROM category JOIN search_posting ON gram = CONCAT(${CATEGORY_GRAM}, category.id) WHERE name = ${category}`);
  }
  if (search) {
    const beginning = `${escapeLike(search)}%`;
    const limit = sql.lit(MOST_BEGINNING + 1);
    parts.push(
      sql`SELECT ${NAMED}, id, '' FROM product WHERE code = ${search}`,
      sql`(SELECT ${BEGINNING}, id, '' FROM product WHERE code LIKE ${beginning} LIMIT ${limit})`,
      sql`(SELECT ${BEGINNING}, id, '' FROM product WHERE name LIKE ${beginning} LIMIT ${limit})`,
    );
  }
  const { rows } = await sql<{ about: string; chunk: number; products: Buffer }>`
    ${sql.join(parts, sql` UNION ALL `)}`.execute(db);
  const rowsAbout = Map.groupBy(rows, ({ about }) => about);
  const rowsOf = (about: string) => rowsAbout.get(about) ?? [];
  // They stand where postings have their chunk.
  const numbers = (about: string) => rowsOf(about).map(({ chunk }) => chunk);
  const pending = numbers(PENDING);
  const beginning = numbers(BEGINNING);
  if (pending.length > MOST_PENDING) return undefined;
  return {
    /** All that have these grams, with those that are pending. */
    withAll: (some: string[], alsoPending: number[] = []) =>
      productsInAll(some.map(rowsOf), [...pending, ...alsoPending]),
    pending,
    named: ProductSet.of(numbers(NAMED)),
    /** Missing when there are too many. */
    beginning: beginning.length > MOST_BEGINNING ? undefined : ProductSet.of(beginning),
  };
}
