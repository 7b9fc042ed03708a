import { sql, type Kysely, type Transaction } from 'kysely';
import { Refusal } from '../database/refusal.ts';
import type { Database, MovementReason } from '../database/tables.ts';
import { MAX_QUANTITY } from '../products/product.ts';

/** More would be taken out than there is, or put in than can be counted. */
export class InsufficientStockError extends Refusal<{ delta: number }> {
  static {
    this.register();
  }
}

export interface NewMovement {
  productId: number;
  /** What came in (positive) or went out (negative), in the product's unit; not zero. */
  delta: number;
  reason: MovementReason;
  userId: number;
}

/**
 * Adds `delta` to the quantity on hand and writes the ledger row; the only way a quantity changes.
 *
 * @throws InsufficientStockError when the quantity would fall below zero or exceed the largest one
 */
export async function recordStockMovement(trx: Transaction<Database>, movement: NewMovement): Promise<void> {
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
  if (numUpdatedRows === 0n) throw new InsufficientStockError({ delta });
  await writeLedgerRow(trx, movement);
}

/** Writes the first ledger row of a product that was just registered with a quantity. */
export async function recordInitialStock(
  trx: Transaction<Database>,
  movement: Pick<NewMovement, 'productId' | 'userId'>,
): Promise<void> {
  await sql`
    INSERT INTO stock_movement (product_id, delta, quantity_after, reason, user_id)
    SELECT id, quantity, quantity, 'initial', ${movement.userId}
    FROM product WHERE id = ${movement.productId} AND quantity > 0`.execute(trx);
}

async function writeLedgerRow(trx: Transaction<Database>, { productId, delta, reason, userId }: NewMovement) {
  // The row is locked by the UPDATE before, so its quantity is the one that this movement left.
  await sql`
    INSERT INTO stock_movement (product_id, delta, quantity_after, reason, user_id)
    SELECT id, ${delta}, quantity, ${reason}, ${userId} FROM product WHERE id = ${productId}`.execute(trx);
}

export interface StockMovement {
  id: number;
  delta: number;
  quantityAfter: number;
  reason: MovementReason;
  username: string;
  createdAt: Date;
}

/** The newest movements of a product, at most `limit`, older ones with `before` (a movement's id). */
export async function listStockMovements(
  db: Kysely<Database>,
  productId: number,
  { limit, before }: { limit: number; before?: number | undefined },
): Promise<StockMovement[]> {
  return db
    .selectFrom('stock_movement')
    .innerJoin('user', 'user.id', 'stock_movement.user_id')
    .where('product_id', '=', productId)
    .$if(before !== undefined, (query) => query.where('stock_movement.id', '<', before!))
    .select([
      'stock_movement.id',
      'delta',
      'quantity_after as quantityAfter',
      'reason',
      'username',
      'stock_movement.created_at as createdAt',
    ])
    .orderBy('stock_movement.id', 'desc')
    .limit(limit)
    .execute();
}
