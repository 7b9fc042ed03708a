import type { Transaction } from 'kysely';
import { z } from 'zod';
import type { Catalogue } from '../database/tables.ts';
import { enqueue, type OutboxKind } from '../jobs/outbox.ts';
import { openParcel } from './parcels.ts';
import type { Why } from './states.ts';

const sellerParcel = z.object({ parcel: z.number() });

/** Tells the seller of the parcel. */
export const SELLER_PARCEL: OutboxKind<z.output<typeof sellerParcel>> = {
  name: 'seller-parcel',
  payload: sellerParcel,
};

/**
 * A parcel for each seller of a confirmed order, and one for what the shop itself sells. An order without sellers has
 * none: staff open its parcels. The order must be locked.
 */
export async function openSellerParcels(
  trx: Transaction<Catalogue>,
  orderId: number,
  why: Why,
): Promise<void> {
  const lines = await trx
    .selectFrom('order_line')
    .select(['id as orderLineId', 'seller_id as sellerId', 'held as quantity'])
    .where('order_id', '=', orderId)
    .orderBy('id')
    .execute();
  if (lines.every(({ sellerId }) => sellerId === null)) return;
  for (const [sellerId, own] of Map.groupBy(lines, (line) => line.sellerId)) {
    const parcel = await openParcel(trx, { orderId, lines: own, ...why });
    if (sellerId !== null) await enqueue(trx, SELLER_PARCEL, { parcel });
  }
}
