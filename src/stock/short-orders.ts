import { sql, type Kysely, type RawBuilder } from 'kysely';
import type { Catalogue } from '../database/tables.ts';

const MAX_LISTED = 20;

/**
 * The numbers of the orders that hold more than a count, an edit or an import has left, newest first: what is left is for
 * the oldest ones.
 *
 * @param which a condition on `order_line AS l`
 */
export async function listShortOrders(
  db: Kysely<Catalogue>,
  which: RawBuilder<unknown> = sql`TRUE`,
): Promise<string[]> {
  const { rows } = await sql<{ number: string }>`
    SELECT DISTINCT id, number
    FROM (
      SELECT o.id, o.number, p.on_hand, SUM(l.held) OVER (PARTITION BY l.product_id ORDER BY o.id) AS held_so_far
      FROM order_line AS l
      JOIN shop_order AS o ON o.id = l.order_id
      JOIN product AS p ON p.id = l.product_id
      WHERE o.state IN ('awaiting_payment', 'confirmed', 'in_progress') AND l.held > 0
        AND p.exact_reserved > p.on_hand AND ${which}
    ) AS holding
    WHERE held_so_far > on_hand
    ORDER BY id DESC LIMIT ${sql.lit(MAX_LISTED)}`.execute(db);
  return rows.map(({ number }) => number);
}

export function ofProduct(id: number): RawBuilder<unknown> {
  return sql`l.product_id = ${id}`;
}

/** The numbers of orders that hold some of a product. */
export async function listHoldingOrders(db: Kysely<Catalogue>, productId: number): Promise<string[]> {
  const rows = await db
    .selectFrom('order_line')
    .innerJoin('shop_order', 'shop_order.id', 'order_line.order_id')
    .select(['shop_order.id', 'shop_order.number'])
    .distinct()
    .where('order_line.product_id', '=', productId)
    .where('order_line.held', '>', 0)
    .orderBy('shop_order.id')
    .limit(MAX_LISTED)
    .execute();
  return rows.map(({ number }) => number);
}
