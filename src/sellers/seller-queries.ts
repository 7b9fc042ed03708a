import { sql, type Kysely, type Transaction } from 'kysely';
import type { Request } from 'express';
import { recordProductEvent } from '../audit/audit-trail.ts';
import type { DatabaseGroup } from '../database/database-group.ts';
import { isDuplicateIn } from '../database/mysql-errors.ts';
import type { FromJson } from '../database/run-once.ts';
import type { Catalogue, SellerState } from '../database/tables.ts';
import { NOW } from '../jobs/lease.ts';
import type { MovementActor } from '../stock/stock-movements.ts';
import { SellerChangedError, SellerNameTakenError, SellerNotFoundError } from './seller-errors.ts';
import type { Decision, SellerInput } from './seller-forms.ts';

export interface Seller {
  id: number;
  customerId: number;
  name: string;
  contact: string;
  payTo: string;
  about: string;
  state: SellerState;
  reason: string;
  /** In hundredths of a percent. */
  commissionRate: number;
  version: number;
  askedAt: Date;
}

export function selectSellers(db: Kysely<Catalogue>) {
  return db
    .selectFrom('seller')
    .select(['id', 'customer_id as customerId', 'name', 'contact', 'pay_to as payTo', 'about', 'state'])
    .select(['reason', 'commission_rate as commissionRate', 'version', 'asked_at as askedAt']);
}

export async function findOwnSeller(db: Kysely<Catalogue>, customerId: number): Promise<Seller | undefined> {
  return selectSellers(db).where('customer_id', '=', customerId).executeTakeFirst();
}

function selectApproved(db: Kysely<Catalogue>, customerId: number) {
  return selectSellers(db).where('customer_id', '=', customerId).where('state', '=', 'approved');
}

/** What a customer who may sell sees of their own; others get nothing. @throws SellerNotFoundError */
export async function readAsSeller<T>(
  catalogue: DatabaseGroup<Catalogue>,
  { customer }: Request,
  query: (db: Kysely<Catalogue>, seller: Seller) => Promise<T>,
): Promise<T> {
  return catalogue.readReplica(customer, async (db) => {
    const seller = await selectApproved(db, customer.id).executeTakeFirst();
    if (!seller) throw new SellerNotFoundError();
    return query(db, seller);
  });
}

/**
 * Locks the seller first, so that nothing is changed by one who is being suspended.
 *
 * @throws SellerNotFoundError
 */
export async function changeAsSeller<T>(
  catalogue: DatabaseGroup<Catalogue>,
  { customer, writeId }: Request,
  work: (trx: Transaction<Catalogue>, seller: Seller) => Promise<T>,
  more?: Record<string, unknown>,
): Promise<FromJson<T>> {
  return catalogue.transactOnce(customer, writeId(more), async (trx) => {
    const seller = await selectApproved(trx, customer.id).forUpdate().executeTakeFirst();
    if (!seller) throw new SellerNotFoundError();
    return work(trx, seller);
  });
}

/**
 * Of one who is approved, the name stays: people have decided by it.
 *
 * @returns the seller if payouts go to another account from now on
 * @throws SellerNameTakenError, SellerChangedError
 */
export async function askToSell(
  trx: Transaction<Catalogue>,
  customerId: number,
  { name, contact, payTo, about }: SellerInput,
): Promise<Seller | undefined> {
  const seller = await selectSellers(trx)
    .where('customer_id', '=', customerId)
    .forUpdate()
    .executeTakeFirst();
  if (seller?.state === 'suspended') throw new SellerChangedError('name');
  const own = { contact, pay_to: payTo, about };
  const asked = { ...own, name, state: 'asked', reason: '', asked_at: NOW } as const;
  await unlessTaken(async () => {
    if (!seller) {
      const commission_rate = await getDefaultRate(trx);
      return trx
        .insertInto('seller')
        .values({ ...asked, customer_id: customerId, commission_rate })
        .execute();
    }
    return trx
      .updateTable('seller')
      .set({ ...(seller.state === 'approved' ? own : asked), version: sql`version + 1` })
      .where('id', '=', seller.id)
      .execute();
  });
  return seller?.payTo && seller.payTo !== payTo ? seller : undefined;
}

async function unlessTaken(save: () => Promise<unknown>): Promise<void> {
  try {
    await save();
  } catch (error) {
    if (!isDuplicateIn(error, 'seller')) throw error;
    // Else the customer has asked in another tab.
    const isName = (error as Error).message.includes("'seller.name'");
    throw isName ? new SellerNameTakenError() : new SellerChangedError('name');
  }
}

export async function getDefaultRate(db: Kysely<Catalogue>): Promise<number> {
  const { commission_rate: rate } = await db
    .selectFrom('shop_setting')
    .select('commission_rate')
    .where('id', '=', 1)
    .executeTakeFirstOrThrow();
  return rate;
}

/** Of sellers who ask from now on. */
export async function changeDefaultRate(
  trx: Transaction<Catalogue>,
  rate: number,
  actor: MovementActor,
): Promise<void> {
  const from = await getDefaultRate(trx);
  await trx.updateTable('shop_setting').set({ commission_rate: rate }).where('id', '=', 1).execute();
  await recordProductEvent(trx, {
    action: 'seller.defaultChanged',
    actor,
    details: { fromRate: from, toRate: rate },
  });
}

/** From each state to those that a person may decide on; approving anew changes the commission. */
export const DECISIONS: Record<SellerState, readonly Decision['action'][]> = {
  asked: ['approved', 'refused'],
  approved: ['approved', 'suspended'],
  refused: ['approved'],
  suspended: ['approved'],
};

/** Who is not approved has nothing on sale. @throws SellerNotFoundError, SellerChangedError */
export async function decideOnSeller(
  trx: Transaction<Catalogue>,
  id: number,
  { action, rate, reason, version }: Decision,
  actor: MovementActor,
): Promise<Seller> {
  const seller = await selectSellers(trx).where('id', '=', id).forUpdate().executeTakeFirst();
  if (!seller) throw new SellerNotFoundError();
  if (seller.version !== version || !DECISIONS[seller.state].includes(action))
    throw new SellerChangedError(action === 'approved' ? 'rate' : 'reason');
  const commissionRate = rate ?? seller.commissionRate;
  await trx
    .updateTable('seller')
    .set({ state: action, reason, commission_rate: commissionRate, version: version + 1 })
    .where('id', '=', id)
    .execute();
  if (action !== 'approved') await takeOffSale(trx, id);
  await recordProductEvent(trx, {
    ...{ action: `seller.${action}`, actor, target: seller },
    details: action === 'approved' ? { rate: commissionRate } : { reason },
  });
  return { ...seller, state: action, reason, commissionRate, version: version + 1 };
}

/** A seller has a thousand products at most. */
export async function takeOffSale(trx: Transaction<Catalogue>, sellerId: number): Promise<void> {
  await trx
    .updateTable('product')
    .set({ on_sale: 0, version: sql`version + 1`, updated_at: sql`CURRENT_TIMESTAMP(3)` })
    .where('seller_id', '=', sellerId)
    .where('on_sale', '=', 1)
    .execute();
}
