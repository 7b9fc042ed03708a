import { sql, type RawBuilder, type Transaction } from 'kysely';
import type { Catalogue } from '../database/tables.ts';
import type { BulkStep } from './bulk-stock.ts';
import type { MovementDocument } from './stock-movements.ts';

/** Conditions on `product_import_row AS r` and `product AS p`, that is, which products. */
interface Selection {
  kind: 'new' | 'changed';
  join: RawBuilder<unknown>;
}

export const ADDED: Selection = { kind: 'new', join: sql`p.code = r.code` };
export const STILL_AS_ADDED: Selection = {
  kind: 'new',
  join: sql`p.id = r.product_id AND p.version = r.version`,
};
export const changedSince = (versions: 0 | 1 | 2): Selection => ({
  kind: 'changed',
  join: sql`p.id = r.product_id AND p.version = r.version + ${sql.lit(versions)}`,
});

/** Triggers skip the first page's sums (mysql/triggers.sql): row by row they take a third of an import's time. */
export async function withSumsApart(
  trx: Transaction<Catalogue>,
  document: MovementDocument,
  work: () => Promise<void>,
): Promise<void> {
  const { rows } = await sql<{ last: number }>`
    SELECT COALESCE(MAX(id), 0) AS last FROM stock_movement`.execute(trx);
  await sql`SET @sums_apart = TRUE`.execute(trx);
  try {
    await work();
    await addFlow(trx, document, rows[0]!.last);
  } finally {
    // Otherwise the next transaction on this connection would not be counted.
    await sql`SET @sums_apart = NULL`.execute(trx).catch(() => undefined);
  }
}

/** Within `withSumsApart`: takes products off the sums before the step, and adds them after it. */
export function keepingSums(
  step: BulkStep,
  { before, after }: { before?: Selection; after?: Selection },
): BulkStep {
  return async (trx, bulk) => {
    if (before) await addProducts(trx, bulk.rows, before, -1);
    const changed = await step(trx, bulk);
    if (after) await addProducts(trx, bulk.rows, after, 1);
    return changed;
  };
}

/** Locks the products, so that nobody changes them between this and the step. */
async function addProducts(
  trx: Transaction<Catalogue>,
  rows: RawBuilder<unknown>,
  { kind, join }: Selection,
  sign: 1 | -1,
): Promise<void> {
  const sum = (value: RawBuilder<unknown>) => sql`${sql.lit(sign)} * SUM(${value})`;
  await sql`
    INSERT INTO stock_total
      (unit, writer, products, out_of_stock, low, quantity, price_value, cost_value, unpriced, uncosted)
    SELECT unit, CONNECTION_ID(), ${sum(sql`1`)}, ${sum(sql`stock_level = 0`)}, ${sum(sql`stock_level = 1`)},
      ${sum(sql`on_hand`)}, ${sum(sql`on_hand * COALESCE(price, 0)`)}, ${sum(sql`on_hand * COALESCE(cost, 0)`)},
      ${sum(sql`on_hand > 0 AND price IS NULL`)}, ${sum(sql`on_hand > 0 AND cost IS NULL`)}
    FROM (
      SELECT p.unit, p.stock_level, p.on_hand, p.price, p.cost
      FROM product_import_row AS r STRAIGHT_JOIN product AS p ON ${join}
      WHERE ${rows} AND r.kind = ${kind}
      FOR UPDATE OF p
    ) AS counted
    GROUP BY unit
    ON DUPLICATE KEY UPDATE products = products + VALUES(products), out_of_stock = out_of_stock + VALUES(out_of_stock),
      low = low + VALUES(low), quantity = quantity + VALUES(quantity), price_value = price_value + VALUES(price_value),
      cost_value = cost_value + VALUES(cost_value), unpriced = unpriced + VALUES(unpriced),
      uncosted = uncosted + VALUES(uncosted)`.execute(trx);
}

/** @param last the last movement before those of this transaction */
async function addFlow(
  trx: Transaction<Catalogue>,
  { kind, id }: MovementDocument,
  last: number,
): Promise<void> {
  await sql`
    INSERT INTO movement_flow (quarter, writer, movements_in, movements_out, value_in, value_out)
    SELECT TIMESTAMPDIFF(MINUTE, '1970-01-01', stock_movement.created_at) DIV 15 AS quarter, CONNECTION_ID(),
      SUM(exact_delta > 0), SUM(exact_delta < 0), SUM(GREATEST(exact_delta, 0) * COALESCE(cost, 0)),
      SUM(GREATEST(-exact_delta, 0) * COALESCE(cost, 0))
    FROM stock_movement LEFT JOIN product ON product.id = product_id
    WHERE document_kind = ${kind} AND document_id = ${id} AND stock_movement.id > ${last}
    GROUP BY quarter
    ON DUPLICATE KEY UPDATE movements_in = movements_in + VALUES(movements_in),
      movements_out = movements_out + VALUES(movements_out), value_in = value_in + VALUES(value_in),
      value_out = value_out + VALUES(value_out)`.execute(trx);
}
