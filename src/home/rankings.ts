import { sql, type Kysely } from 'kysely';
import type { Catalogue } from '../database/tables.ts';

const SHOWN = 10;
/** Some of these may have been deleted since. */
const CANDIDATES = 200;
export const LYING_DAYS = 90;

interface RankedProduct {
  id: number;
  code: string;
  name: string;
  unit: string;
  /** What is left. */
  onHand: number;
}

export interface SellingProduct extends RankedProduct {
  /** In the last 30 days. */
  takenOut: number;
}

export interface LyingProduct extends RankedProduct {
  since: Date;
  price: number | null;
}

/** Most taken out first. */
export async function listSelling(db: Kysely<Catalogue>): Promise<SellingProduct[]> {
  const { rows } = await sql<SellingProduct>`
    SELECT product.id, product.code, product.name, product.unit, product.on_hand AS onHand, taken.quantity AS takenOut
    FROM (
      SELECT product_id, quantity FROM product_out FORCE INDEX (quantity)
      WHERE quantity > 0 ORDER BY quantity DESC LIMIT ${sql.lit(CANDIDATES)}
    ) AS taken
    STRAIGHT_JOIN product ON product.id = taken.product_id
    ORDER BY taken.quantity DESC, product.id LIMIT ${sql.lit(SHOWN)}`.execute(db);
  return rows;
}

/** In stock for `LYING_DAYS`, with nothing taken out; the longest first. */
export async function listLying(db: Kysely<Catalogue>): Promise<LyingProduct[]> {
  const { rows } = await sql<LyingProduct>`
    SELECT id, code, name, unit, on_hand AS onHand, lies_since AS since, price
    FROM product FORCE INDEX (lying)
    WHERE available = 1 AND lies_since < CURRENT_TIMESTAMP(3) - INTERVAL ${sql.lit(LYING_DAYS)} DAY
    ORDER BY lies_since, id LIMIT ${sql.lit(SHOWN)}`.execute(db);
  return rows;
}
