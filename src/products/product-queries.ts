import { sql, type Kysely, type Transaction } from 'kysely';
import { recordProductEvent } from '../audit/audit-trail.ts';
import type { Catalogue } from '../database/tables.ts';
import { isDomainError } from '../errors/domain-error.ts';
import { PHOTO_IDS, readPhotoIds } from '../photos/photo-queries.ts';
import { insertProduct } from '../stock/initial-stock.ts';
import { listShortOrders, ofProduct } from '../stock/short-orders.ts';
import { levelOf, STOCK_LEVELS } from '../stock/stock-level.ts';
import {
  recordStockMovement,
  saveQuantity,
  type MovementActor,
  type MovementDetails,
} from '../stock/stock-movements.ts';
import { throwIfTaken } from './barcode-queries.ts';
import { BOOK, hasSameBook, isBook, NO_BOOK, saveBook, type Book } from './book-queries.ts';
import { findOrCreateCategory } from './category-queries.ts';
import { missing } from './deletions.ts';
import { ProductNotFoundError, VersionConflictError } from './product-errors.ts';
import {
  ownColumns,
  PRODUCT_FIELDS,
  type BookKey,
  type FieldKey,
  type ProductField,
  type ProductInput,
} from './product-fields.ts';
import { differingFields, mergeEdit, type NewProductInput, type ProductEdit } from './product-merge.ts';
import type { Product } from './product.ts';
import { describeChanges, type SavedChange } from './saved-changes.ts';
import { findOrCreateSupplier } from './supplier-queries.ts';
import { checkDecimals, toUnit, UNIT_WORDS, useUnit, type Unit } from './unit-queries.ts';

/** Read by itself, for the rows that are shown: most queries of a list do not need it. */
const SUPPLIER_NAME = sql<string>`
  COALESCE((SELECT supplier.name FROM supplier WHERE supplier.id = product.supplier_id), '')`.as('supplier');

type JoinedKey = Exclude<FieldKey, 'supplier' | BookKey>;
type SelectedField = { [Key in JoinedKey]: `${ProductField<Key>['source']} as ${Key}` }[JoinedKey];
const FIELDS_OF_ALL = PRODUCT_FIELDS.filter(({ isOfBook }) => !isOfBook);
export const SELECTED_FIELDS = FIELDS_OF_ALL.map(({ key, source }) =>
  key === 'supplier' ? SUPPLIER_NAME : (`${source} as ${key}` as SelectedField),
);

/** `book` keeps its row. */
export const STORED_COLUMNS = [
  ...FIELDS_OF_ALL.map(({ column }) => column as ProductField<Exclude<FieldKey, BookKey>>['column']),
  'rounded_up' as const,
];

export function selectProducts(db: Kysely<Catalogue>) {
  return db
    .selectFrom('product')
    .innerJoin('category', 'category.id', 'product.category_id')
    .select(['product.id', ...SELECTED_FIELDS, BOOK])
    .select(['product.available', 'product.stock_level as level'])
    .select(['product.updated_at as updatedAt', 'product.version']);
}

interface ProductRow extends Omit<Product, 'available' | 'level' | BookKey> {
  available: 0 | 1;
  level: 0 | 1 | 2;
  book: Book | null;
}

export function toProduct({ book, ...row }: ProductRow): Product {
  return {
    ...row,
    ...(book ?? NO_BOOK),
    available: row.available === 1,
    level: STOCK_LEVELS[row.level],
  };
}

export async function findProduct(db: Kysely<Catalogue>, id: number): Promise<Product | undefined> {
  const row = await selectProducts(db).where('product.id', '=', id).executeTakeFirst();
  return row && toProduct(row);
}

export interface ProductOnPage {
  product: Product;
  unit: Unit;
  /** The ids of its photos. */
  photos: Buffer[];
  /** Null: the shop itself. */
  seller: { id: number; name: string; isApproved: boolean } | null;
}

export async function findProductOnPage(
  db: Kysely<Catalogue>,
  id: number,
): Promise<ProductOnPage | undefined> {
  const row = await selectProducts(db)
    .leftJoin('unit', 'unit.code', 'product.unit')
    .leftJoin('seller', 'seller.id', 'product.seller_id')
    .select([...UNIT_WORDS, PHOTO_IDS])
    .select(['product.seller_id as sellerId', 'seller.name as sellerName', 'seller.state as sellerState'])
    .where('product.id', '=', id)
    .executeTakeFirst();
  if (!row) return undefined;
  const { photos, singular, plural, decimals, sellerId, sellerName, sellerState, ...product } = row;
  return {
    product: toProduct(product),
    unit: toUnit(row.unit, { singular, plural, decimals }),
    photos: readPhotoIds(photos),
    seller:
      sellerId === null
        ? null
        : { id: sellerId, name: sellerName ?? '', isApproved: sellerState === 'approved' },
  };
}

/**
 * @param sellerId null: of the shop itself; it never changes
 * @throws CodeTakenError, BarcodeTakenError, CategoryGoneError, UnitDecimalsError
 */
export async function createProduct(
  trx: Transaction<Catalogue>,
  { input, isNewCategory }: NewProductInput,
  actor: MovementActor,
  sellerId: number | null = null,
): Promise<number> {
  const category = await findOrCreateCategory(trx, input.category, { isTyped: isNewCategory });
  await useUnit(trx, input.unit, input.quantity);
  const references = {
    category_id: category.id,
    supplier_id: await findOrCreateSupplier(trx, input.supplier),
  };
  const productId = await throwIfTaken(trx, input, () =>
    insertProduct(trx, { ...ownColumns(input), ...references, seller_id: sellerId }, actor),
  );
  if (isBook(input)) await saveBook(trx, productId, input);
  const { name, code, quantity, unit } = input;
  await recordProductEvent(trx, {
    action: 'product.registered',
    actor,
    target: { id: productId, name },
    details: { code, quantity, unit },
  });
  return productId;
}

export interface SavedEdit {
  name: string;
  taken: SavedChange[];
  /** Those that hold more than there is now. */
  shortOrders: string[];
}

/**
 * @param sellerId of the seller whose product it has to be; undefined: any product
 * @throws ProductNotFoundError, ProductDeletedError, VersionConflictError, CodeTakenError, BarcodeTakenError,
 *   UnitDecimalsError
 */
export async function updateProduct(
  trx: Transaction<Catalogue>,
  id: number,
  edit: ProductEdit,
  actor: MovementActor,
  sellerId?: number,
): Promise<SavedEdit> {
  const { current, now, reserved } = await lockProduct(trx, id, sellerId);
  const { merged, taken } = await mergeOrRefuse(trx, current, edit);
  await saveEdit(trx, current, { ...edit, input: merged, savedAt: now }, actor);
  const shortOrders = reserved > merged.quantity ? await listShortOrders(trx, ofProduct(id)) : [];
  return { name: merged.name, taken, shortOrders };
}

/** @throws VersionConflictError */
export async function mergeOrRefuse(trx: Transaction<Catalogue>, current: Product, edit: ProductEdit) {
  const { merged, taken, disputed } = mergeEdit(current, edit);
  const describe = (fields: FieldKey[]) => describeChanges(trx, current, fields, edit.opened);
  const changes = { taken: await describe(taken), disputed: await describe(disputed) };
  if (disputed.length > 0) throw new VersionConflictError(current, changes);
  return { merged, taken: changes.taken };
}

/** @throws CodeTakenError, BarcodeTakenError, CategoryGoneError, UnitDecimalsError */
export async function saveEdit(
  trx: Transaction<Catalogue>,
  before: Product,
  { input, isNewCategory, savedAt }: NewProductInput & { savedAt: Date },
  actor: MovementActor,
): Promise<void> {
  const isMoved = input.category !== before.category;
  const category = isMoved
    ? await findOrCreateCategory(trx, input.category, { isTyped: isNewCategory })
    : undefined;
  await useUnit(trx, input.unit, input.quantity);
  const hasOtherSupplier = input.supplier !== before.supplier;
  const { quantity, ...own } = ownColumns(input);
  const columns = {
    ...own,
    ...(category && { category_id: category.id }),
    ...(hasOtherSupplier && { supplier_id: await findOrCreateSupplier(trx, input.supplier) }),
  };
  const cause = { reason: 'edit', actor } as const;
  await throwIfTaken(trx, { id: before.id, barcodes: input.barcodes }, () =>
    saveQuantity(trx, before, { quantity, columns, savedAt }, cause),
  );
  if (!hasSameBook(input, before)) await saveBook(trx, before.id, input);
  const saved = { ...input, category: category?.name ?? before.category };
  const details = { changes: changesBetween(before, saved) };
  await recordProductEvent(trx, {
    action: 'product.edited',
    actor,
    target: before,
    details,
  });
}

function changesBetween(before: Product, after: ProductInput) {
  const differing = differingFields(before, after);
  return Object.fromEntries(differing.map((field) => [field, [before[field], after[field]]]));
}

export interface CountedProduct extends Product {
  /** The numbers of the orders that hold more than there is now, if any. */
  shortOrders?: string[];
}

/** @throws ProductNotFoundError, ProductDeletedError, VersionConflictError, UnitDecimalsError */
export async function setQuantity(
  trx: Transaction<Catalogue>,
  id: number,
  { quantity, version, was }: { quantity: number; version: number; was?: number | undefined },
  actor: MovementActor,
): Promise<CountedProduct> {
  const { current, now, reserved } = await lockProduct(trx, id);
  // A change of another field does not make a count stale.
  if (current.version !== version && current.quantity !== was) throw new VersionConflictError(current);
  if (quantity === current.quantity) return current;
  await checkDecimals(trx, current.unit, quantity);
  const cause = { reason: 'count', actor } as const;
  await saveQuantity(trx, current, { quantity, savedAt: now }, cause);
  const details = { from: current.quantity, to: quantity };
  await recordProductEvent(trx, {
    action: 'product.counted',
    actor,
    target: current,
    details,
  });
  const level = levelOf({ ...current, quantity, reserved });
  return {
    ...current,
    quantity,
    available: quantity > 0,
    level,
    updatedAt: now,
    version: current.version + 1,
    ...(reserved > quantity && (await shortOrdersOf(trx, id))),
  };
}

async function shortOrdersOf(
  trx: Transaction<Catalogue>,
  id: number,
): Promise<Pick<CountedProduct, 'shortOrders'>> {
  const shortOrders = await listShortOrders(trx, ofProduct(id));
  return shortOrders.length > 0 ? { shortOrders } : {};
}

/** @throws ProductNotFoundError, ProductDeletedError, InsufficientStockError, UnitDecimalsError */
export async function adjustQuantity(
  trx: Transaction<Catalogue>,
  id: number,
  delta: number,
  actor: MovementActor,
  details?: MovementDetails,
): Promise<CountedProduct> {
  if (!Number.isInteger(delta)) {
    const { current } = await lockProduct(trx, id);
    await checkDecimals(trx, current.unit, delta, 'amount');
  }
  try {
    await recordStockMovement(trx, { productId: id, delta, reason: 'adjustment', actor, details });
  } catch (error) {
    if (isDomainError(error, 'insufficient_stock')) await getProduct(trx, id);
    throw error;
  }
  const { current: product, reserved } = await lockProduct(trx, id);
  await recordProductEvent(trx, {
    action: 'product.adjusted',
    actor,
    target: product,
    details: { delta, to: product.quantity, ...details },
  });
  return { ...product, ...(reserved > product.quantity && (await shortOrdersOf(trx, id))) };
}

async function getProduct(db: Kysely<Catalogue>, id: number): Promise<Product> {
  const product = await findProduct(db, id);
  if (!product) throw await missing(db, id);
  return product;
}

/**
 * `now` is the database's time.
 *
 * @param sellerId of the seller whose product it has to be; of others, nothing is told
 * @throws ProductNotFoundError, ProductDeletedError
 */
export async function lockProduct(
  trx: Transaction<Catalogue>,
  id: number,
  sellerId?: number,
): Promise<{ current: Product; now: Date; reserved: number }> {
  const row = await selectProducts(trx)
    // CURRENT_TIMESTAMP would be the time before the wait for the lock.
    .select(sql<Date>`SYSDATE(3)`.as('now'))
    .select('product.reserved')
    .where('product.id', '=', id)
    .$if(sellerId !== undefined, (query) => query.where('product.seller_id', '=', sellerId!))
    .forUpdate('product')
    .executeTakeFirst();
  if (!row) throw sellerId === undefined ? await missing(trx, id) : new ProductNotFoundError();
  const { now, reserved, ...current } = row;
  return { current: toProduct(current), now, reserved };
}
