import { z } from 'zod';
import { BINDINGS, BOOK_LANGUAGES } from '../products/book-choices.ts';
import { isBlank } from '../products/field-rules.ts';
import { SORT_COLUMNS, type SortColumn } from './list-columns.ts';
import { isInOrder, OUT_OF_ORDER, priceField, priceQuery, type PriceRange } from './price-range.ts';

export const AVAILABILITIES = ['available', 'low', 'out_of_stock'] as const;
export type Availability = (typeof AVAILABILITIES)[number];

export interface Sort {
  column: SortColumn;
  descending: boolean;
}

/** Without `sort`, search results are by relevance and lists are newest first. */
export interface ProductFilter extends PriceRange {
  search: string;
  category: string;
  availability: Availability | '';
  supplier: string;
  tag: string;
  location: string;
  author: string;
  publisher: string;
  year: string;
  /** A code, as the binding. */
  language: string;
  binding: string;
  onSale: 'yes' | 'no' | '';
  sort: Sort | undefined;
  /** Only what the shop offers: on sale, and with a price. */
  offered?: Offered | undefined;
}

export interface Offered {
  /** In minor units of the currency, as `priceTo`. */
  priceFrom?: number | undefined;
  priceTo?: number | undefined;
}

/** Filters that links lead to. */
export const FACETS = [
  ...(['supplier', 'tag', 'location'] as const),
  ...(['author', 'publisher', 'year', 'language', 'binding'] as const),
  ...(['onSale'] as const),
];

const MAX_SEARCH_LENGTH = 100;

const sortField = z.string('one column').transform((text, context): Sort | undefined => {
  if (text === '') return undefined;
  const descending = text.startsWith('-');
  const column = SORT_COLUMNS.find((name) => name === text.replace(/^-/, ''));
  if (column) return { column, descending };
  context.addIssue({
    code: 'custom',
    message: `one of ${SORT_COLUMNS.join(', ')}, with - before it to reverse`,
  });
  return z.NEVER;
});

const search = z
  .string('a text')
  .max(MAX_SEARCH_LENGTH, `at most ${MAX_SEARCH_LENGTH} characters`)
  .transform((text) => (isBlank(text) ? '' : text.toWellFormed().normalize('NFC').trim()));

const category = z.string('a category').max(100, 'at most 100 characters').trim();

const facet = z.string('a text').max(200, 'at most 200 characters').trim();

const year = z.string('a year').regex(/^(?:[1-9]\d{3})?$/, 'a year');
const language = z.enum([...BOOK_LANGUAGES, ''], `one of ${BOOK_LANGUAGES.join(', ')}`);
const binding = z.enum([...BINDINGS, ''], `one of ${BINDINGS.join(', ')}`);

const onSale = z.enum(['yes', 'no', ''], 'yes or no');

const availability = z.enum([...AVAILABILITIES, ''], `one of ${AVAILABILITIES.join(', ')}`);

const A_CURSOR = 'a nextCursor of an earlier answer';
/** Fits a cursor with the longest description in four-byte characters, in Base64. */
export const cursorField = z.string(A_CURSOR).max(4000, A_CURSOR);

const strictFields = z.object({
  search: search.default(''),
  category: category.default(''),
  availability: availability.default(''),
  supplier: facet.default(''),
  tag: facet.default(''),
  location: facet.default(''),
  author: facet.default(''),
  publisher: facet.default(''),
  year: year.default(''),
  language: language.default(''),
  binding: binding.default(''),
  onSale: onSale.default(''),
  minPrice: priceField,
  maxPrice: priceField,
  sort: sortField.optional(),
});

export const strictFilter = strictFields.refine(isInOrder, OUT_OF_ORDER);

/** For pages: ignores invalid values. */
const lenientFilter = z.object({
  search: z
    .string()
    .transform((text) => text.slice(0, MAX_SEARCH_LENGTH))
    .pipe(search)
    .catch(''),
  category: category.catch(''),
  availability: availability.catch(''),
  supplier: facet.catch(''),
  tag: facet.catch(''),
  location: facet.catch(''),
  author: facet.catch(''),
  publisher: facet.catch(''),
  year: year.catch(''),
  language: language.catch(''),
  binding: binding.catch(''),
  onSale: onSale.catch(''),
  minPrice: priceField.catch(undefined),
  maxPrice: priceField.catch(undefined),
  sort: sortField.optional().catch(undefined),
});

export const productQuery = strictFields
  .extend({
    cursor: cursorField.optional(),
    limit: z
      .string('a whole number from 1 to 200')
      .regex(/^\d{1,3}$/, 'a whole number from 1 to 200')
      .transform(Number)
      .pipe(z.number().min(1, 'a whole number from 1 to 200').max(200, 'a whole number from 1 to 200'))
      .optional(),
  })
  .refine(isInOrder, OUT_OF_ORDER);

/** What is low is told apart by its level. */
export function wantedAvailable({ availability }: Pick<ProductFilter, 'availability'>): boolean | undefined {
  return availability === '' || availability === 'low' ? undefined : availability === 'available';
}

export function hasFacet(filter: ProductFilter): boolean {
  return FACETS.some((facet) => filter[facet] !== '');
}

export function readFilter(query: unknown): ProductFilter {
  const filter = lenientFilter.transform(({ sort, ...rest }) => ({ ...rest, sort })).parse(query);
  return isInOrder(filter) ? filter : { ...filter, maxPrice: undefined };
}

export function sortName({ column, descending }: Sort): string {
  return `${descending ? '-' : ''}${column}`;
}

export function filterQuery(filter: ProductFilter, changes: Record<string, string> = {}): string {
  const { sort } = filter;
  const all: Record<string, string> = {
    search: filter.search,
    category: filter.category,
    availability: filter.availability,
    ...priceQuery(filter),
    ...Object.fromEntries(FACETS.map((facet) => [facet, filter[facet]])),
    sort: sort ? sortName(sort) : '',
    ...changes,
  };
  const query = new URLSearchParams(Object.entries(all).filter(([, value]) => value !== ''));
  return query.size > 0 ? `?${query.toString()}` : '';
}
