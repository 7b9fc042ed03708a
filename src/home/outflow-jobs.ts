import { sql, type RawBuilder, type Transaction } from 'kysely';
import type { Catalogue } from '../database/tables.ts';

const ROWS_AT_ONCE = 500;
const PRODUCTS_AT_ONCE = 200;
const KEPT_DAYS = 30;

const TODAY = sql`DATEDIFF(CURRENT_DATE, '1970-01-01')`;

/** As the trigger `outflow_counted` has it. */
const IS_OUTFLOW = sql`
  reason = 'adjustment' AND exact_delta < 0 AND COALESCE(purpose, 'sale') IN ('sale', 'other')`;

export async function forgetOldOutflow(trx: Transaction<Catalogue>): Promise<{ numAffectedRows: bigint }> {
  const { rows } = await sql<{ day: number; productId: number }>`
    SELECT day, product_id AS productId FROM product_outflow_day
    WHERE day < ${TODAY} - ${sql.lit(KEPT_DAYS)}
    ORDER BY day, product_id LIMIT ${sql.lit(ROWS_AT_ONCE)} FOR UPDATE SKIP LOCKED`.execute(trx);
  if (rows.length === 0) return { numAffectedRows: 0n };
  const locked = sql`(day, product_id) IN (${sql.join(rows.map(({ day, productId }) => sql`(${day}, ${productId})`))})`;
  await sql`
    UPDATE product_outflow JOIN (
      SELECT product_id, SUM(quantity) AS expired FROM product_outflow_day WHERE ${locked} GROUP BY product_id
    ) AS old ON old.product_id = product_outflow.product_id
    SET product_outflow.quantity = product_outflow.quantity - old.expired`.execute(trx);
  await sql`DELETE FROM product_outflow_day WHERE ${locked}`.execute(trx);
  await trx
    .deleteFrom('product_outflow')
    .where('quantity', '=', 0)
    .where(
      'product_id',
      'in',
      rows.map(({ productId }) => productId),
    )
    .execute();
  return { numAffectedRows: BigInt(rows.length) };
}

/** Counts what was taken out before the triggers existed. Its locks keep every movement counted exactly once. */
export async function lookUpFormerOutflow(trx: Transaction<Catalogue>): Promise<{ numAffectedRows: bigint }> {
  const { rows } = await sql<{ id: number }>`
    SELECT product.id FROM kept_sums
    JOIN product ON product.id > looked_up_to AND product.id <= COALESCE(last_product, 0)
    WHERE kept_sums.id = 1
    ORDER BY product.id LIMIT ${sql.lit(PRODUCTS_AT_ONCE)} FOR UPDATE OF product`.execute(trx);
  const last = rows.at(-1)?.id;
  if (last === undefined) return { numAffectedRows: 0n };
  await noteOutflow(
    trx,
    rows.map(({ id }) => id),
  );
  await trx.updateTable('kept_sums').set({ looked_up_to: last }).where('id', '=', 1).execute();
  return { numAffectedRows: BigInt(rows.length) };
}

async function noteOutflow(trx: Transaction<Catalogue>, ids: number[]): Promise<void> {
  const ofThese = sql`product_id IN (${sql.join(ids)})`;
  const outflow = (columns: RawBuilder<unknown>) => sql`
    SELECT ${columns}, SUM(-exact_delta) FROM stock_movement FORCE INDEX (product)
    WHERE ${ofThese} AND created_at >= CURRENT_DATE - INTERVAL ${sql.lit(KEPT_DAYS)} DAY AND ${IS_OUTFLOW}`;
  await sql`
    INSERT INTO product_outflow_day (day, product_id, quantity)
    ${outflow(sql`DATEDIFF(created_at, '1970-01-01') AS day, product_id`)} GROUP BY day, product_id
    ON DUPLICATE KEY UPDATE quantity = VALUES(quantity)`.execute(trx);
  await sql`
    INSERT INTO product_outflow (product_id, quantity)
    ${outflow(sql`product_id`)} GROUP BY product_id
    ON DUPLICATE KEY UPDATE quantity = VALUES(quantity)`.execute(trx);
  await sql`
    UPDATE product
    SET idle_since = COALESCE((
      SELECT MAX(moved.created_at) FROM stock_movement AS moved FORCE INDEX (product)
      WHERE product_id = product.id AND (exact_delta < 0 OR exact_after = exact_delta)
    ), product.created_at)
    WHERE id IN (${sql.join(ids)})`.execute(trx);
}
