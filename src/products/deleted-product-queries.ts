import { sql, type Kysely, type Transaction } from 'kysely';
import { recordProductEvent } from '../audit/audit-trail.ts';
import type { Catalogue } from '../database/tables.ts';
import { moveBackFromDeleted, moveToDeleted } from '../stock/deleted-products.ts';
import { listHoldingOrders } from '../stock/short-orders.ts';
import { levelOf } from '../stock/stock-level.ts';
import type { MovementActor } from '../stock/stock-movements.ts';
import { throwIfTaken } from './barcode-queries.ts';
import { DELETED_BOOK, NO_BOOK, type Book } from './book-queries.ts';
import { findOrCreateCategory } from './category-queries.ts';
import { isWithinUndo } from './deletions.ts';
import {
  NotInTrashError,
  ProductHeldError,
  RestoreBarcodeTakenError,
  RestoreCodeTakenError,
  RestoreTooLateError,
} from './product-errors.ts';
import type { ProductInput } from './product-fields.ts';
import type { ProductEdit } from './product-merge.ts';
import {
  lockProduct,
  mergeOrRefuse,
  saveEdit,
  SELECTED_FIELDS,
  STORED_COLUMNS,
  updateProduct,
  type SavedEdit,
} from './product-queries.ts';
import type { Product } from './product.ts';

/** @throws ProductNotFoundError, ProductDeletedError, ProductHeldError */
export async function deleteProduct(
  trx: Transaction<Catalogue>,
  id: number,
  actor: { kind: 'user'; id: number },
): Promise<Product> {
  const { current: product, reserved } = await lockProduct(trx, id);
  if (reserved > 0) throw new ProductHeldError(await listHoldingOrders(trx, id));
  await moveToDeleted(trx, { id, userId: actor.id }, STORED_COLUMNS);
  await recordEvent(trx, 'product.deleted', product, actor);
  return product;
}

/** @throws RestoreTooLateError after `UNDO_MINUTES`, RestoreCodeTakenError, RestoreBarcodeTakenError */
export async function restoreProduct(
  trx: Transaction<Catalogue>,
  id: number,
  actor: MovementActor,
): Promise<void> {
  const deleted = await lockDeleted(trx, id);
  if (!deleted) throw new RestoreTooLateError();
  await moveBack(trx, deleted.product, actor);
}

/** As long as the trash holds it. @throws NotInTrashError, RestoreCodeTakenError, RestoreBarcodeTakenError */
export async function restoreFromTrash(
  trx: Transaction<Catalogue>,
  id: number,
  actor: MovementActor,
): Promise<{ name: string }> {
  const row = await selectDeleted(trx, id).forUpdate('product').executeTakeFirst();
  if (!row) throw new NotInTrashError();
  await moveBack(trx, row, actor);
  return { name: row.name };
}

async function moveBack(
  trx: Transaction<Catalogue>,
  product: { id: number; name: string; code: string; barcodes: string },
  actor: MovementActor,
): Promise<void> {
  const refusals = { code: RestoreCodeTakenError, barcode: RestoreBarcodeTakenError };
  const restore = () => moveBackFromDeleted(trx, product.id, STORED_COLUMNS);
  await throwIfTaken(trx, product, restore, refusals);
  await recordEvent(trx, 'product.restored', product, actor);
}

/** @throws ProductNotFoundError, ProductDeletedError, VersionConflictError, CodeTakenError, BarcodeTakenError */
export async function restoreAndUpdate(
  trx: Transaction<Catalogue>,
  id: number,
  edit: ProductEdit,
  actor: MovementActor,
): Promise<SavedEdit> {
  const deleted = await lockDeleted(trx, id);
  // Someone has restored it in the meantime, or it is too late.
  if (!deleted) return updateProduct(trx, id, edit, actor);
  const { merged, taken } = await mergeOrRefuse(trx, deleted.product, edit);
  // The category is locked before the code (docs/decisions/locks.md).
  await findOrCreateCategory(trx, merged.category, { isTyped: edit.isNewCategory });
  // The edit may replace a code or a barcode that is taken by now.
  const { code, barcodes } = merged;
  await throwIfTaken(trx, { id, barcodes }, () =>
    moveBackFromDeleted(trx, id, STORED_COLUMNS, { code, barcodes }),
  );
  await recordEvent(trx, 'product.restored', deleted.product, actor);
  const restored = { ...deleted.product, version: deleted.product.version + 1 };
  await saveEdit(trx, restored, { ...edit, input: merged, savedAt: deleted.now }, actor);
  // A deleted product is held by no order.
  return { name: merged.name, taken, shortOrders: [] };
}

async function recordEvent(
  trx: Transaction<Catalogue>,
  action: 'product.deleted' | 'product.restored',
  product: { id: number; name: string; code: string },
  actor: MovementActor,
): Promise<void> {
  await recordProductEvent(trx, { action, actor, target: product, details: { code: product.code } });
}

function selectDeleted(db: Kysely<Catalogue>, id: number) {
  return db
    .selectFrom('deleted_product as product')
    .innerJoin('category', 'category.id', 'product.category_id')
    .select(['product.id', ...SELECTED_FIELDS, DELETED_BOOK])
    .select(['product.deleted_at as updatedAt', 'product.version', sql<Date>`SYSDATE(3)`.as('now')])
    .where('product.id', '=', id);
}

function selectRestorable(db: Kysely<Catalogue>, id: number) {
  return selectDeleted(db, id).where(isWithinUndo);
}

export async function findDeletedProduct(
  db: Kysely<Catalogue>,
  id: number,
): Promise<(ProductInput & { version: number }) | undefined> {
  const row = await selectRestorable(db, id).executeTakeFirst();
  return row && withBook(row);
}

async function lockDeleted(
  trx: Transaction<Catalogue>,
  id: number,
): Promise<{ product: Product; now: Date } | undefined> {
  const row = await selectRestorable(trx, id).forUpdate('product').executeTakeFirst();
  if (!row) return undefined;
  const { now, ...product } = withBook(row);
  return { product: { ...product, available: product.quantity > 0, level: levelOf(product) }, now };
}

function withBook<T extends { book: Book | null }>({ book, ...row }: T): Omit<T, 'book'> & Book {
  return { ...row, ...(book ?? NO_BOOK) };
}
