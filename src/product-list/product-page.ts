import type { Kysely } from 'kysely';
import type { Catalogue } from '../database/tables.ts';
import { photoAddress, WIDTHS } from '../photos/photo.ts';
import type { Product } from '../products/product.ts';
import { toProduct } from '../products/product-queries.ts';
import { keysOfScan } from '../products/barcodes.ts';
import { findCandidates } from '../search/candidates.ts';
import { letters } from '../search/letters.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { gramsOf } from './filter-grams.ts';
import { isBestSearched, isOnlySearched, listNear, listWindow } from './indexed-list.ts';
import { scanWindow, type FoundProduct } from './matching.ts';
import type { KeysetPosition, PageWindow } from './page-window.ts';
import { wantedAvailable, type ProductFilter } from './product-filter.ts';
import { orderOf, type Order } from './product-order.ts';
import { hasPrices } from './price-range.ts';
import { findFewPriced, narrowByPrice } from './priced-list.ts';
import { countMatches, countProducts, type Totals } from './product-totals.ts';
import { searchWindow } from './search-window.ts';

export const PAGE_SIZE = 50;

export interface ListedProduct extends Product {
  thumbnail: string | null;
}

export interface ProductPage extends Totals {
  items: ListedProduct[];
  nextCursor: string | undefined;
  previousCursor: string | undefined;
}

/** Paged by key: page 10,000 costs as much as page 1, and inserts and deletes shift nothing. */
export async function getProductPage(
  db: Kysely<Catalogue>,
  filter: ProductFilter,
  { cursor, limit = PAGE_SIZE }: { cursor?: string | undefined; limit?: number | undefined } = {},
): Promise<ProductPage> {
  await letters.learn(db, [filter.search]);
  const window = { ...readStart(cursor, orderOf(filter)), limit };
  const [rows, counted] = await findWindow(db, filter, { ...window, limit: limit + 1 });
  const found = rows.map(({ sortKey, photo, ...row }) => ({
    ...{ id: row.id, sortKey },
    product: { ...toProduct(row), thumbnail: photo && photoAddress(photo, WIDTHS.thumbnail) },
  }));
  const { rows: page, ...rest } = cutPage(found, counted, window);
  return { items: page.map(({ product }) => product), ...rest };
}

/** @throws InvalidCursorError */
export function readStart(cursor: string | undefined, order: Order): Omit<PageWindow, 'limit'> {
  return { order, from: undefined, isBackwards: false, ...(cursor && decodeCursor(cursor, order)) };
}

/** @param rows one more than the limit, if there are */
export function cutPage<Row extends { id: number; sortKey: unknown }>(
  rows: Row[],
  counted: Totals | undefined,
  { order, from, isBackwards, limit }: PageWindow,
) {
  const hasMore = rows.length > limit;
  // A first page that is not full holds every match.
  const isCounted = counted && (hasMore || from);
  const totals = isCounted ? counted : { total: rows.length, totalIsExact: true };
  const page = rows.slice(0, limit);
  if (isBackwards) page.reverse();
  const cursorAt = (row: Row | undefined, direction: 'after' | 'before') =>
    row && encodeCursor(direction, order, { key: row.sortKey as KeysetPosition['key'], id: row.id });
  return {
    rows: page,
    nextCursor: hasMore || isBackwards ? cursorAt(page.at(-1), 'after') : undefined,
    previousCursor: (isBackwards ? hasMore : from) ? cursorAt(page[0], 'before') : undefined,
    ...totals,
  };
}

const isListed = (filter: ProductFilter, order: Order) => !filter.search && !isOnlySearched(filter, order);

async function findWindow(
  db: Kysely<Catalogue>,
  filter: ProductFilter,
  window: PageWindow,
): Promise<[FoundProduct[], Totals | undefined]> {
  let known: Totals | undefined;
  const isList = isListed(filter, window.order);
  const fewPriced = isList ? await findFewPriced(db, filter) : undefined;
  if (!fewPriced && isList) {
    if (!isBestSearched(filter, window.order)) {
      return Promise.all([listWindow(db, filter, window), countProducts(db, filter)]);
    }
    const [near, counted] = await Promise.all([listNear(db, filter, window), countProducts(db, filter)]);
    if (near.length === window.limit) return [near, counted];
    known = counted;
  }
  const { search, category } = filter;
  const candidates = await findCandidates(db, {
    search,
    category,
    available: wantedAvailable(filter),
    barcodes: keysOfScan(search),
    having: await gramsOf(db, filter),
    narrow: hasPrices(filter) ? (found) => narrowByPrice(db, filter, { found, fewPriced }) : undefined,
  });
  if (!candidates) {
    if (known) return [await listWindow(db, filter, window), known];
    return Promise.all([scanWindow(db, filter, window), countProducts(db, filter)]);
  }
  const fitsOnPage = !window.from && candidates.matching.size < window.limit;
  const counted = known ?? (fitsOnPage ? undefined : countMatches(db, filter, candidates));
  return Promise.all([searchWindow(db, filter, window, candidates), counted]);
}
