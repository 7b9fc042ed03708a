import { sql, type Transaction } from 'kysely';
import type { DatabaseGroup } from '../database/database-group.ts';
import type { Databases } from '../database/databases.ts';
import type { Catalogue } from '../database/tables.ts';
import type { Jobs } from '../jobs/jobs.ts';
import { queueMail } from '../mail/mail.ts';
import { SELLER_PARCEL } from '../orders/seller-parcels.ts';
import { SELLER_SOLD } from './seller-mails.ts';
import { takeOffSale } from './seller-queries.ts';

const AT_ONCE = 500;

/** Tells sellers what they have sold. */
export function sellerJobs(jobs: Jobs, { catalogue, directory }: Databases): void {
  jobs.handle(SELLER_PARCEL, async ({ parcel }) => {
    const sale = await catalogue.transact((trx) =>
      trx
        .selectFrom('parcel')
        .innerJoin('shop_order', 'shop_order.id', 'parcel.order_id')
        .innerJoin('seller', 'seller.id', 'parcel.seller_id')
        .select(['shop_order.number', 'seller.customer_id as customerId'])
        .where('parcel.id', '=', parcel)
        .executeTakeFirst(),
    );
    if (!sale) return;
    const { number, customerId } = sale;
    await directory.transact(async (trx) => {
      const customer = await trx
        .selectFrom('customer')
        .select(['email', 'language'])
        .where('id', '=', customerId)
        .executeTakeFirst();
      if (!customer) return;
      const { email: to, language } = customer;
      const eventKey = `seller-sold:${parcel}`;
      await queueMail(trx, { eventKey, to, language, template: SELLER_SOLD, data: { number } });
    });
    jobs.wakeOutbox();
  });
  jobs.cleanUp('data of former sellers', catalogue, deleteFormerSellers);
}

/** The account of a seller was deleted: nothing of theirs is sold any more. */
export async function forgetSeller(catalogue: DatabaseGroup<Catalogue>, customerId: number): Promise<void> {
  await catalogue.transact(async (trx) => {
    const seller = await trx
      .selectFrom('seller')
      .select('id')
      .where('customer_id', '=', customerId)
      .forUpdate()
      .executeTakeFirst();
    if (!seller) return;
    await trx
      .updateTable('seller')
      .set({ state: 'suspended', is_forgotten: 1, version: sql`version + 1` })
      .where('id', '=', seller.id)
      .execute();
    await takeOffSale(trx, seller.id);
  });
}

/** They had, or have, something to sell: orders and payouts name them. */
const IS_NAMED = sql<boolean>`(
  EXISTS (SELECT 1 FROM product WHERE seller_id = seller.id)
  OR EXISTS (SELECT 1 FROM deleted_product WHERE seller_id = seller.id)
  OR EXISTS (SELECT 1 FROM order_line WHERE order_line.seller_id = seller.id)
  OR EXISTS (SELECT 1 FROM payout WHERE payout.seller_id = seller.id))`;

/** How they are reached and paid goes once nothing is to be sent or paid; their name, unless something was sold. */
export async function deleteFormerSellers(trx: Transaction<Catalogue>) {
  return sql`
    UPDATE seller SET is_forgotten = 0, contact = '', pay_to = '', about = '', reason = '',
      name = IF(${IS_NAMED}, name, CONCAT('#', id))
    WHERE is_forgotten = 1
      AND NOT EXISTS (SELECT 1 FROM order_line WHERE due_seller = seller.id)
      AND NOT EXISTS (SELECT 1 FROM order_line WHERE order_line.seller_id = seller.id AND held > 0)
    ORDER BY id LIMIT ${sql.lit(AT_ONCE)}`.execute(trx);
}
