import { sql, type RawBuilder, type SqlBool } from 'kysely';
import { SEARCHED_SOURCES } from '../products/product-fields.ts';
import { keysOfScan } from '../products/barcodes.ts';
import { contains, containsInOrder, type Searched } from '../search/folded-sql.ts';
import type { SearchTerm } from '../search/search-terms.ts';

const CODE_SOURCE = 'product.code';

/** Fields on lines of their own, as no word contains a line break. */
function together(sources: string[]): Searched {
  return { field: `CONCAT_WS('\\n', ${sources.join(', ')})`, parts: sources };
}

/** Without the column `plain_code`: MySQL would compute it for every row, even where the name matches. */
export const CODE: Searched = { field: CODE_SOURCE };
const ALL = textsIn(SEARCHED_SOURCES);
const PUBLIC = textsIn(SEARCHED_SOURCES.filter((source) => source !== 'product.location'));

interface Texts {
  all: Searched;
  butCode: Searched;
}

function textsIn(sources: string[]): Texts {
  return { all: together(sources), butCode: together(sources.filter((source) => source !== CODE_SOURCE)) };
}

export interface Checked {
  /** Whether ñ is told apart from n also in words that find both. */
  isExact?: boolean;
  /** No product in question has a character of UNUSUAL (search/folded-sql.ts). */
  areUsual?: boolean;
  /** For the shop, whose visitors must not find out where a product lies. */
  isPublic?: boolean;
}

/** Defines when a word is found (docs/decisions/search-index.md). */
export function isFound(
  term: SearchTerm,
  { isExact = false, areUsual = false, isPublic = false }: Checked = {},
): RawBuilder<SqlBool> {
  const found = waysToFind(
    { ...term, findsEnye: term.findsEnye && !isExact },
    isPublic ? PUBLIC : ALL,
    areUsual,
  );
  if (term.available !== undefined) {
    found.unshift(sql<SqlBool>`product.available = ${term.available ? 1 : 0}`);
  }
  return sql<SqlBool>`(${sql.join(found, sql` OR `)})`;
}

/** Whether the whole search is a barcode of the product; undefined if it cannot be one. */
export function hasBarcode(search: string): RawBuilder<SqlBool> | undefined {
  const keys = keysOfScan(search);
  // MySQL reads each before it begins, by its primary key.
  const holders = keys.map(
    (key) => sql`product.id = (SELECT product_id FROM product_barcode WHERE barcode = ${key})`,
  );
  return keys.length > 0 ? sql<SqlBool>`(${sql.join(holders, sql` OR `)})` : undefined;
}

function waysToFind(
  { text, plain, isPartNumber, findsEnye }: SearchTerm,
  { all, butCode }: Texts,
  areUsual: boolean,
): RawBuilder<SqlBool>[] {
  const asTyped = { text, findsEnye, areUsual };
  if (plain === '') return [contains(all, asTyped)];
  const withoutSeparators = { ...asTyped, withoutSeparators: true };
  const isInCode = contains(CODE, withoutSeparators);
  if (!isPartNumber) return [contains(butCode, asTyped), isInCode];
  // Leaving out separators of texts takes longer, so it is left to those that have the digits in this order.
  const digits = { text: plain.replace(/\D/g, ''), findsEnye: true, areUsual };
  return [
    isInCode,
    sql<SqlBool>`(${containsInOrder(butCode, digits)} AND ${contains(butCode, withoutSeparators)})`,
  ];
}
