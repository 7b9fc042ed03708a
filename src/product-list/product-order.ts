import { sql, type RawBuilder } from 'kysely';
import { sortName, type ProductFilter } from './product-filter.ts';
import { sortDefinition, type SortColumn } from './list-columns.ts';
import { escapeLike } from '../search/search-terms.ts';

/** The order of a list: by `column`, then by number, so that no two products are equal in it. */
export interface Order {
  /** Stands in cursors: one of another order leads nowhere. */
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

/** 0: this is its code; 1: code or name begin with it; 2: the rest. */
function relevance(search: string): RawBuilder<number> {
  const beginning = `${escapeLike(search)}%`;
  return sql<number>`CASE
    WHEN product.code = ${search} THEN 0
    WHEN product.code LIKE ${beginning} OR product.name LIKE ${beginning} THEN 1
    ELSE 2 END`;
}
