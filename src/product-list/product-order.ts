import { sql, type RawBuilder } from 'kysely';
import { sortName, type ProductFilter } from './product-filter.ts';
import { sortDefinition, type SortColumn } from './list-columns.ts';
import { begins, equals } from '../search/folded-sql.ts';
import { letters } from '../search/letters.ts';
import { searchTerms } from '../search/search-terms.ts';
import { withoutSeparators } from '../search/spelling.ts';
import { CODE, hasBarcode, isFound } from './word-match.ts';

export interface Order {
  /** Part of every cursor, so that one of another order is rejected. */
  name: string;
  column: SortColumn | 'relevance';
  key: RawBuilder<unknown>;
  keyType: 'number' | 'string';
  keyDescending: boolean;
  idDescending: boolean;
}

export function orderOf({ search, sort }: ProductFilter, areUsual = false): Order {
  if (sort) {
    return {
      name: sortName(sort),
      column: sort.column,
      key: sortDefinition(sort.column).expression,
      keyType: sortDefinition(sort.column).keyType,
      keyDescending: sort.descending,
      idDescending: sort.descending,
    };
  }
  if (search) {
    const key = relevance(search, areUsual);
    return {
      name: 'best match',
      column: 'relevance',
      key,
      keyType: 'number',
      keyDescending: false,
      idDescending: true,
    };
  }
  const key = sortDefinition('number').expression;
  return {
    name: 'newest',
    column: 'number',
    key,
    keyType: 'number',
    keyDescending: true,
    idDescending: true,
  };
}

export function orderedIndex({ column }: Order): string | undefined {
  return column === 'relevance' ? undefined : sortDefinition(column).index;
}

/** The keys of `relevance`, best first; `sameCode` is a barcode's as well. */
export const RELEVANCE = {
  sameCode: 0,
  samePlainCode: 1,
  beginning: 2,
  other: 3,
  beginningWithEnye: 4,
  otherWithEnye: 5,
} as const;

/** With ñ: only if ñ counts as n. Separators do not matter in a plain code, nor at the beginning of a code. */
function relevance(search: string, areUsual: boolean): RawBuilder<number> {
  const name = { field: 'product.name' };
  const isOnlySeparators = withoutSeparators(letters.fold(search)) === '';
  const plain = { text: search, findsEnye: false, withoutSeparators: !isOnlySeparators, areUsual };
  const isBeginning = (findsEnye: boolean) => sql`
    (${begins(CODE, { ...plain, findsEnye })} OR ${begins(name, { text: search, findsEnye, areUsual })})`;
  const findingEnye = searchTerms(search).filter(({ findsEnye }) => findsEnye);
  const isExact = findingEnye.map((term) => isFound(term, { isExact: true, areUsual }));
  const withEnye = sql`
    WHEN NOT (${sql.join(isExact, sql` AND `)})
      THEN IF(${isBeginning(true)}, ${sql.lit(RELEVANCE.beginningWithEnye)}, ${sql.lit(RELEVANCE.otherWithEnye)})`;
  const isBarcode = hasBarcode(search);
  // Equal codes begin with the search, too, so that most products are asked only once.
  return sql<number>`CASE
    ${isBarcode ? sql`WHEN ${isBarcode} THEN ${sql.lit(RELEVANCE.sameCode)}` : sql``}
    WHEN ${isBeginning(false)} THEN CASE
      WHEN product.code = ${search} THEN ${sql.lit(RELEVANCE.sameCode)}
      WHEN ${equals(CODE, plain)} THEN ${sql.lit(RELEVANCE.samePlainCode)}
      ELSE ${sql.lit(RELEVANCE.beginning)} END
    ${isExact.length > 0 ? withEnye : sql``}
    ELSE ${sql.lit(RELEVANCE.other)} END`;
}
