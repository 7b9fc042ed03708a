import { sql, type Kysely } from 'kysely';
import type { Catalogue } from '../database/tables.ts';

const SHOWN = 6;
/** Some of these may have been deleted since. */
const CANDIDATES = 200;
export const IDLE_DAYS = 90;

interface RankedProduct {
  id: number;
  code: string;
  name: string;
  unit: string;
  onHand: number;
}

export interface SellingProduct extends RankedProduct {
  /** In the last 30 days. */
  takenOut: number;
}

export interface IdleProduct extends RankedProduct {
  since: Date;
  price: number | null;
}

export async function listSelling(db: Kysely<Catalogue>): Promise<SellingProduct[]> {
  const { rows } = await sql<SellingProduct>`
    SELECT product.id, product.code, product.name, product.unit, product.on_hand AS onHand, taken.quantity AS takenOut
    FROM (
      SELECT product_id, quantity FROM product_outflow FORCE INDEX (quantity)
      WHERE quantity > 0 ORDER BY quantity DESC LIMIT ${sql.lit(CANDIDATES)}
    ) AS taken
    STRAIGHT_JOIN product ON product.id = taken.product_id
    ORDER BY taken.quantity DESC, product.id LIMIT ${sql.lit(SHOWN)}`.execute(db);
  return rows;
}

/** In stock for `IDLE_DAYS`, with nothing taken out; the longest first. */
export async function listIdle(db: Kysely<Catalogue>): Promise<IdleProduct[]> {
  const { rows } = await sql<IdleProduct>`
    SELECT id, code, name, unit, on_hand AS onHand, idle_since AS since, price
    FROM product FORCE INDEX (idle)
    WHERE available = 1 AND idle_since < CURRENT_TIMESTAMP(3) - INTERVAL ${sql.lit(IDLE_DAYS)} DAY
    ORDER BY idle_since, id LIMIT ${sql.lit(SHOWN)}`.execute(db);
  return rows;
}
