import { sql, type Kysely } from 'kysely';
import type { Catalogue } from '../database/tables.ts';
import { escapeLike, searchTerms, type SearchTerm } from './search-terms.ts';
import { availabilityGram, CATEGORY_GRAM, gramsOfTerm, startGram } from './grams.ts';
import { letters } from './letters.ts';
import { productsInAll } from './posting.ts';
import { ProductSet } from './product-set.ts';

/** With more pending products than this, checking them all takes longer than LIKE. */
const MAX_PENDING = 100_000;

/** Beyond this, the start gram is precise enough: most products with it do begin with the search. */
const MAX_BEGINNING = 1000;

const CATEGORY = 'category';
const PENDING = 'pending';
const SAME_CODE = 'same_code';
const BEGINNING = 'beginning';

export interface Candidates {
  /** Every set here is a superset: its products must still be checked. */
  matching: ProductSet;
  sameCode: ProductSet;
  beginning: ProductSet | { withGram: string };
  /** For each gram: a superset of the matches that have it, and how many products have it. */
  matchingWith: (grams: string[]) => Promise<(gram: string) => { candidates: ProductSet; products: number }>;
}

export interface SearchQuery {
  search: string;
  category: string;
  available: boolean | undefined;
}

/** @returns a superset of the matches; undefined while too many products are pending */
export async function findCandidates(
  db: Kysely<Catalogue>,
  { search, category, available }: SearchQuery,
): Promise<Candidates | undefined> {
  const terms = searchTerms(search);
  await letters.learn(db, [search]);
  const gramsOf = ({ text }: SearchTerm) => gramsOfTerm(letters.fold(text));
  // A word such as "dispon" matches a product's text or its availability.
  const plain = terms.filter((term) => term.available === undefined);
  const availabilityWords = terms.filter((term) => term.available !== undefined);
  const needed = [
    ...plain.flatMap(gramsOf),
    ...(available === undefined ? [] : [availabilityGram(available)]),
  ];
  const either = availabilityWords.map((term) => ({
    grams: gramsOf(term),
    or: availabilityGram(term.available!),
  }));
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
    sameCode: index.sameCode,
    beginning: index.beginning ?? { withGram: startGram(letters.fold(search)) },
    async matchingWith(others) {
      // Products indexed since the first read were pending then, so add them again.
      const reread = await readIndex(db, { grams: others });
      return (gram) => {
        const all = reread?.withAll([gram], index.pending);
        const candidates = all ? ProductSet.intersection([matching, all]) : matching;
        return { candidates, products: all?.size ?? Infinity };
      };
    },
  };
}

type NonEmpty = [ProductSet, ...ProductSet[]];

interface IndexRead {
  grams: string[];
  category?: string;
  search?: string;
}

/** One statement, one snapshot: a product that is being indexed appears in one place or the other. */
async function readIndex(db: Kysely<Catalogue>, { grams, category, search }: IndexRead) {
  const parts = [
    sql`SELECT gram AS label, chunk, products FROM search_posting WHERE gram IN (${sql.join([...new Set(grams)])})`,
    sql`(SELECT ${PENDING}, product_id, '' FROM search_pending LIMIT ${sql.lit(MAX_PENDING + 1)})`,
  ];
  if (category) {
    parts.push(sql`
      SELECT ${CATEGORY}, chunk, products
      FROM category JOIN search_posting ON gram = CONCAT(${CATEGORY_GRAM}, category.id) WHERE name = ${category}`);
  }
  if (search) {
    const beginning = `${escapeLike(search)}%`;
    const limit = sql.lit(MAX_BEGINNING + 1);
    parts.push(
      sql`SELECT ${SAME_CODE}, id, '' FROM product WHERE code = ${search}`,
      sql`(SELECT ${BEGINNING}, id, '' FROM product WHERE code LIKE ${beginning} LIMIT ${limit})`,
      sql`(SELECT ${BEGINNING}, id, '' FROM product WHERE name LIKE ${beginning} LIMIT ${limit})`,
    );
  }
  const { rows } = await sql<{ label: string; chunk: number; products: Buffer }>`
    ${sql.join(parts, sql` UNION ALL `)}`.execute(db);
  const rowsByLabel = Map.groupBy(rows, ({ label }) => label);
  const rowsOf = (label: string) => rowsByLabel.get(label) ?? [];
  // Rows without a gram carry the product id in the chunk column.
  const idsOf = (label: string) => rowsOf(label).map(({ chunk }) => chunk);
  const pending = idsOf(PENDING);
  const beginning = idsOf(BEGINNING);
  if (pending.length > MAX_PENDING) return undefined;
  return {
    withAll: (some: string[], alsoPending: number[] = []) =>
      productsInAll(some.map(rowsOf), [...pending, ...alsoPending]),
    pending,
    sameCode: ProductSet.of(idsOf(SAME_CODE)),
    beginning: beginning.length > MAX_BEGINNING ? undefined : ProductSet.of(beginning),
  };
}
