import { sql, type Kysely } from 'kysely';
import type { Database } from '../database/tables.ts';
import type { ProductFilter } from '../products/product-filter.ts';
import { escapeLike, searchTerms, type SearchTerm } from '../products/search-terms.ts';
import { availabilityGram, categoryGram, gramsOfStart, gramsOfTerm } from './grams.ts';
import { letters } from './letters.ts';
import { decodePosting } from './posting.ts';
import { ProductSet, type Bits } from './product-set.ts';

/** With more products than this yet to be indexed, looking at them takes longer than LIKE does. */
const MOST_PENDING = 100_000;

export interface Candidates {
  /** All products that the filter selects are among them. */
  matching: ProductSet;
  /** Those whose code or name begins with the search are among these. */
  beginning: ProductSet;
  /** For each gram, those that have it too are among these. */
  matchingWith: (grams: string[]) => Promise<ProductSet[]>;
}

/**
 * Narrows a search down, by the index: the products it finds may match, all others do not.
 *
 * @returns undefined while the index is not ready
 */
export async function findCandidates(
  db: Kysely<Database>,
  filter: ProductFilter,
): Promise<Candidates | undefined> {
  const terms = searchTerms(filter.search);
  await letters.learn(db, [filter.search]);
  const named = await findCategories(db, filter, terms);
  const start = filter.search ? gramsOfStart(letters.fold(filter.search)) : [];
  const termGrams = terms.map(({ text }) => gramsOfTerm(letters.fold(text)));
  const others = terms.map(({ availability }, index) => [
    ...named.byTerm[index]!.map(categoryGram),
    ...(availability ? [availabilityGram(availability === 'available')] : []),
  ]);
  const filters = [
    ...(filter.category ? [categoryGram(named.filtered)] : []),
    ...(filter.availability ? [availabilityGram(filter.availability === 'available')] : []),
  ];
  const index = await readIndex(db, [...start, ...termGrams.flat(), ...others.flat(), ...filters]);
  if (!index) return undefined;
  const withAll = (grams: string[]) => ProductSet.intersection(grams.map(index.withGram) as NonEmpty);
  const matching = ProductSet.intersection([
    ...termGrams.map((grams, i) => ProductSet.union([withAll(grams), ...others[i]!.map(index.withGram)])),
    ...filters.map(index.withGram),
  ] as NonEmpty);
  return {
    matching: ProductSet.union([matching, index.pending]),
    beginning: ProductSet.union([
      ProductSet.intersection([matching, ...start.map(index.withGram)]),
      index.pending,
    ]),
    async matchingWith(grams) {
      // What has been indexed since was pending before.
      const later = await readIndex(db, grams);
      return grams.map((gram) => {
        const both = later ? ProductSet.intersection([matching, later.withGram(gram)]) : matching;
        return ProductSet.union([both, index.pending]);
      });
    },
  };
}

type NonEmpty = [ProductSet, ...ProductSet[]];

/** The numbers of the categories whose name contains each term, and of the one that is filtered by. */
async function findCategories(db: Kysely<Database>, { category }: ProductFilter, terms: SearchTerm[]) {
  const contains = terms.map(({ text }) => sql<0 | 1>`name LIKE ${`%${escapeLike(text)}%`}`);
  const { rows } = await sql<{ id: number; isFiltered: 0 | 1; contains: boolean[] }>`
    SELECT id, name = ${category} AS isFiltered, JSON_ARRAY(${sql.join(contains)}) AS contains FROM category`.execute(
    db,
  );
  return {
    byTerm: terms.map((_, index) => rows.filter((row) => row.contains[index]).map(({ id }) => id)),
    filtered: rows.find(({ isFiltered }) => isFiltered === 1)?.id ?? 0,
  };
}

/** Postings and pending products in one statement, and so of one moment: no product is in neither. */
async function readIndex(db: Kysely<Database>, grams: string[]) {
  const { rows } = await sql<{ gram: string | null; number: number; products: Buffer }>`
    SELECT gram, chunk AS number, products FROM search_posting WHERE gram IN (${sql.join([...new Set(grams)])})
    UNION ALL
    (SELECT NULL, product_id, '' FROM search_pending LIMIT ${sql.lit(MOST_PENDING + 1)})`.execute(db);
  const chunksOf = new Map<string, [number, Bits][]>();
  const pending: number[] = [];
  for (const { gram, number, products } of rows) {
    if (gram === null) pending.push(number);
    else {
      const chunks = chunksOf.get(gram) ?? [];
      chunksOf.set(gram, chunks);
      chunks.push([number, decodePosting(products)]);
    }
  }
  if (pending.length > MOST_PENDING) return undefined;
  return {
    withGram: (gram: string) => new ProductSet(chunksOf.get(gram)),
    pending: ProductSet.of(pending),
  };
}
