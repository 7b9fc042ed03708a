import { sql, type Kysely } from 'kysely';
import type { Catalogue } from '../database/tables.ts';
import { escapeLike, searchTerms, type SearchTerm } from './search-terms.ts';
import {
  availabilityGram,
  CATEGORY_GRAM,
  categoryGram,
  gramsOfPartNumber,
  gramsOfTerm,
  startGram,
  UNUSUAL_GRAM,
  unusualCodeGram,
  unusualNameGram,
} from './grams.ts';
import { letters } from './letters.ts';
import { productsInAll } from './posting.ts';
import { ProductSet } from './product-set.ts';
import { spellingsWithEnye, withoutSeparators } from './spelling.ts';

/** With more pending products than this, checking them all takes longer than LIKE. */
const MAX_PENDING = 100_000;

/** Beyond this, the start gram is precise enough: most products with it do begin with the search. */
const MAX_BEGINNING = 1000;

const CATEGORY = 'category';
const PENDING = 'pending';
const RENAMED = 'renamed';
const SAME_CODE = 'same_code';
const SAME_PLAIN_CODE = 'same_plain_code';
const BEGINNING = 'beginning';
const BARCODE = 'barcode';
const REINDEXING = 'reindexing';

export interface Candidates {
  /** Every set here is a superset: its products must still be checked. */
  matching: ProductSet;
  /** Those of `matching` in which no ñ need count as n. */
  exact: () => ProductSet;
  sameCode: ProductSet;
  samePlainCode: ProductSet;
  beginning: ProductSet | { withAnyOf: string[] };
  /** Whether LIKE is enough to check these products. */
  areUsual: (ids: number[]) => boolean;
  /** For some grams: a superset of the matches that have one of them, and how many products do. */
  matchingWith: (
    grams: string[],
  ) => Promise<(anyOf: string[]) => { candidates: ProductSet; products: number }>;
}

/** One gram, or several of which a product needs one. */
type AnyOf = string[];
/** Ways in which a word can match, each with the grams it needs. */
type Ways = AnyOf[][];

export interface SearchQuery {
  search: string;
  category: string;
  available: boolean | undefined;
  barcodes: string[];
  having?: string[];
  /** Leaves those that meet a condition of which the index knows nothing. Undefined stands for all products. */
  narrow?: ((found: ProductSet | undefined) => Promise<ProductSet | undefined>) | undefined;
}

/**
 * @param query with a search learnt by `letters`
 * @returns a superset of the matches; undefined while too many products are pending, or without a condition
 */
export async function findCandidates(
  db: Kysely<Catalogue>,
  { search, category, available, barcodes, having = [], narrow }: SearchQuery,
): Promise<Candidates | undefined> {
  const terms = searchTerms(search);
  const hasGrams = terms.length > 0 || category !== '' || available !== undefined || having.length > 0;
  if (!hasGrams && !narrow) return undefined;
  const folded = letters.fold(search);
  const beginnings = [...new Set([folded, withoutSeparators(folded)])];
  const unusualCodes = beginnings.map(unusualCodeGram);
  const unusualNames = beginnings.map(unusualNameGram);
  const properties: AnyOf[] = having.map((gram) => [gram]);
  if (available !== undefined) properties.push([availabilityGram(available)]);
  const grams = [
    ...terms.map((term) => waysToMatch(term)).flat(3),
    ...properties.flat(),
    ...unusualCodes,
    ...unusualNames,
    UNUSUAL_GRAM,
  ];
  const index = await readIndex(db, { grams, category, search, barcodes });
  if (!index) return undefined;
  await letters.learn(
    db,
    index.renamed.map(({ name }) => name),
  );
  const waysOf = (term: SearchTerm) => [...waysToMatch(term), ...waysByNewName(term, index.renamed)];
  if (category) properties.push([CATEGORY]);
  const inAll = (words: Ways[]) => {
    const needed = [...properties, ...words.flatMap((ways) => (ways.length === 1 ? ways[0]! : []))];
    const others = words.filter((ways) => ways.length > 1);
    return ProductSet.intersection([
      ...(needed.length > 0 ? [index.withAll(needed)] : []),
      ...others.map((ways) => ProductSet.union(ways.map((grams) => index.withAll(grams)) as NonEmpty)),
    ] as NonEmpty);
  };
  const withBarcode = (set: ProductSet) =>
    index.sameBarcode ? ProductSet.union([set, index.sameBarcode]) : set;
  const found = hasGrams ? withBarcode(inAll(terms.map(waysOf))) : undefined;
  const matching = narrow ? await narrow(found) : found;
  if (!matching) return undefined;
  const withUnusual = (set: ProductSet, grams: AnyOf) => ProductSet.union([set, index.withAll([grams])]);
  // A renamed category may not be in the index yet.
  const isKnown = !index.isReindexing && index.renamed.length === 0;
  const unusualProducts = isKnown ? index.withAll([[UNUSUAL_GRAM]]) : undefined;
  return {
    matching,
    areUsual: (ids) => unusualProducts !== undefined && !ids.some((id) => unusualProducts.has(id)),
    exact: () =>
      terms.some(({ findsEnye }) => findsEnye)
        ? ProductSet.intersection([
            matching,
            inAll(terms.map((term) => waysOf({ ...term, findsEnye: false }))),
          ])
        : matching,
    sameCode: withBarcode(index.sameCode),
    samePlainCode: withUnusual(index.samePlainCode, unusualCodes),
    beginning: index.beginning
      ? withUnusual(index.beginning, [...unusualNames, ...unusualCodes])
      : { withAnyOf: beginnings.map(startGram) },
    async matchingWith(others) {
      // Products indexed since the first read were pending then, so add them again.
      const reread = await readIndex(db, { grams: others });
      return (anyOf) => {
        const all = reread?.withAll([anyOf], index.pending);
        const candidates = all ? ProductSet.intersection([matching, all]) : matching;
        return { candidates, products: all?.size ?? Infinity };
      };
    },
  };
}

function waysToMatch({ folded, plain, isPartNumber, available, findsEnye }: SearchTerm): Ways {
  // As typed: also for a part number, as products that the previous version indexed lack the other grams.
  const ways = [gramsOfTerm(folded)];
  if (plain !== folded && plain !== '') {
    ways.push((isPartNumber ? gramsOfPartNumber : gramsOfTerm)(plain));
  } else if (isPartNumber) {
    ways[0] = gramsOfPartNumber(plain);
  }
  if (available !== undefined) ways.push([availabilityGram(available)]);
  return ways.map((grams) => grams.map((gram) => (findsEnye ? spellingsWithEnye(gram) : [gram])));
}

/** Products of a renamed category may not be indexed with its name yet, but they are with its number. */
function waysByNewName({ folded, plain }: SearchTerm, renamed: RenamedCategory[]): Ways {
  return renamed
    .filter(({ name }) => contains(name, { folded, plain }))
    .map(({ id }) => [[categoryGram(id)]]);
}

function contains(name: string, { folded, plain }: Pick<SearchTerm, 'folded' | 'plain'>): boolean {
  const withoutEnye = (text: string) => text.replaceAll('ñ', 'n');
  const text = withoutEnye(letters.fold(name));
  if (text.includes(withoutEnye(folded))) return true;
  return plain !== '' && withoutSeparators(text).includes(withoutEnye(plain));
}

interface RenamedCategory {
  id: number;
  name: string;
}

type NonEmpty = [ProductSet, ...ProductSet[]];

interface IndexRead {
  grams: string[];
  category?: string;
  search?: string;
  barcodes?: string[];
}

/** One statement, one snapshot: a product that is being indexed appears in one place or the other. */
async function readIndex(db: Kysely<Catalogue>, { grams, category, search, barcodes = [] }: IndexRead) {
  const parts = [
    sql`SELECT gram AS label, chunk, products FROM search_posting WHERE gram IN (${sql.join([...new Set(grams)])})`,
    sql`(SELECT ${PENDING}, product_id, '' FROM search_pending LIMIT ${sql.lit(MAX_PENDING + 1)})`,
    sql`SELECT ${REINDEXING}, id, '' FROM search_indexer WHERE reindex_from IS NOT NULL`,
    sql`SELECT ${RENAMED}, id, CAST(name AS BINARY) FROM category_rename JOIN category ON id = category_id`,
    sql`
      SELECT gram, chunk, products
      FROM category_rename JOIN search_posting ON gram = CONCAT(${CATEGORY_GRAM}, category_id)`,
  ];
  if (category) {
    parts.push(sql`
      SELECT ${CATEGORY}, chunk, products
      FROM category JOIN search_posting ON gram = CONCAT(${CATEGORY_GRAM}, category.id) WHERE name = ${category}`);
  }
  if (search) {
    const folded = letters.fold(search);
    const plain = withoutSeparators(folded);
    const code = sql.ref(plain ? 'plain_code' : 'code');
    const limit = sql.lit(MAX_BEGINNING + 1);
    parts.push(
      sql`SELECT ${SAME_CODE}, id, '' FROM product WHERE code = ${search}`,
      sql`SELECT ${SAME_PLAIN_CODE}, id, '' FROM product WHERE plain_code = ${plain}`,
      sql`(SELECT ${BEGINNING}, id, '' FROM product WHERE ${code} LIKE ${`${escapeLike(plain || folded)}%`} LIMIT ${limit})`,
      sql`(SELECT ${BEGINNING}, id, '' FROM product WHERE name LIKE ${`${escapeLike(folded)}%`} LIMIT ${limit})`,
    );
  }
  if (barcodes.length > 0) {
    parts.push(
      sql`SELECT ${BARCODE}, product_id, '' FROM product_barcode WHERE barcode IN (${sql.join(barcodes)})`,
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
  const sameBarcode = idsOf(BARCODE);
  if (pending.length > MAX_PENDING) return undefined;
  return {
    withAll: (some: AnyOf[], alsoPending: number[] = []) =>
      productsInAll(
        some.map((anyOf) => anyOf.flatMap(rowsOf)),
        [...pending, ...alsoPending],
      ),
    pending,
    isReindexing: rowsOf(REINDEXING).length > 0,
    renamed: rowsOf(RENAMED).map(({ chunk, products }) => ({ id: chunk, name: products.toString('utf8') })),
    sameCode: ProductSet.of(idsOf(SAME_CODE)),
    samePlainCode: ProductSet.of(idsOf(SAME_PLAIN_CODE)),
    sameBarcode: sameBarcode.length > 0 ? ProductSet.of(sameBarcode) : undefined,
    beginning: beginning.length > MAX_BEGINNING ? undefined : ProductSet.of(beginning),
  };
}
