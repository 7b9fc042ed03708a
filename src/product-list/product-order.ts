import { sql, type RawBuilder } from 'kysely';
import { sortName, type ProductFilter, type SortColumn } from './product-filter.ts';
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

const SORT_EXPRESSIONS: Record<SortColumn, RawBuilder<unknown>> = {
  number: sql`product.id`,
  name: sql`product.name`,
  code: sql`product.code`,
  description: sql`product.description`,
  category: sql`category.name`,
  quantity: sql`product.quantity`,
  unit: sql`product.unit`,
  availability: sql`product.available`,
};

const NUMERIC_COLUMNS: SortColumn[] = ['number', 'quantity', 'availability'];

export function orderOf({ search, sort }: ProductFilter): Order {
  if (sort) {
    return {
      name: sortName(sort),
      column: sort.column,
      key: SORT_EXPRESSIONS[sort.column],
      keyType: NUMERIC_COLUMNS.includes(sort.column) ? 'number' : 'string',
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
  const key = SORT_EXPRESSIONS.number;
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
