import { sql, type Transaction } from 'kysely';
import type { Catalogue } from '../database/tables.ts';
import { NOW } from '../jobs/lease.ts';
import { returnToStock, ship } from '../stock/holds.ts';
import { MixedParcelError, NotReturnableError, NotShippableError } from './order-errors.ts';
import { lockOrder } from './order-holds.ts';
import { moveOrder, moveParcel, recordEvent, type Why } from './states.ts';

export interface ParcelLine {
  orderLineId: number;
  quantity: number;
}

/**
 * For one seller, or the shop itself.
 *
 * @throws NotShippableError if the order does not hold as much that is in no other open parcel, MixedParcelError
 */
export async function openParcel(
  trx: Transaction<Catalogue>,
  { orderId, lines, ...why }: Why & { orderId: number; lines: ParcelLine[] },
): Promise<number> {
  const { state } = await lockOrder(trx, orderId);
  if ((state !== 'confirmed' && state !== 'in_progress') || lines.length === 0) throw new NotShippableError();
  const sellerId = await getOnlySeller(trx, lines);
  const { insertId } = await trx
    .insertInto('parcel')
    .values({ order_id: orderId, seller_id: sellerId, state: 'open' })
    .executeTakeFirstOrThrow();
  const id = Number(insertId);
  for (const { orderLineId, quantity } of lines) {
    const { numAffectedRows } = await sql`
      INSERT INTO parcel_line (parcel_id, order_line_id, quantity)
      SELECT ${id}, id, ${quantity} FROM order_line
      WHERE id = ${orderLineId} AND order_id = ${orderId} AND held >= ${quantity} + (
        SELECT COALESCE(SUM(packed.quantity), 0)
        FROM parcel_line AS packed JOIN parcel ON parcel.id = packed.parcel_id
        WHERE packed.order_line_id = ${orderLineId} AND parcel.state IN ('open', 'packed')
      )`.execute(trx);
    if (numAffectedRows !== 1n) throw new NotShippableError();
  }
  await recordEvent(trx, { subject: 'parcel', id, orderId, from: null, to: 'open', ...why });
  return id;
}

async function getOnlySeller(trx: Transaction<Catalogue>, lines: ParcelLine[]): Promise<number | null> {
  const ids = lines.map(({ orderLineId }) => orderLineId);
  const sellers = await trx
    .selectFrom('order_line')
    .select('seller_id as id')
    .distinct()
    .where('id', 'in', ids)
    .execute();
  if (sellers.length > 1) throw new MixedParcelError();
  return sellers[0]?.id ?? null;
}

export async function packParcel(trx: Transaction<Catalogue>, id: number, why: Why): Promise<void> {
  const { orderId } = await lockParcel(trx, id);
  await moveParcel(trx, { id, orderId, from: 'open', to: 'packed', ...why });
}

/**
 * Takes its contents off the stock and off what is held.
 *
 * @throws NotShippableError, InsufficientStockError if a count has found less than orders hold
 */
export async function shipParcel(
  trx: Transaction<Catalogue>,
  { id, carrier, trackingNumber, ...why }: Why & { id: number; carrier: string; trackingNumber: string },
): Promise<void> {
  const { orderId, number, orderState, state } = await lockParcel(trx, id);
  if (state !== 'open' && state !== 'packed') throw new NotShippableError();
  await moveParcel(trx, {
    ...{ id, orderId, from: state, to: 'shipped', ...why },
    changes: { carrier, tracking_number: trackingNumber, shipped_at: NOW },
  });
  if (orderState === 'confirmed')
    await moveOrder(trx, { id: orderId, from: 'confirmed', to: 'in_progress', ...why });
  const lines = await trx
    .selectFrom('parcel_line')
    .innerJoin('order_line', 'order_line.id', 'parcel_line.order_line_id')
    .select(['order_line.id', 'order_line.product_id as productId', 'parcel_line.quantity'])
    .where('parcel_id', '=', id)
    .execute();
  for (const line of lines) {
    const { numUpdatedRows } = await trx
      .updateTable('order_line')
      .set({ held: sql`held - ${line.quantity}`, shipped: sql`shipped + ${line.quantity}` })
      .where('id', '=', line.id)
      .where('held', '>=', line.quantity)
      .executeTakeFirstOrThrow();
    if (numUpdatedRows === 0n) throw new NotShippableError();
  }
  const document = { kind: 'order', id: orderId, number };
  await ship(trx, lines, { actor: why.actor, document });
}

/** One that was opened by mistake: its contents can be put into another. */
export async function cancelParcel(trx: Transaction<Catalogue>, id: number, why: Why): Promise<void> {
  const { orderId, state } = await lockParcel(trx, id);
  if (state !== 'open' && state !== 'packed') throw new NotShippableError();
  await moveParcel(trx, { id, orderId, from: state, to: 'cancelled', ...why });
}

/** Completes the order if nothing else is on its way. */
export async function deliverParcel(trx: Transaction<Catalogue>, id: number, why: Why): Promise<void> {
  const { orderId, orderState } = await lockParcel(trx, id);
  await moveParcel(trx, { id, orderId, from: 'shipped', to: 'delivered', ...why });
  const { rows } = await sql<{ isOver: 0 | 1 }>`
    SELECT NOT EXISTS (SELECT 1 FROM order_line WHERE order_id = ${orderId} AND held > 0)
      AND NOT EXISTS (
        SELECT 1 FROM parcel WHERE order_id = ${orderId} AND state IN ('open', 'packed', 'shipped')
      ) AS isOver`.execute(trx);
  if (rows[0]!.isOver === 1 && orderState === 'in_progress')
    await moveOrder(trx, { id: orderId, from: 'in_progress', to: 'completed', ...why });
}

/** What a customer has sent back; to stock only if staff say so. @throws NotReturnableError */
export async function takeBack(
  trx: Transaction<Catalogue>,
  { orderId, lines, toStock, ...why }: Why & { orderId: number; lines: ParcelLine[]; toStock: boolean },
): Promise<void> {
  const { number, state } = await lockOrder(trx, orderId);
  const returned = [];
  for (const { orderLineId, quantity } of lines) {
    const line = await trx
      .selectFrom('order_line')
      .select('product_id as productId')
      .where('id', '=', orderLineId)
      .where('order_id', '=', orderId)
      .where(sql<boolean>`returned + ${quantity} <= shipped`)
      .executeTakeFirst();
    if (!line || quantity <= 0) throw new NotReturnableError();
    await trx
      .updateTable('order_line')
      .set({ returned: sql`returned + ${quantity}` })
      .where('id', '=', orderLineId)
      .execute();
    returned.push({ ...line, quantity });
  }
  await recordEvent(trx, { subject: 'order', id: orderId, orderId, from: state, to: state, ...why });
  if (toStock)
    await returnToStock(trx, returned, {
      actor: why.actor,
      document: { kind: 'order', id: orderId, number },
    });
}

async function lockParcel(trx: Transaction<Catalogue>, id: number) {
  const { orderId } = await trx
    .selectFrom('parcel')
    .select('order_id as orderId')
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  const { number, state: orderState } = await lockOrder(trx, orderId);
  const { state } = await trx
    .selectFrom('parcel')
    .select('state')
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  return { orderId, number, orderState, state };
}
