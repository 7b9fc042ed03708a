import { sql, type Transaction } from 'kysely';
import type { DatabaseGroup } from '../database/database-group.ts';
import type { Catalogue } from '../database/tables.ts';
import { cancelOrder } from '../orders/cancel-order.ts';
import { lockOrder } from '../orders/order-holds.ts';
import { deleteProofFile } from '../orders/proof-files.ts';
import { findPaid } from '../orders/refunds.ts';

const AT_ONCE = 500;
const OVER = ['completed', 'cancelled', 'expired'] as const;

/** Their cart goes, what is unpaid is cancelled, and the data go from orders as soon as these are over. */
export async function forgetCustomer(catalogue: DatabaseGroup<Catalogue>, customerId: number): Promise<void> {
  await catalogue.transact((trx) => trx.deleteFrom('cart').where('customer_id', '=', customerId).execute());
  for (;;) {
    const orders = await catalogue.transact((trx) =>
      trx
        .selectFrom('shop_order')
        .select('id')
        .where('customer_id', '=', customerId)
        .where('is_forgotten', '=', 0)
        .limit(AT_ONCE)
        .execute(),
    );
    for (const { id } of orders) await catalogue.transact((trx) => forgetOrder(trx, id, customerId));
    if (orders.length < AT_ONCE) return;
  }
}

async function forgetOrder(trx: Transaction<Catalogue>, id: number, customerId: number): Promise<void> {
  const { state } = await lockOrder(trx, id);
  if (state === 'awaiting_payment' && !(await findPaid(trx, id)))
    await cancelOrder(trx, { orderId: id, actor: { kind: 'customer', id: customerId } });
  await trx.updateTable('shop_order').set({ is_forgotten: 1 }).where('id', '=', id).execute();
}

/** What is sold and paid stays; who it was for goes, unless money or goods are still to come back. */
export async function deleteForgottenData(trx: Transaction<Catalogue>) {
  await sql`
    UPDATE return_request JOIN shop_order ON shop_order.id = order_id SET reason = ''
    WHERE is_forgotten = 1 AND shop_order.state IN (${sql.join([...OVER])}) AND is_open IS NULL AND reason <> ''`.execute(
    trx,
  );
  await deleteProofs(trx);
  return sql`
    UPDATE shop_order SET is_forgotten = 0, customer_id = NULL, email = '', name = '', phone = '', address = NULL
    WHERE is_forgotten = 1 AND state IN (${sql.join([...OVER])})
      AND NOT EXISTS (SELECT 1 FROM refund WHERE order_id = shop_order.id AND refund.state <> 'done')
      AND NOT EXISTS (SELECT 1 FROM return_request WHERE order_id = shop_order.id AND is_open = 1)
    ORDER BY id LIMIT ${sql.lit(AT_ONCE)}`.execute(trx);
}

/** A bank's paper that staff added after the account was deleted. */
async function deleteProofs(trx: Transaction<Catalogue>): Promise<void> {
  const proofs = await trx
    .selectFrom('shop_order')
    .innerJoin('payment', 'payment.order_id', 'shop_order.id')
    .innerJoin('payment_proof', 'payment_proof.payment_id', 'payment.id')
    .select(['payment_proof.id', 'file_id as fileId'])
    .where('is_forgotten', '=', 1)
    .where('shop_order.state', 'in', OVER)
    .where('file_id', 'is not', null)
    .limit(AT_ONCE)
    .execute();
  for (const { id, fileId } of proofs) await deleteProofFile(trx, id, fileId!);
}
