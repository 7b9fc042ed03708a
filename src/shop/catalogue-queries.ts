import { sql, type Kysely } from 'kysely';
import type { Catalogue } from '../database/tables.ts';
import { FIRST_PHOTO, PHOTO_IDS, readPhotoIds } from '../photos/photo-queries.ts';
import { photoFile, WIDTHS, type PhotoWidth } from '../photos/photo.ts';
import { InvalidCursorError } from '../product-list/cursor.ts';
import { listKeys } from '../product-list/indexed-list.ts';
import { offeredOrder } from '../product-list/offered-list.ts';
import { hasFacet, readFilter, type ProductFilter } from '../product-list/product-filter.ts';
import { orderOf } from '../product-list/product-order.ts';
import { cutPage, getProductPage, readStart } from '../product-list/product-page.ts';
import { countProducts, type Totals } from '../product-list/product-totals.ts';
import { kindOf, splitBarcodes } from '../products/barcodes.ts';
import { AUTHOR_SEPARATOR } from '../products/field-rules.ts';
import { selectProducts, toProduct } from '../products/product-queries.ts';
import type { Product } from '../products/product.ts';
import { toUnit, UNIT_WORDS } from '../products/unit-queries.ts';
import { availableToPromise } from '../stock/available-to-promise.ts';
import { stockOf, type ShopStock } from './shop-stock.ts';
import { PHOTO_ROUTE } from './shop-paths.ts';
import { withSlugs, type ShopCategory } from './slugs.ts';

export const SHOP_PAGE_SIZE = 24;

/** Everything of a product that the public may see: what is not named here stays inside. */
export interface ShopCard {
  id: number;
  name: string;
  category: string;
  authors: string[];
  price: number;
  photo: string | undefined;
  stock: ShopStock;
}

export interface ShopProduct extends ShopCard {
  code: string;
  description: string;
  taxRate: number | null;
  weight: number | null;
  isbn: string | undefined;
  /** GTINs that are no ISBN. */
  gtins: string[];
  isBook: boolean;
  publisher: string;
  year: number;
  pages: number;
  language: string;
  binding: string;
  photos: ShopPhoto[];
  updatedAt: Date;
  /** Whose it is; null: of the shop itself. */
  seller: string | null;
}

export interface ShopPhoto {
  page: string;
  full: string;
}

export interface ShopListPage extends Totals {
  items: ShopCard[];
  nextCursor: string | undefined;
  previousCursor: string | undefined;
}

/** A damaged cursor gives the first page. */
export async function getShopPage(
  db: Kysely<Catalogue>,
  filter: ProductFilter,
  cursor?: string,
): Promise<ShopListPage> {
  return pageFrom(db, filter, cursor).catch((error: unknown) => {
    if (error instanceof InvalidCursorError) return pageFrom(db, filter, undefined);
    throw error;
  });
}

async function pageFrom(
  db: Kysely<Catalogue>,
  filter: ProductFilter,
  cursor: string | undefined,
): Promise<ShopListPage> {
  const limit = SHOP_PAGE_SIZE;
  if (filter.search || hasFacet(filter)) {
    const { items, ...page } = await getProductPage(db, filter, { cursor, limit });
    return { ...page, items: await readCards(db, items) };
  }
  // What indexes alone find.
  const order = orderOf(filter);
  const window = { ...readStart(cursor, order), limit };
  const [keys, counted] = await Promise.all([
    listKeys(db, filter, { ...window, order: offeredOrder(order), limit: limit + 1 }),
    countProducts(db, filter),
  ]);
  const { rows, ...page } = cutPage(keys, counted, window);
  return { ...page, items: await readCards(db, rows) };
}

/** Without a total, which takes longer than the products. */
export async function listNewest(
  db: Kysely<Catalogue>,
  { category = '', limit }: { category?: string; limit: number },
): Promise<ShopCard[]> {
  const filter = { ...readFilter({}), category, offered: {} };
  const order = offeredOrder(orderOf(filter));
  return readCards(db, await listKeys(db, filter, { order, from: undefined, isBackwards: false, limit }));
}

/** In the order of what was listed. What was taken off sale since is left out. */
async function readCards(db: Kysely<Catalogue>, listed: { id: number }[]): Promise<ShopCard[]> {
  if (listed.length === 0) return [];
  const ids = listed.map(({ id }) => id);
  const rows = await db
    .selectFrom('product')
    .innerJoin('category', 'category.id', 'product.category_id')
    .leftJoin('book', 'book.product_id', 'product.id')
    .leftJoin('unit', 'unit.code', 'product.unit')
    .select(['product.id', 'product.name', 'product.price', 'product.unit', ...UNIT_WORDS, FIRST_PHOTO])
    .select(['category.name as category', 'book.authors', availableToPromise.as('promisable')])
    .where('product.id', 'in', ids)
    .where('product.offered_state', 'is not', null)
    .execute();
  const found = new Map(rows.map((row) => [row.id, row]));
  return ids.flatMap((id) => {
    const row = found.get(id);
    if (!row) return [];
    return {
      ...{ id, name: row.name, category: row.category, authors: authorsIn(row.authors ?? '') },
      // The query asks for products with a price.
      price: row.price!,
      photo: row.photo ? shopPhoto(row.photo, WIDTHS.page) : undefined,
      stock: stockOf(row.promisable, toUnit(row.unit, row)),
    };
  });
}

export async function findShopProduct(db: Kysely<Catalogue>, id: number): Promise<ShopProduct | undefined> {
  const row = await selectProducts(db)
    .leftJoin('unit', 'unit.code', 'product.unit')
    .leftJoin('seller', 'seller.id', 'product.seller_id')
    .select([...UNIT_WORDS, PHOTO_IDS, availableToPromise.as('promisable'), 'seller.name as seller'])
    .where('product.id', '=', id)
    .where('product.offered_state', 'is not', null)
    .executeTakeFirst();
  if (!row) return undefined;
  const { photos, singular, plural, decimals, promisable, seller, ...product } = row;
  const unit = toUnit(row.unit, { singular, plural, decimals });
  return {
    ...toShopProduct(toProduct(product), readPhotoIds(photos), stockOf(promisable, unit)),
    seller,
  };
}

function toShopProduct(product: Product, photos: Buffer[], stock: ShopStock): Omit<ShopProduct, 'seller'> {
  const { id, name, code, description, category, price, taxRate, weight, updatedAt } = product;
  const { publisher, year, pages, language, binding } = product;
  const barcodes = splitBarcodes(product.barcodes);
  const isbn = barcodes.find((barcode) => kindOf(barcode) === 'isbn');
  const authors = authorsIn(product.authors);
  return {
    ...{ id, name, code, description, category, taxRate, weight, updatedAt, stock, authors, isbn },
    ...{ publisher, year, pages, language, binding },
    // The query asks for products with a price.
    price: price!,
    gtins: barcodes.filter((barcode) => !['own', 'isbn'].includes(kindOf(barcode))),
    isBook: isbn !== undefined || authors.length > 0 || binding !== '',
    photo: photos[0] && shopPhoto(photos[0], WIDTHS.page),
    photos: photos.map((photo) => ({
      page: shopPhoto(photo, WIDTHS.page),
      full: shopPhoto(photo, WIDTHS.full),
    })),
  };
}

function authorsIn(authors: string): string[] {
  return authors === '' ? [] : authors.split(AUTHOR_SEPARATOR);
}

function shopPhoto(id: Buffer, width: PhotoWidth): string {
  return PHOTO_ROUTE.replace(':file', photoFile(id, width));
}

/** Whether a product that the shop offers shows the photo. */
export async function isShopPhoto(db: Kysely<Catalogue>, photo: Buffer): Promise<boolean> {
  const found = await db
    .selectFrom('product_photo')
    .innerJoin('product', 'product.id', 'product_photo.product_id')
    .select('product.id')
    .where('product_photo.photo', '=', photo)
    .where('product.offered_state', 'is not', null)
    .limit(1)
    .executeTakeFirst();
  return found !== undefined;
}

const MAX_CATEGORIES = 1000;

/** Those that have something to offer. */
export async function listShopCategories(db: Kysely<Catalogue>): Promise<ShopCategory[]> {
  const { rows } = await sql<{ id: number; name: string }>`
    SELECT id, name FROM category
    WHERE EXISTS (
      SELECT /*+ NO_SEMIJOIN() */ 1 FROM product FORCE INDEX (offered_category_number)
      WHERE offered_category = category.id AND offered_state IN (0, 1))
    ORDER BY name LIMIT ${sql.lit(MAX_CATEGORIES)}`.execute(db);
  return withSlugs(rows);
}

/** Product numbers whose two addresses, with their alternates, fit into one sitemap. */
export const SITEMAP_SIZE = 5000;
/** As many as a sitemap index may have. */
const MAX_SITEMAPS = 50_000;

/** The sitemaps that hold products, each by its place: number n begins with product n × SITEMAP_SIZE. */
export async function listSitemaps(db: Kysely<Catalogue>): Promise<number[]> {
  const places: number[] = [];
  for (let from = 0; places.length < MAX_SITEMAPS;) {
    const next = await findNextOffered(db, from);
    if (next === undefined) break;
    const place = Math.floor(next / SITEMAP_SIZE);
    places.push(place);
    from = (place + 1) * SITEMAP_SIZE;
  }
  return places;
}

async function findNextOffered(db: Kysely<Catalogue>, from: number): Promise<number | undefined> {
  const ofEach = [0, 1].map(
    (state) => sql`
      (SELECT id FROM product FORCE INDEX (offered_number)
       WHERE offered_state = ${state} AND id >= ${from} ORDER BY id LIMIT 1)`,
  );
  const { rows } = await sql<{ id: number | null }>`
    SELECT MIN(id) AS id FROM (${sql.join(ofEach, sql` UNION ALL `)}) AS next`.execute(db);
  return rows[0]?.id ?? undefined;
}

export async function listInSitemap(db: Kysely<Catalogue>, place: number) {
  return db
    .selectFrom('product')
    .select(['id', 'name', 'updated_at as updatedAt'])
    .where('id', '>=', place * SITEMAP_SIZE)
    .where('id', '<', (place + 1) * SITEMAP_SIZE)
    .where('offered_state', 'is not', null)
    .orderBy('id')
    .execute();
}
