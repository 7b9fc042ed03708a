import { z } from 'zod';
import { installedCurrency } from '../config/currency.ts';
import { readMoney } from '../locales/money.ts';
import { cursorField, readFilter, type ProductFilter, type Sort } from '../product-list/product-filter.ts';

/** By relevance or the newest first is the default. */
export const SHOP_SORTS = ['newest', 'name', 'price', '-price'] as const;
type ShopSort = (typeof SHOP_SORTS)[number];

const MAX_PRICE_LENGTH = 20;

const text = z.string().catch('');
const priceText = z
  .string()
  .transform((typed) => typed.trim().slice(0, MAX_PRICE_LENGTH))
  .catch('');

/** What an address asks for, whoever wrote it: a wrong value is ignored. */
const shopQuery = z.object({
  q: text,
  category: text,
  author: text,
  available: z.enum(['', '1']).catch(''),
  min: priceText,
  max: priceText,
  sort: z.enum(['', ...SHOP_SORTS]).catch(''),
  cursor: cursorField.optional().catch(undefined),
});

/** As it stands in addresses: the category as its slug, prices as typed. */
export type ShopQuery = z.output<typeof shopQuery>;

export function readShopQuery(query: unknown): ShopQuery {
  const read = shopQuery.parse(query);
  const { search, author } = readFilter({ search: read.q, author: read.author });
  return { ...read, q: search, author };
}

/** @param category by its name */
export function toProductFilter(
  { q, author, available, min, max, sort }: ShopQuery,
  category: string,
): ProductFilter {
  return {
    ...readFilter({ search: q, author, availability: available && 'available' }),
    category,
    sort: sortOf(sort, q !== ''),
    offered: { priceFrom: amountOf(min), priceTo: amountOf(max) },
  };
}

function sortOf(sort: ShopSort | '', isSearch: boolean): Sort | undefined {
  switch (sort) {
    case 'name':
      return { column: 'name', descending: false };
    case 'price':
      return { column: 'price', descending: false };
    case '-price':
      return { column: 'price', descending: true };
    case 'newest':
      return isSearch ? { column: 'number', descending: true } : undefined;
    case '':
      return undefined;
  }
}

function amountOf(typed: string): number | undefined {
  const read = readMoney(typed, installedCurrency());
  return 'amount' in read ? read.amount : undefined;
}

/** A price that could not be read filters nothing, and is not shown as if it did. */
export function hasPrice(typed: string): boolean {
  return amountOf(typed) !== undefined;
}

/** Without the cursor, which belongs to one order of one list. */
export function shopQueryText(query: ShopQuery, changes: Partial<ShopQuery> = {}): string {
  const { q, category, author, available, min, max, sort, cursor } = {
    ...query,
    cursor: undefined,
    ...changes,
  };
  const all = { q, category, author, available, min, max, sort, cursor: cursor ?? '' };
  const search = new URLSearchParams(Object.entries(all).filter(([, value]) => value !== ''));
  return search.size > 0 ? `?${search.toString()}` : '';
}
