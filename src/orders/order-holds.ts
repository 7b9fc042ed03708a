import { sql, type Transaction } from 'kysely';
import type { Catalogue } from '../database/tables.ts';
import { hold, release, type StockLine } from '../stock/holds.ts';

/** Locks the row of an order, which all that changes it takes first. */
export async function lockOrder(trx: Transaction<Catalogue>, id: number) {
  return trx
    .selectFrom('shop_order')
    .select(['id', 'number', 'state', 'total', 'currency', 'created_at as createdAt'])
    .select(['email', 'is_forgotten as isForgotten'])
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirstOrThrow();
}

/** The order must be locked. Its products are locked by this, so it comes last. */
export async function releaseHolds(trx: Transaction<Catalogue>, orderId: number): Promise<void> {
  const lines = await linesOf(trx, orderId, 'held');
  await trx.updateTable('order_line').set({ held: 0 }).where('order_id', '=', orderId).execute();
  await release(trx, lines);
}

/** Of an order that has shipped nothing, at the prices agreed. @throws OutOfStockError, then roll back */
export async function holdAgain(trx: Transaction<Catalogue>, orderId: number): Promise<void> {
  const lines = await linesOf(trx, orderId, 'quantity');
  await trx
    .updateTable('order_line')
    .set({ held: sql.ref('quantity') })
    .where('order_id', '=', orderId)
    .execute();
  await hold(trx, lines);
}

async function linesOf(
  trx: Transaction<Catalogue>,
  orderId: number,
  column: 'held' | 'quantity',
): Promise<StockLine[]> {
  return trx
    .selectFrom('order_line')
    .select(['product_id as productId', `${column} as quantity`])
    .where('order_id', '=', orderId)
    .where(column, '>', 0)
    .execute();
}
