import type { Transaction } from 'kysely';
import type { Catalogue } from '../database/tables.ts';
import { DomainError } from '../errors/domain-error.ts';
import { lockOrder } from '../orders/order-holds.ts';

export class OrderNotFoundError extends DomainError {
  constructor() {
    super({ code: 'order_not_found', status: 404, textKey: 'orderDesk.errors.notFound' });
  }
}

/** Somebody has done something with it since the page was shown, which may be the same. */
export class OrderChangedError extends DomainError {
  constructor() {
    super({ code: 'order_changed', status: 409, textKey: 'orderDesk.errors.changed' });
  }
}

export type LockedOrder = Awaited<ReturnType<typeof lockOrder>>;

/**
 * Locks an order for a change by staff.
 *
 * @param seen the last event of its history that the person has seen
 * @throws OrderNotFoundError, OrderChangedError
 */
export async function lockSeenOrder(
  trx: Transaction<Catalogue>,
  number: string,
  seen: number,
): Promise<LockedOrder> {
  const found = await trx
    .selectFrom('shop_order')
    .select('id')
    .where('number', '=', number)
    .executeTakeFirst();
  if (!found) throw new OrderNotFoundError();
  const order = await lockOrder(trx, found.id);
  const newer = await trx
    .selectFrom('order_event')
    .select('id')
    .where('order_id', '=', found.id)
    .where('id', '>', seen)
    .limit(1)
    .executeTakeFirst();
  if (newer) throw new OrderChangedError();
  return order;
}

/** That a payment, parcel or refund in an address is of the order in the same address. @throws OrderNotFoundError */
export async function assertPartOf(
  trx: Transaction<Catalogue>,
  { id: orderId }: LockedOrder,
  table: 'payment' | 'parcel' | 'refund',
  id: number,
): Promise<void> {
  const part = await trx
    .selectFrom(table)
    .select('id')
    .where('id', '=', id)
    .where('order_id', '=', orderId)
    .executeTakeFirst();
  if (!part) throw new OrderNotFoundError();
}
