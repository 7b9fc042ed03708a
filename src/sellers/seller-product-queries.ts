import { randomInt } from 'node:crypto';
import { sql, type Kysely, type Transaction } from 'kysely';
import type { Catalogue } from '../database/tables.ts';
import { FIRST_PHOTO, PHOTO_IDS, readPhotoIds } from '../photos/photo-queries.ts';
import { ProductNotFoundError } from '../products/product-errors.ts';
import type { NewProductInput } from '../products/product-merge.ts';
import { createProduct, selectProducts, toProduct } from '../products/product-queries.ts';
import type { Product } from '../products/product.ts';
import { toUnit, UNIT_WORDS, type Unit } from '../products/unit-queries.ts';
import { escapeLike } from '../search/search-terms.ts';
import { availableToPromise } from '../stock/available-to-promise.ts';
import type { MovementActor } from '../stock/stock-movements.ts';
import { TooManyProductsError } from './seller-errors.ts';

export const PRODUCTS_PER_PAGE = 25;
const MAX_PRODUCTS = 1000;

export interface ListedProduct {
  id: number;
  name: string;
  code: string;
  price: number | null;
  onHand: number;
  reserved: number;
  available: number;
  isOnSale: number;
  photo: Buffer | null;
}

/** The newest first. @param search how their name, or a part of it, begins */
export async function listOwnProducts(
  db: Kysely<Catalogue>,
  sellerId: number,
  { search, before }: { search: string; before?: number | undefined },
): Promise<{ products: ListedProduct[]; next: number | undefined }> {
  const rows = await db
    .selectFrom('product')
    .select(['product.id', 'name', 'code', 'price', 'on_hand as onHand', 'exact_reserved as reserved'])
    .select([availableToPromise.as('available'), 'on_sale as isOnSale', FIRST_PHOTO])
    .where('seller_id', '=', sellerId)
    .$if(search !== '', (query) => query.where('name', 'like', `%${escapeLike(search)}%`))
    .$if(before !== undefined, (query) => query.where('product.id', '<', before!))
    .orderBy('product.id', 'desc')
    .limit(PRODUCTS_PER_PAGE + 1)
    .execute();
  const products = rows.slice(0, PRODUCTS_PER_PAGE);
  return { products, next: rows.length > PRODUCTS_PER_PAGE ? products.at(-1)!.id : undefined };
}

export interface OwnProduct {
  product: Product;
  unit: Unit;
  photos: Buffer[];
  reserved: number;
  available: number;
  isOffered: boolean;
}

/** @throws ProductNotFoundError, also if it is someone else's */
export async function getOwnProduct(
  db: Kysely<Catalogue>,
  sellerId: number,
  id: number,
): Promise<OwnProduct> {
  const row = await selectProducts(db)
    .leftJoin('unit', 'unit.code', 'product.unit')
    .select([...UNIT_WORDS, PHOTO_IDS, 'exact_reserved as reserved', 'offered_state as offered'])
    .select(availableToPromise.as('promisable'))
    .where('product.id', '=', id)
    .where('product.seller_id', '=', sellerId)
    .executeTakeFirst();
  if (!row) throw new ProductNotFoundError();
  const { photos, singular, plural, decimals, reserved, offered, promisable, ...product } = row;
  return {
    product: toProduct(product),
    unit: toUnit(row.unit, { singular, plural, decimals }),
    photos: readPhotoIds(photos),
    ...{ reserved, available: promisable, isOffered: offered !== null },
  };
}

/** Whether a product of the seller shows the photo. */
export async function isOwnPhoto(db: Kysely<Catalogue>, sellerId: number, photo: Buffer): Promise<boolean> {
  const found = await db
    .selectFrom('product_photo')
    .innerJoin('product', 'product.id', 'product_photo.product_id')
    .select('product.id')
    .where('product_photo.photo', '=', photo)
    .where('product.seller_id', '=', sellerId)
    .limit(1)
    .executeTakeFirst();
  return found !== undefined;
}

/** The seller must be locked. @throws TooManyProductsError, CodeTakenError, BarcodeTakenError */
export async function publishProduct(
  trx: Transaction<Catalogue>,
  sellerId: number,
  product: NewProductInput,
  actor: MovementActor,
): Promise<number> {
  const { products } = await trx
    .selectFrom('product')
    .select(sql<number>`COUNT(*)`.as('products'))
    .where('seller_id', '=', sellerId)
    .executeTakeFirstOrThrow();
  if (products >= MAX_PRODUCTS) throw new TooManyProductsError(MAX_PRODUCTS);
  return createProduct(trx, product, actor, sellerId);
}

/** Without letters and digits that people mistake for others. */
const LETTERS = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ';

/** Such as V-7K3MQP: unlikely enough to be taken. */
export function newSellerCode(): string {
  return `V-${Array.from({ length: 6 }, () => LETTERS[randomInt(LETTERS.length)]).join('')}`;
}
