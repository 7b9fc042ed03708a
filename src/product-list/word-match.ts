import { sql, type RawBuilder, type SqlBool } from 'kysely';
import { PRODUCT_FIELDS } from '../products/product-fields.ts';
import { contains, containsInOrder } from '../search/folded-sql.ts';
import type { SearchTerm } from '../search/search-terms.ts';

const CODE = 'product.code';
const SEARCHED = PRODUCT_FIELDS.filter(({ isSearched }) => isSearched).map(({ source }) => source);

/** Fields on lines of their own, as no word contains a line break. */
function together(sources: string[]): RawBuilder<unknown> {
  return sql`CONCAT_WS('\n', ${sql.join(sources.map((source) => sql.ref(source)))})`;
}

const ALL = together(SEARCHED);
const ALL_BUT_CODE = together(SEARCHED.filter((source) => source !== CODE));

/**
 * Defines when a word is found (docs/decisions/search-index.md).
 *
 * @param isExact whether ñ is told apart from n also in words that find both
 */
export function isFound(term: SearchTerm, { isExact = false } = {}): RawBuilder<SqlBool> {
  const found = waysToFind({ ...term, findsEnye: term.findsEnye && !isExact });
  if (term.available !== undefined) {
    found.unshift(sql<SqlBool>`product.available = ${term.available ? 1 : 0}`);
  }
  return sql<SqlBool>`(${sql.join(found, sql` OR `)})`;
}

function waysToFind({ text, plain, isPartNumber, findsEnye }: SearchTerm): RawBuilder<SqlBool>[] {
  const asTyped = { text, findsEnye };
  const withoutSeparators = { ...asTyped, withoutSeparators: true };
  if (plain === '') return [contains(ALL, asTyped)];
  if (!isPartNumber) return [contains(ALL_BUT_CODE, asTyped), contains(sql.ref(CODE), withoutSeparators)];
  // Leaving out separators takes long, so it is left to products that have the digits in this order.
  const digits = { text: plain.replace(/\D/g, ''), findsEnye: true };
  return [
    contains(ALL, asTyped),
    sql<SqlBool>`(${containsInOrder(ALL, digits)} AND ${contains(ALL, withoutSeparators)})`,
  ];
}
