import { sql, type Kysely } from 'kysely';
import type { Catalogue } from '../database/tables.ts';
import { priceLine, type PricedLine } from '../orders/prices.ts';
import { PHOTO_IDS, readPhotoIds } from '../photos/photo-queries.ts';
import { photoFile, WIDTHS } from '../photos/photo.ts';
import { toUnit, UNIT_WORDS, type Unit } from '../products/unit-queries.ts';
import { PHOTO_ROUTE } from '../shop/shop-paths.ts';
import { availableToPromise } from '../stock/available-to-promise.ts';

export interface CartItem extends PricedLine {
  productId: number;
  name: string;
  quantity: number;
  unit: Unit;
  price: number;
  taxRate: number;
  /** In grams; null: not known. */
  weight: number | null;
  photo: string | undefined;
  author: string;
  /** Null: the shop itself. */
  seller: string | null;
  available: number;
  /** Why it cannot be ordered as it is. */
  problem: 'gone' | 'out' | 'fewer' | undefined;
  /** When its owner chose it; null if it is the same. */
  earlierPrice: number | null;
}

/** With prices and stock as they are now. What is not on sale any more costs nothing. */
export async function listCartItems(db: Kysely<Catalogue>, cartId: number): Promise<CartItem[]> {
  const rows = await db
    .selectFrom('cart_line')
    .leftJoin('product', 'product.id', 'cart_line.product_id')
    .leftJoin('deleted_product', 'deleted_product.id', 'cart_line.product_id')
    .leftJoin('book', 'book.product_id', 'product.id')
    .leftJoin('unit', 'unit.code', 'product.unit')
    .leftJoin('seller', 'seller.id', 'product.seller_id')
    .select(['cart_line.product_id as productId', 'cart_line.quantity', 'cart_line.seen_price as seenPrice'])
    .select(sql<string | null>`COALESCE(product.name, deleted_product.name)`.as('name'))
    .select(['product.price', 'product.weight', 'product.unit', 'book.authors', ...UNIT_WORDS, PHOTO_IDS])
    .select(sql<number>`COALESCE(product.tax_rate, 0)`.as('taxRate'))
    .select('seller.name as seller')
    .select(
      sql<0 | 1>`(
        product.offered_state IS NOT NULL AND (product.seller_id IS NULL OR seller.state <=> 'approved'))`.as(
        'isOffered',
      ),
    )
    .select(availableToPromise.as('available'))
    .where('cart_id', '=', cartId)
    .orderBy('cart_line.product_id')
    .execute();
  return rows.map(({ photos, seenPrice, singular, plural, decimals, isOffered, ...row }) => {
    const { quantity, taxRate } = row;
    const isGone = isOffered === 0 || row.price === null;
    const price = isGone ? 0 : row.price!;
    const available = isGone ? 0 : Math.max(0, row.available);
    const [photo] = readPhotoIds(photos);
    return {
      ...{ productId: row.productId, quantity, price, taxRate, available, weight: row.weight },
      name: row.name ?? '',
      author: row.authors ?? '',
      seller: row.seller,
      unit: toUnit(row.unit ?? '', { singular, plural, decimals }),
      photo: photo && !isGone ? PHOTO_ROUTE.replace(':file', photoFile(photo, WIDTHS.page)) : undefined,
      problem: isGone ? 'gone' : available === 0 ? 'out' : available < quantity ? 'fewer' : undefined,
      earlierPrice: !isGone && seenPrice !== null && seenPrice !== price ? seenPrice : null,
      ...priceLine(quantity, price, taxRate),
    };
  });
}

export function amountOf(items: CartItem[]): number {
  return items.reduce((sum, { lineTotal }) => sum + lineTotal, 0);
}

/** In grams, rounded up. */
export function weightOf(items: CartItem[], defaultWeight: number): number {
  return Math.ceil(
    items.reduce((sum, { weight, quantity }) => sum + (weight ?? defaultWeight) * quantity, 0),
  );
}
