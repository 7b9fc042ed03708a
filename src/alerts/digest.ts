import { sql, type Kysely } from 'kysely';
import type { Catalogue } from '../database/tables.ts';
import { LOW_LEVEL, STOCK_LEVELS, type StockLevel } from '../stock/stock-level.ts';
import type { DigestRange } from './subscriptions.ts';

const MAX_LISTED = 50;
/** An import may have changed the level of a million products. */
const PATIENTLY = sql`/*+ MAX_EXECUTION_TIME(300000) */`;

export interface DigestProduct {
  id: number;
  code: string;
  name: string;
  quantity: number;
  minimumStock: number;
  /** The word after a quantity other than 1, and after 1. */
  plural: string;
  singular: string;
  level: LowLevel;
}

export type LowLevel = Exclude<StockLevel, 'enough'>;

export interface Digest {
  counts: Record<LowLevel, number>;
  /** The first ones, out of stock before low. */
  products: DigestProduct[];
}

/** Each product whose level has dropped, once, as it is now. Those that are deleted or enough again are left out. */
export async function readDigest(
  db: Kysely<Catalogue>,
  { after, upTo }: Pick<DigestRange, 'after' | 'upTo'>,
): Promise<Digest> {
  const changed = sql`(
    SELECT DISTINCT product_id FROM level_change WHERE batch > ${after} AND batch <= ${upTo}) AS changed`;
  const { rows: counted } = await sql<{ level: 0 | 1; products: number }>`
    SELECT ${PATIENTLY} p.stock_level AS level, COUNT(*) AS products
    FROM ${changed} JOIN product AS p ON p.id = changed.product_id
    WHERE p.stock_level <= ${LOW_LEVEL} GROUP BY p.stock_level`.execute(db);
  const { rows } = await sql<Omit<DigestProduct, 'level'> & { stockLevel: 0 | 1 }>`
    SELECT ${PATIENTLY} p.id, p.code, p.name, p.on_hand AS quantity, p.minimum_stock AS minimumStock, p.stock_level AS stockLevel,
      COALESCE(unit.plural, p.unit) AS plural, COALESCE(unit.singular, p.unit) AS singular
    FROM ${changed} JOIN product AS p ON p.id = changed.product_id
    LEFT JOIN unit ON unit.code = p.unit
    WHERE p.stock_level <= ${LOW_LEVEL}
    ORDER BY p.stock_level, p.name, p.id LIMIT ${sql.lit(MAX_LISTED)}`.execute(db);
  const counts = { out: 0, low: 0 };
  for (const { level, products } of counted) counts[STOCK_LEVELS[level]] = products;
  return {
    counts,
    products: rows.map(({ stockLevel, ...product }) => ({ ...product, level: STOCK_LEVELS[stockLevel] })),
  };
}
