import { sql, type Kysely, type RawBuilder } from 'kysely';
import type { Catalogue } from '../database/tables.ts';
import { OFFLINE_PROVIDERS } from '../payments/offline-providers.ts';

const MAX_LISTED = 10;

/** A full scan of the largest tables takes its time. */
const HINT = sql.raw('/*+ MAX_EXECUTION_TIME(3600000) */');

export interface BookFault {
  rule: string;
  /** Some of those that break it. */
  found: Record<string, unknown>[];
}

const PAID_AT_THE_DOOR = sql.join(
  OFFLINE_PROVIDERS.filter(({ isPrepaid }) => !isPrepaid).map(({ name }) => name),
);

const HELD = sql`
  SELECT product_id, SUM(held) AS held FROM order_line WHERE held > 0 GROUP BY product_id`;

interface Rule {
  /** What is always true (docs/decisions/orders.md). */
  says: string;
  /** The rows that break it. */
  query: RawBuilder<Record<string, unknown>>;
}

const RULES: Rule[] = [
  {
    says: '1. The movements of a product add up to its quantity',
    query: sql`
      SELECT ${HINT} p.id AS product, p.on_hand AS quantity, COALESCE(m.moved, 0) AS moved
      FROM (SELECT id, quantity, on_hand FROM product UNION ALL SELECT id, quantity, on_hand FROM deleted_product) AS p
      LEFT JOIN (
        SELECT product_id, SUM(exact_delta) AS moved, SUM(delta) AS whole FROM stock_movement GROUP BY product_id
      ) AS m ON m.product_id = p.id
      WHERE p.on_hand <> COALESCE(m.moved, 0) OR p.quantity <> COALESCE(m.whole, 0)`,
  },
  {
    says: '2. What is reserved of a product is what orders hold',
    query: sql`
      SELECT ${HINT} COALESCE(p.id, l.product_id) AS product, p.exact_reserved AS reserved, l.held
      FROM (SELECT id, exact_reserved, reserved FROM product WHERE exact_reserved <> 0 OR reserved <> 0) AS p
      LEFT JOIN (${HELD}) AS l ON l.product_id = p.id
      WHERE NOT p.exact_reserved <=> l.held OR p.reserved <> CEILING(p.exact_reserved)
      UNION ALL
      SELECT l.product_id, p.exact_reserved, l.held
      FROM (${HELD}) AS l LEFT JOIN product AS p ON p.id = l.product_id
      WHERE p.id IS NULL OR (p.exact_reserved = 0 AND p.reserved = 0)`,
  },
  {
    says: '2. Only orders that are waiting, confirmed or in progress hold anything',
    query: sql`
      SELECT ${HINT} o.number, o.state, l.product_id AS product, l.held
      FROM order_line AS l JOIN shop_order AS o ON o.id = l.order_id
      WHERE (l.held > 0 AND o.state NOT IN ('awaiting_payment', 'confirmed', 'in_progress'))
        OR (l.held + l.shipped + l.cancelled <> l.quantity AND o.state IN ('awaiting_payment', 'confirmed', 'in_progress', 'completed'))`,
  },
  {
    says: '3. No customer has reserved more than there was: where less is on hand, staff have taken it off since',
    query: sql`
      SELECT ${HINT} p.id AS product, p.on_hand AS quantity, p.exact_reserved AS reserved
      FROM product AS p
      WHERE p.exact_reserved > p.on_hand AND NOT EXISTS (
        SELECT 1 FROM stock_movement AS m
        WHERE m.product_id = p.id AND m.exact_delta < 0 AND NOT m.document_kind <=> 'order'
          AND m.created_at >= (
            SELECT MIN(o.created_at) FROM order_line AS l JOIN shop_order AS o ON o.id = l.order_id
            WHERE l.product_id = p.id AND l.held > 0
          )
      )`,
  },
  {
    says: '4. The total of an order is that of its lines and the delivery',
    query: sql`
      SELECT ${HINT} o.number, o.items_total, o.delivery_total, o.total, o.tax_total, l.items, l.tax
      FROM shop_order AS o LEFT JOIN (
        SELECT order_id, SUM(line_total) AS items, SUM(tax) AS tax FROM order_line GROUP BY order_id
      ) AS l ON l.order_id = o.id
      WHERE NOT o.items_total <=> l.items OR o.total <> o.items_total + o.delivery_total
        OR NOT o.tax_total <=> l.tax + o.delivery_tax`,
  },
  {
    says: '4. A line is its quantity at its price, and its tax is in it, both rounded half up',
    query: sql`
      SELECT ${HINT} o.number, l.position, l.line_total, l.tax
      FROM order_line AS l JOIN shop_order AS o ON o.id = l.order_id
      WHERE l.line_total <> ROUND(l.quantity * l.unit_price)
        OR l.tax <> (2 * l.line_total * l.tax_rate + 10000 + l.tax_rate) DIV (2 * (10000 + l.tax_rate))`,
  },
  {
    says: '5. An order has one live payment at most',
    query: sql`
      SELECT ${HINT} order_id, COUNT(*) AS payments FROM payment WHERE state IN ('pending', 'captured')
      GROUP BY order_id HAVING COUNT(*) > 1`,
  },
  {
    says: '6. An order that was to be paid first is confirmed if, and only if, its amount has come',
    query: sql`
      SELECT ${HINT} o.number, o.state, o.total, p.method, p.captured_amount
      FROM shop_order AS o LEFT JOIN payment AS p ON p.order_id = o.id AND p.is_live = 1
      WHERE (o.state = 'awaiting_payment' AND p.state = 'captured')
        OR (o.state IN ('confirmed', 'in_progress', 'completed') AND COALESCE(p.state <> 'captured', TRUE)
          AND COALESCE(p.method NOT IN (${PAID_AT_THE_DOOR}), TRUE))
        OR (p.state = 'captured' AND (p.captured_amount < p.amount OR p.amount NOT IN (o.total, o.total - o.cancelled_total) OR p.currency <> o.currency))`,
  },
  {
    says: '6. Money beyond what an order is served for is a refund',
    query: sql`
      SELECT ${HINT} o.number, o.state, o.total, o.cancelled_total, p.captured, COALESCE(r.refunds, 0) AS refunds
      FROM shop_order AS o
      JOIN (
        SELECT order_id, SUM(captured_amount) AS captured FROM payment
        WHERE state IN ('captured', 'surplus') GROUP BY order_id
      ) AS p ON p.order_id = o.id
      LEFT JOIN (SELECT order_id, SUM(amount) AS refunds FROM refund GROUP BY order_id) AS r ON r.order_id = o.id
      WHERE p.captured - COALESCE(r.refunds, 0) NOT BETWEEN 0
        AND IF(o.state IN ('cancelled', 'expired'), 0, o.total - o.cancelled_total)`,
  },
  {
    says: '7. Each e-mail is queued once for its event',
    query: sql`
      SELECT ${HINT} payload->>'$.event' AS event, COUNT(*) AS entries FROM outbox WHERE kind = 'order-mail'
      GROUP BY event HAVING COUNT(*) > 1
      UNION ALL
      SELECT subject_id, COUNT(*) FROM order_event WHERE mail IS NOT NULL
      GROUP BY subject, subject_id, mail HAVING COUNT(*) > 1`,
  },
  {
    says: '8. A line is of the seller of its product, and a parcel holds lines of its own seller only',
    query: sql`
      SELECT ${HINT} l.order_id, l.id AS line, l.seller_id AS seller, p.seller_id AS sells
      FROM order_line AS l
      JOIN (SELECT id, seller_id FROM product UNION ALL SELECT id, seller_id FROM deleted_product) AS p
        ON p.id = l.product_id
      WHERE NOT l.seller_id <=> p.seller_id
      UNION ALL
      SELECT l.order_id, l.id, l.seller_id, p.seller_id
      FROM parcel_line AS c JOIN parcel AS p ON p.id = c.parcel_id JOIN order_line AS l ON l.id = c.order_line_id
      WHERE NOT p.seller_id <=> l.seller_id OR p.order_id <> l.order_id`,
  },
  {
    says: '8. Customers move the stock of their own products only',
    query: sql`
      SELECT ${HINT} m.id AS movement, m.product_id AS product, m.actor_id AS customer
      FROM stock_movement AS m
      LEFT JOIN (SELECT id, seller_id FROM product UNION ALL SELECT id, seller_id FROM deleted_product) AS p
        ON p.id = m.product_id
      LEFT JOIN seller AS s ON s.id = p.seller_id
      WHERE m.actor_kind = 'customer' AND p.id IS NOT NULL AND NOT s.customer_id <=> m.actor_id`,
  },
  {
    says: '8. A payout is the sum of its lines, which are those of its seller',
    query: sql`
      SELECT ${HINT} p.id AS payout, p.amount, COALESCE(l.amount, 0) AS listed, l.others
      FROM payout AS p LEFT JOIN (
        SELECT c.payout_id, SUM(c.amount) AS amount, SUM(NOT o.seller_id <=> own.seller_id) AS others
        FROM payout_line AS c
        JOIN payout AS own ON own.id = c.payout_id JOIN order_line AS o ON o.id = c.order_line_id
        GROUP BY c.payout_id
      ) AS l ON l.payout_id = p.id
      WHERE p.amount <> COALESCE(l.amount, 0) OR l.others > 0`,
  },
  {
    says: '8. No line is paid out twice: its payouts are at most what it brought when it was shipped, less the commission',
    query: sql`
      SELECT ${HINT} l.id AS line, l.paid_out, COALESCE(c.amount, 0) AS payouts
      FROM order_line AS l LEFT JOIN (
        SELECT order_line_id, SUM(amount) AS amount FROM payout_line GROUP BY order_line_id
      ) AS c ON c.order_line_id = l.id
      WHERE (l.seller_id IS NOT NULL OR l.paid_out <> 0 OR c.amount IS NOT NULL)
        AND (l.paid_out <> COALESCE(c.amount, 0) OR l.paid_out NOT BETWEEN 0 AND
          ROUND(l.shipped * l.unit_price)
            - (2 * CAST(ROUND(l.shipped * l.unit_price) AS SIGNED) * l.commission_rate + 10000) DIV 20000)`,
  },
  {
    says: '8. What refunds have taken from the line of a seller is what they name, and no more than the line',
    query: sql`
      SELECT ${HINT} l.id AS line, l.seller_id AS seller, l.refunded, COALESCE(r.amount, 0) AS refunds
      FROM order_line AS l LEFT JOIN (
        SELECT order_line_id, SUM(amount) AS amount FROM refund WHERE order_line_id IS NOT NULL GROUP BY order_line_id
      ) AS r ON r.order_line_id = l.id
      WHERE (l.refunded <> 0 OR r.amount IS NOT NULL)
        AND (l.refunded <> COALESCE(r.amount, 0) OR l.seller_id IS NULL OR l.refunded > l.line_total)`,
  },
];

/** @returns nothing if all books are right; each rule is one statement, so that it sees one state of all tables */
export async function findBookFaults(db: Kysely<Catalogue>): Promise<BookFault[]> {
  const faults: BookFault[] = [];
  for (const { says, query } of RULES) {
    const { rows } = await sql<Record<string, unknown>>`
      ${query} LIMIT ${sql.lit(MAX_LISTED)}`.execute(db);
    if (rows.length > 0) faults.push({ rule: says, found: rows });
  }
  return faults;
}
