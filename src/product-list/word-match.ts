import { sql, type RawBuilder, type SqlBool } from 'kysely';
import { PRODUCT_FIELDS } from '../products/product-fields.ts';
import { escapeLike, type SearchTerm } from '../search/search-terms.ts';
import { ENYE_AS_N, SPANISH, withoutSeparatorsSql } from '../search/spelling.ts';

const SEARCHED = PRODUCT_FIELDS.filter(({ isSearched }) => isSearched).map(({ source }) => source);

/**
 * Defines when a word is found (docs/decisions/search-index.md).
 *
 * @param isExact whether ñ is told apart from n also in words that find both
 */
export function isFound(term: SearchTerm, { isExact = false } = {}): RawBuilder<SqlBool> {
  const { text, plain, isPartNumber, available } = term;
  const letters = term.findsEnye && !isExact ? ENYE_AS_N : SPANISH;
  const contains = (field: RawBuilder<unknown>, word: string) =>
    sql<SqlBool>`${field} COLLATE ${letters} LIKE ${`%${escapeLike(word)}%`}`;
  const asTyped = SEARCHED.map((source) => contains(sql.ref(source), text));
  const withoutSeparators = SEARCHED.filter(
    (source) => plain !== '' && (isPartNumber || source === 'product.code'),
  ).map((source) => contains(withoutSeparatorsSql(sql.ref(source)), plain));
  const isAvailability =
    available === undefined ? [] : [sql<SqlBool>`product.available = ${available ? 1 : 0}`];
  // What is found as typed is found without separators too, but comparing that takes five times as long.
  return sql<SqlBool>`(${sql.join([...isAvailability, ...asTyped, ...withoutSeparators], sql` OR `)})`;
}
