import { sql, type RawBuilder } from 'kysely';
import { sortName, type ProductFilter } from './product-filter.ts';
import { sortDefinition, type SortColumn } from './list-columns.ts';
import { escapeLike } from '../search/search-terms.ts';

export interface Order {
  /** Part of every cursor, so that one of another order is rejected. */
  name: string;
  column: SortColumn | 'relevance';
  key: RawBuilder<unknown>;
  keyType: 'number' | 'string';
  keyDescending: boolean;
  idDescending: boolean;
}

export function orderOf({ search, sort }: ProductFilter): Order {
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
    const key = relevance(search);
    return {
      name: 'relevance',
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

/** 0: the code equals the search; 1: the code or name begins with it; 2: the rest. */
function relevance(search: string): RawBuilder<number> {
  const beginning = `${escapeLike(search)}%`;
  return sql<number>`CASE
    WHEN product.code = ${search} THEN 0
    WHEN product.code LIKE ${beginning} OR product.name LIKE ${beginning} THEN 1
    ELSE 2 END`;
}
