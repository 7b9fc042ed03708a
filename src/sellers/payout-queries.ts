import { sql, type Kysely, type Transaction } from 'kysely';
import { recordProductEvent } from '../audit/audit-trail.ts';
import type { Catalogue } from '../database/tables.ts';
import type { MovementActor } from '../stock/stock-movements.ts';
import { PayoutChangedError, SellerNotFoundError } from './seller-errors.ts';
import type { PayoutInput } from './seller-forms.ts';

/** More lines are left to the next payout. */
export const MAX_DUE = 500;
const MAX_LISTED = 50;

/** The money of the order has come, at the door, too. */
const IS_PAID = sql<boolean>`EXISTS (
  SELECT 1 FROM payment WHERE payment.order_id = order_line.order_id AND payment.state = 'captured')`;

const DUE = sql<number>`(order_line.earned - order_line.paid_out)`;

export interface DueLine {
  id: number;
  number: string;
  name: string;
  /** What was shipped, less what went back. */
  kept: number;
  commission: number;
  paidOut: number;
  /** Below zero if something came back after its payout. */
  due: number;
}

function selectDue(db: Kysely<Catalogue>, sellerId: number) {
  return db
    .selectFrom('order_line')
    .innerJoin('shop_order', 'shop_order.id', 'order_line.order_id')
    .select(['order_line.id', 'shop_order.number', 'order_line.name', 'kept', 'commission'])
    .select(['paid_out as paidOut', DUE.as('due')])
    .where('due_seller', '=', sellerId)
    .where(IS_PAID)
    .orderBy('order_line.id')
    .limit(MAX_DUE);
}

/** Oldest first. */
export async function listDueLines(db: Kysely<Catalogue>, sellerId: number): Promise<DueLine[]> {
  return selectDue(db, sellerId).execute();
}

export function sumOf(lines: { due: number }[]): number {
  return lines.reduce((sum, { due }) => sum + due, 0);
}

/** What is to be paid to each. */
export async function sumDue(db: Kysely<Catalogue>, sellers: number[]): Promise<Map<number, number>> {
  if (sellers.length === 0) return new Map();
  const rows = await db
    .selectFrom('order_line')
    .select(['due_seller as seller', sql<number>`CAST(SUM(${DUE}) AS SIGNED)`.as('due')])
    .where('due_seller', 'in', sellers)
    .where(IS_PAID)
    .groupBy('due_seller')
    .execute();
  return new Map(rows.map(({ seller, due }) => [seller!, due]));
}

export interface Payout {
  id: number;
  amount: number;
  reference: string;
  /** As `2026-03-29`. */
  paidOn: string;
  lines: number;
}

/** The newest first. */
export async function listPayouts(db: Kysely<Catalogue>, sellerId: number): Promise<Payout[]> {
  return db
    .selectFrom('payout')
    .select(['id', 'amount', 'reference', sql<string>`DATE_FORMAT(paid_on, '%Y-%m-%d')`.as('paidOn')])
    .select(sql<number>`(SELECT COUNT(*) FROM payout_line WHERE payout_id = payout.id)`.as('lines'))
    .where('seller_id', '=', sellerId)
    .orderBy('id', 'desc')
    .limit(MAX_LISTED)
    .execute();
}

/**
 * A person has paid what the page showed. The seller is locked, so that no line is in two payouts.
 *
 * @throws SellerNotFoundError, PayoutChangedError
 */
export async function payOut(
  trx: Transaction<Catalogue>,
  { sellerId, currency, ...input }: PayoutInput & { sellerId: number; currency: string },
  actor: MovementActor & { id: number },
): Promise<void> {
  const { amount, reference, paidOn } = input;
  const seller = await trx
    .selectFrom('seller')
    .select(['id', 'name'])
    .where('id', '=', sellerId)
    .forUpdate()
    .executeTakeFirst();
  if (!seller) throw new SellerNotFoundError();
  const lines = await selectDue(trx, sellerId).forUpdate('order_line').execute();
  if (amount <= 0 || sumOf(lines) !== amount) throw new PayoutChangedError();
  const { insertId } = await trx
    .insertInto('payout')
    .values({ seller_id: sellerId, amount, currency, reference, paid_on: paidOn, made_by: actor.id })
    .executeTakeFirstOrThrow();
  await trx
    .insertInto('payout_line')
    .values(lines.map(({ id, due }) => ({ payout_id: Number(insertId), order_line_id: id, amount: due })))
    .execute();
  await trx
    .updateTable('order_line')
    .set({ paid_out: sql.ref('earned') })
    .where(
      'id',
      'in',
      lines.map(({ id }) => id),
    )
    .execute();
  await recordProductEvent(trx, {
    ...{ action: 'seller.paid', actor, target: seller },
    details: { amount, reference },
  });
}
