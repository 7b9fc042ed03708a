import type { Connection, RowDataPacket } from 'mysql2/promise';

export const DIFFERENCES = `
  SELECT unit, SUM(n) AS products, SUM(n_out) AS outOfStock, SUM(n_low) AS low, SUM(held) AS quantity,
    SUM(priced) AS priceValue, SUM(costed) AS costValue, SUM(n_unpriced) AS unpriced, SUM(n_uncosted) AS uncosted
  FROM (
    SELECT unit, 1 AS n, quantity = 0 AS n_out,
      quantity > 0 AND quantity - rounded_up <= minimum_stock + reserved AS n_low, quantity - rounded_up AS held,
      (quantity - rounded_up) * COALESCE(price, 0) AS priced, (quantity - rounded_up) * COALESCE(cost, 0) AS costed,
      quantity > 0 AND price IS NULL AS n_unpriced, quantity > 0 AND cost IS NULL AS n_uncosted
    FROM product
    UNION ALL
    SELECT unit, -products, -out_of_stock, -low, -quantity, -price_value, -cost_value, -unpriced, -uncosted
    FROM stock_total
  ) AS counted
  GROUP BY unit
  HAVING products <> 0 OR outOfStock <> 0 OR low <> 0 OR quantity <> 0 OR priceValue <> 0 OR costValue <> 0
    OR unpriced <> 0 OR uncosted <> 0`;

/** Where the kept sums are not those of a full count. */
export async function differences(connection: Connection): Promise<RowDataPacket[]> {
  return (await connection.query<RowDataPacket[]>(DIFFERENCES))[0];
}

/** The movements of the last day: how many came in and went out, as kept and in the ledger. */
export async function readFlow(connection: Connection): Promise<{ kept: number[]; booked: number[] }> {
  const counts = async (ins: string, outs: string, from: string) => {
    const [[row]] = await connection.query<RowDataPacket[]>(
      `SELECT SUM(${ins}) AS ins, SUM(${outs}) AS outs FROM ${from}`,
    );
    return [Number(row!.ins), Number(row!.outs)];
  };
  const quarter = (time: string) => `TIMESTAMPDIFF(MINUTE, '1970-01-01', ${time}) DIV 15`;
  const yesterday = `${quarter('CURRENT_TIMESTAMP')} - 96`;
  return {
    kept: await counts('movements_in', 'movements_out', `movement_flow WHERE quarter >= ${yesterday}`),
    booked: await counts(
      'exact_delta > 0',
      'exact_delta < 0',
      `stock_movement WHERE ${quarter('created_at')} >= ${yesterday}`,
    ),
  };
}
