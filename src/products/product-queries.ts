import { sql, type Kysely, type Transaction } from 'kysely';
import { recordProductEvent } from '../audit/audit-trail.ts';
import { isDuplicateKey } from '../database/mysql-errors.ts';
import type { Catalogue } from '../database/tables.ts';
import { DomainError, isDomainError } from '../errors/domain-error.ts';
import { moveBackFromDeleted, moveToDeleted } from '../stock/deleted-products.ts';
import { insertProduct } from '../stock/initial-stock.ts';
import { recordStockMovement, saveQuantity, type MovementActor } from '../stock/stock-movements.ts';
import { findOrCreateCategory } from './category-queries.ts';
import {
  differingFields,
  PRODUCT_FIELDS,
  type FieldKey,
  type ProductField,
  type ProductInput,
} from './product-fields.ts';
import type { Product, SavedProduct } from './product.ts';

const UNDO_MINUTES = 60;

export class CodeTakenError extends DomainError {
  constructor() {
    super({ code: 'code_taken', status: 422, textKey: 'product.errors.codeTaken', field: 'code' });
  }
}

export class ProductNotFoundError extends DomainError {
  constructor() {
    super({ code: 'product_not_found', status: 404, textKey: 'errors.productNotFound' });
  }
}

/** Someone else saved first; `details.current` is the product as saved. */
export class VersionConflictError extends DomainError {
  constructor(current: SavedProduct) {
    super({ code: 'version_conflict', status: 409, textKey: 'product.conflict', details: { current } });
  }
}

export class RestoreCodeTakenError extends DomainError {
  constructor() {
    super({ code: 'restore_code_taken', status: 409, textKey: 'errors.restoreCodeTaken' });
  }
}

export class RestoreTooLateError extends DomainError {
  constructor() {
    super({ code: 'restore_too_late', status: 404, textKey: 'errors.restoreTooLate' });
  }
}

type SelectedField = { [Key in FieldKey]: `${ProductField<Key>['source']} as ${Key}` }[FieldKey];
const SELECTED_FIELDS = PRODUCT_FIELDS.map(({ key, source }) => `${source} as ${key}` as SelectedField);

const STORED_COLUMNS = PRODUCT_FIELDS.map(({ column }) => column);

export function selectProducts(db: Kysely<Catalogue>) {
  return db
    .selectFrom('product')
    .innerJoin('category', 'category.id', 'product.category_id')
    .select(['product.id', ...SELECTED_FIELDS])
    .select(['product.available', 'product.updated_at as updatedAt', 'product.version']);
}

export function toProduct(row: Omit<Product, 'available'> & { available: 0 | 1 }): Product {
  return { ...row, available: row.available === 1 };
}

export async function findProduct(db: Kysely<Catalogue>, id: number): Promise<Product | undefined> {
  const row = await selectProducts(db).where('product.id', '=', id).executeTakeFirst();
  return row && toProduct(row);
}

/** @throws CodeTakenError */
export async function createProduct(
  trx: Transaction<Catalogue>,
  { category, ...product }: ProductInput,
  actor: MovementActor,
): Promise<number> {
  const categoryId = await findOrCreateCategory(trx, category);
  const productId = await throwIfCodeTaken(() =>
    insertProduct(trx, { ...product, category_id: categoryId }, actor),
  );
  const { name, code, quantity, unit } = product;
  await recordProductEvent(trx, {
    action: 'product.registered',
    actor,
    target: { id: productId, name },
    details: { code, quantity, unit },
  });
  return productId;
}

/** @throws ProductNotFoundError, VersionConflictError, CodeTakenError */
export async function updateProduct(
  trx: Transaction<Catalogue>,
  id: number,
  version: number,
  input: ProductInput,
  actor: MovementActor,
): Promise<void> {
  const { category, quantity, ...product } = input;
  const { current, now } = await lockProduct(trx, id);
  if (current.version !== version) throw new VersionConflictError(current);
  const isMoved = category !== current.category;
  const columns = {
    ...product,
    ...(isMoved && { category_id: await findOrCreateCategory(trx, category) }),
  };
  const cause = { reason: 'edit', actor } as const;
  await throwIfCodeTaken(() => saveQuantity(trx, current, { quantity, columns, savedAt: now }, cause));
  const details = { changes: changesBetween(current, input) };
  await recordProductEvent(trx, {
    action: 'product.edited',
    actor,
    target: current,
    details,
  });
}

function changesBetween(before: Product, after: ProductInput) {
  const differing = differingFields(before, after);
  return Object.fromEntries(differing.map((field) => [field, [before[field], after[field]]]));
}

/** @throws ProductNotFoundError, VersionConflictError */
export async function setQuantity(
  trx: Transaction<Catalogue>,
  id: number,
  { quantity, version }: { quantity: number; version: number },
  actor: MovementActor,
): Promise<Product> {
  const { current, now } = await lockProduct(trx, id);
  if (current.version !== version) throw new VersionConflictError(current);
  if (quantity === current.quantity) return current;
  const cause = { reason: 'count', actor } as const;
  await saveQuantity(trx, current, { quantity, savedAt: now }, cause);
  const details = { from: current.quantity, to: quantity };
  await recordProductEvent(trx, {
    action: 'product.counted',
    actor,
    target: current,
    details,
  });
  return { ...current, quantity, available: quantity > 0, updatedAt: now, version: version + 1 };
}

/** @throws ProductNotFoundError, InsufficientStockError */
export async function adjustQuantity(
  trx: Transaction<Catalogue>,
  id: number,
  delta: number,
  actor: MovementActor,
): Promise<Product> {
  try {
    await recordStockMovement(trx, { productId: id, delta, reason: 'adjustment', actor });
  } catch (error) {
    if (isDomainError(error, 'insufficient_stock')) await getProduct(trx, id);
    throw error;
  }
  const product = await getProduct(trx, id);
  const details = { delta, to: product.quantity };
  await recordProductEvent(trx, {
    action: 'product.adjusted',
    actor,
    target: product,
    details,
  });
  return product;
}

/** @throws ProductNotFoundError */
export async function deleteProduct(
  trx: Transaction<Catalogue>,
  id: number,
  actor: { kind: 'user'; id: number },
): Promise<Product> {
  const { current: product } = await lockProduct(trx, id);
  await moveToDeleted(trx, { id, userId: actor.id }, STORED_COLUMNS);
  const details = { code: product.code };
  await recordProductEvent(trx, {
    action: 'product.deleted',
    actor,
    target: product,
    details,
  });
  return product;
}

/** @throws RestoreTooLateError after `UNDO_MINUTES`, RestoreCodeTakenError */
export async function restoreProduct(
  trx: Transaction<Catalogue>,
  id: number,
  actor: MovementActor,
): Promise<void> {
  const deleted = await trx
    .selectFrom('deleted_product')
    .select(['id', 'name', 'code'])
    .where('id', '=', id)
    .where('deleted_at', '>', sql<Date>`CURRENT_TIMESTAMP(3) - INTERVAL ${sql.lit(UNDO_MINUTES)} MINUTE`)
    .forUpdate()
    .executeTakeFirst();
  if (!deleted) throw new RestoreTooLateError();
  await throwIfCodeTaken(() => moveBackFromDeleted(trx, id, STORED_COLUMNS), RestoreCodeTakenError);
  const details = { code: deleted.code };
  await recordProductEvent(trx, {
    action: 'product.restored',
    actor,
    target: deleted,
    details,
  });
}

async function getProduct(db: Kysely<Catalogue>, id: number): Promise<Product> {
  const product = await findProduct(db, id);
  if (!product) throw new ProductNotFoundError();
  return product;
}

/** Locks the row; `now` is the database's time. */
async function lockProduct(
  trx: Transaction<Catalogue>,
  id: number,
): Promise<{ current: Product; now: Date }> {
  const row = await selectProducts(trx)
    // CURRENT_TIMESTAMP would be the time before the wait for the lock.
    .select(sql<Date>`SYSDATE(3)`.as('now'))
    .where('product.id', '=', id)
    .forUpdate('product')
    .executeTakeFirst();
  if (!row) throw new ProductNotFoundError();
  const { now, ...current } = row;
  return { current: toProduct(current), now };
}

async function throwIfCodeTaken<T>(save: () => Promise<T>, Refusal = CodeTakenError): Promise<T> {
  try {
    return await save();
  } catch (error) {
    if (isDuplicateKey(error)) throw new Refusal();
    throw error;
  }
}
