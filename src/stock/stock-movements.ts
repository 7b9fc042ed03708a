import { sql, type RawBuilder, type Transaction, type Updateable } from 'kysely';
import type { ActorKind, Catalogue, MovementReason } from '../database/tables.ts';
import { DomainError } from '../errors/domain-error.ts';

/** What an INT of MySQL holds. */
export const MAX_QUANTITY = 2_147_483_647;

/** More would be taken out than there is, or put in than can be counted. */
export class InsufficientStockError extends DomainError {
  constructor(delta: number) {
    const textKey = delta < 0 ? 'product.errors.insufficient' : 'product.errors.tooMany';
    super({ code: 'insufficient_stock', status: 422, textKey, details: { delta } });
  }
}

/** Who moves stock: `id` counts within its kind, and is null where the system itself does it. */
export interface MovementActor {
  kind: ActorKind;
  id: number | null;
}

/** What a movement belongs to, such as an import or an order. */
export interface MovementDocument {
  kind: string;
  id: number;
}

/** Who moves stock, why, and for which document. */
export interface MovementCause {
  reason: MovementReason;
  actor: MovementActor;
  document?: MovementDocument | undefined;
}

export interface NewMovement extends MovementCause {
  productId: number;
  /** What came in (positive) or went out (negative), in the product's unit; not zero. */
  delta: number;
}

/**
 * Adds `delta` to the quantity on hand and writes the ledger row.
 *
 * @throws InsufficientStockError when the quantity would fall below zero or exceed the largest one, or there
 *   is no such product
 */
export async function recordStockMovement(trx: Transaction<Catalogue>, movement: NewMovement): Promise<void> {
  const { productId, delta } = movement;
  const { numUpdatedRows } = await trx
    .updateTable('product')
    .set({
      quantity: sql`quantity + ${delta}`,
      version: sql`version + 1`,
      updated_at: sql`CURRENT_TIMESTAMP(3)`,
    })
    .where('id', '=', productId)
    .where(sql<boolean>`quantity + ${delta} BETWEEN 0 AND ${MAX_QUANTITY}`)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n) throw new InsufficientStockError(delta);
  // The UPDATE has locked the row, so its quantity is the one that this movement left.
  const left = sql<number>`(SELECT quantity FROM product WHERE id = ${productId})`;
  await writeLedgerRow(trx, movement, left);
}

/** A product whose row this transaction has locked. */
export interface LockedProduct {
  id: number;
  quantity: number;
  version: number;
}

export interface ProductChange {
  quantity: number;
  /** What else an edit changes. */
  columns?: Omit<Updateable<Catalogue['product']>, 'id' | 'quantity' | 'reserved' | 'version' | 'updated_at'>;
  savedAt: Date;
}

/** Saves a quantity that somebody typed, and the rest of an edit with it, and writes the ledger row. */
export async function saveQuantity(
  trx: Transaction<Catalogue>,
  { id, quantity: before, version }: LockedProduct,
  { quantity, columns, savedAt }: ProductChange,
  cause: MovementCause,
): Promise<void> {
  const { numUpdatedRows } = await trx
    .updateTable('product')
    .set({ ...columns, quantity, version: version + 1, updated_at: savedAt })
    .where('id', '=', id)
    .where('version', '=', version)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n) throw new Error(`Product ${id} was not locked at version ${version}`);
  const delta = quantity - before;
  if (delta !== 0) await writeLedgerRow(trx, { ...cause, productId: id, delta }, quantity);
}

/** @param quantityAfter of a row that this transaction has locked */
export async function writeLedgerRow(
  trx: Transaction<Catalogue>,
  { productId, delta, reason, actor, document }: NewMovement,
  quantityAfter: number | RawBuilder<number>,
): Promise<void> {
  await trx
    .insertInto('stock_movement')
    .values({
      ...{ product_id: productId, delta, quantity_after: quantityAfter, reason, ...actorColumns(actor) },
      ...(document && { document_kind: document.kind, document_id: document.id }),
    })
    .execute();
}

/** The version before reads `user_id`. */
export function actorColumns({ kind, id }: MovementActor) {
  return { actor_kind: kind, actor_id: id, user_id: kind === 'user' ? id : null };
}
