import { sql, type RawBuilder, type SqlBool } from 'kysely';
import { PRODUCT_FIELDS } from '../products/product-fields.ts';
import { escapeLike, type SearchTerm } from '../search/search-terms.ts';
import { ENYE_AS_N, SPANISH, withoutSeparatorsSql } from '../search/spelling.ts';

const SEARCHED = PRODUCT_FIELDS.filter(({ isSearched }) => isSearched).map(({ source }) => source);

/** See docs/decisions/search-index.md. With `isExact`, ñ is told apart from n also in words that find both. */
export function isFound(term: SearchTerm, { isExact = false } = {}): RawBuilder<SqlBool> {
  const { text, plain, isPartNumber, available } = term;
  const letters = term.findsEnye && !isExact ? ENYE_AS_N : SPANISH;
  const isLike = (field: RawBuilder<unknown>, ...parts: string[]) =>
    sql<SqlBool>`${field} COLLATE ${letters} LIKE ${`%${parts.map(escapeLike).join('%')}%`}`;
  const asTyped = SEARCHED.map((source) => isLike(sql.ref(source), text));
  // Leaving out separators takes long, so it is left to fields that have the digits in this order.
  const digits = plain.match(/\p{Nd}/gu) ?? [];
  const withoutSeparators = SEARCHED.filter(
    (source) => plain !== '' && (isPartNumber || source === 'product.code'),
  ).map((source) => {
    const field = sql.ref(source);
    return sql<SqlBool>`(${isLike(field, ...digits)} AND ${isLike(withoutSeparatorsSql(field), plain)})`;
  });
  const isAvailability =
    available === undefined ? [] : [sql<SqlBool>`product.available = ${available ? 1 : 0}`];
  return sql<SqlBool>`(${sql.join([...isAvailability, ...asTyped, ...withoutSeparators], sql` OR `)})`;
}
