import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Kysely, MysqlDialect, sql } from 'kysely';
import { createPool } from 'mysql2';
import type { Connection, ResultSetHeader } from 'mysql2/promise';
import { closeDatabases, type Databases } from '../../src/database/databases.ts';
import type { Catalogue } from '../../src/database/tables.ts';
import { findBookFaults } from '../../src/orders/books.ts';
import { capturePayment } from '../../src/orders/capture-payment.ts';
import { shipParcel } from '../../src/orders/parcels.ts';
import { makeRefund } from '../../src/orders/refunds.ts';
import { payOut } from '../../src/sellers/payout-queries.ts';
import { openDatabases } from '../support/open-databases.ts';
import { stack } from '../support/shared-stack.ts';
import { addProduct, buy, change, faultsOf, paymentsOf, rowsOf, STAFF } from './shop-support.ts';

let root: Connection;
let databases: Databases;
let rootDb: Kysely<Catalogue>;
let order: number;
let product: number;
/** Of a seller: sold, shipped and paid out. */
let sold: { seller: number; product: number; line: number };

beforeAll(async () => {
  root = await stack.connect('primary');
  databases = await openDatabases();
  const pool = createPool({ ...(await stack.address('primary')), timezone: 'Z', decimalNumbers: true });
  rootDb = new Kysely({ dialect: new MysqlDialect({ pool }) });
  const added = await addProduct(root);
  product = added.id;
  order = (await buy(databases, [{ product: added, quantity: 2 }])).id;
  const [payment] = await paymentsOf(root, order);
  const money = { paymentId: Number(payment!.id), amount: Number(payment!.amount) + 7, currency: 'USD' };
  await change(databases, (trx) => capturePayment(trx, { ...money, actor: STAFF }));
  sold = await sellBySeller();
});

async function sellBySeller(): Promise<typeof sold> {
  // No such customer: the directory is not asked.
  const customer = 4_000_000_000;
  const actor = { kind: 'customer', id: customer } as const;
  const [{ insertId: seller }] = await root.query<ResultSetHeader>(
    `INSERT INTO seller (customer_id, name, contact, state, commission_rate)
     VALUES (?, 'Libros contables', '1', 'approved', 1000)`,
    [customer],
  );
  const added = await addProduct(root);
  await root.query('UPDATE product SET seller_id = ? WHERE id = ?', [seller, added.id]);
  const { id } = await buy(databases, [{ product: added, quantity: 2 }]);
  const [payment] = await paymentsOf(root, id);
  const money = { paymentId: Number(payment!.id), amount: Number(payment!.amount), currency: 'USD' };
  await change(databases, (trx) => capturePayment(trx, { ...money, actor: STAFF }));
  const [parcel] = await rowsOf(root, 'SELECT id FROM parcel WHERE order_id = ?', [id]);
  const shipment = { id: Number(parcel!.id), carrier: '', trackingNumber: '' };
  await change(databases, (trx) => shipParcel(trx, { ...shipment, actor }));
  const payout = { sellerId: seller, currency: 'USD', reference: '1', paidOn: '2026-01-31', amount: 1800 };
  await change(databases, (trx) => payOut(trx, payout, STAFF));
  const [line] = await rowsOf(root, 'SELECT id FROM order_line WHERE order_id = ?', [id]);
  await change(databases, (trx) =>
    makeRefund(trx, { orderId: id, amount: 100, lineId: Number(line!.id), actor: STAFF }),
  );
  return { seller, product: added.id, line: Number(line!.id) };
}

afterAll(async () => {
  await root.end();
  await rootDb.destroy();
  await closeDatabases(databases);
});

test('the books of the system under test are right', async () => {
  expect(await faultsOf(databases)).toEqual([]);
});

test.each([
  ['1', 'UPDATE stock_movement SET delta = delta + 1 WHERE product_id = :product'],
  ['1', 'UPDATE product SET quantity = quantity + 1 WHERE id = :product'],
  ['2', 'UPDATE product SET exact_reserved = 1, reserved = 1 WHERE id = :product'],
  ['2', 'UPDATE product SET exact_reserved = 0, reserved = 0 WHERE id = :product'],
  ['2', 'UPDATE product SET reserved = 0 WHERE id = :product'],
  ['2', "UPDATE shop_order SET state = 'cancelled' WHERE id = :order"],
  ['2', 'DELETE FROM product WHERE id = :product'],
  ['3', 'UPDATE product SET quantity = 1 WHERE id = :product'],
  ['4', 'UPDATE shop_order SET total = total + 1 WHERE id = :order'],
  ['4', 'UPDATE shop_order SET items_total = items_total + 1, total = total + 1 WHERE id = :order'],
  ['4', 'UPDATE shop_order SET tax_total = tax_total - 1 WHERE id = :order'],
  ['4', 'UPDATE order_line SET tax = tax + 1 WHERE order_id = :order'],
  ['4', 'UPDATE order_line SET unit_price = unit_price + 1 WHERE order_id = :order'],
  ['6', "UPDATE payment SET state = 'pending' WHERE order_id = :order"],
  ['6', "UPDATE payment SET state = 'expired' WHERE order_id = :order"],
  ['6', "UPDATE payment SET currency = 'COP' WHERE order_id = :order"],
  ['6', 'UPDATE payment SET captured_amount = captured_amount - 8 WHERE order_id = :order'],
  ['6', "UPDATE shop_order SET state = 'awaiting_payment' WHERE id = :order"],
  ['6', 'UPDATE refund SET amount = 6 WHERE order_id = :order'],
  ['6', 'DELETE FROM refund WHERE order_id = :order'],
  [
    '7',
    `INSERT INTO outbox (id, kind, payload, due_at)
     SELECT UUID(), 'order-mail', JSON_OBJECT('event', :order), UTC_TIMESTAMP(3) + INTERVAL 1 DAY
     FROM (SELECT 1 UNION ALL SELECT 2) AS twice`,
  ],
  ['8', 'UPDATE order_line SET seller_id = NULL WHERE id = :line'],
  ['8', 'UPDATE product SET seller_id = NULL WHERE id = :sold'],
  ['8', 'UPDATE parcel SET seller_id = NULL WHERE seller_id = :seller'],
  ['8', "UPDATE stock_movement SET actor_id = 1 WHERE product_id = :sold AND actor_kind = 'customer'"],
  ['8', "UPDATE stock_movement SET actor_kind = 'customer' WHERE product_id = :product"],
  ['8', 'UPDATE payout SET amount = amount + 1 WHERE seller_id = :seller'],
  ['8', 'UPDATE payout_line SET amount = 2 * amount WHERE order_line_id = :line'],
  [
    '8',
    'UPDATE payout_line SET order_line_id = (SELECT MIN(id) FROM order_line) WHERE order_line_id = :line',
  ],
  ['8', 'DELETE FROM payout_line WHERE order_line_id = :line'],
  ['8', 'UPDATE order_line SET paid_out = 0 WHERE id = :line'],
  ['8', 'UPDATE order_line SET commission_rate = 1100 WHERE id = :line'],
  ['8', 'UPDATE order_line SET refunded = 0 WHERE id = :line'],
  ['8', 'UPDATE refund SET order_line_id = NULL WHERE order_line_id = :line'],
])('rule %s finds: %s', async (rule, statement) => {
  const named = { product, order, seller: sold.seller, sold: sold.product, line: sold.line };
  const text = statement.replace(/:(\w+)/g, (_, name: keyof typeof named) => String(named[name]));
  class Undone extends Error {}
  const broken = rootDb.transaction().execute(async (trx) => {
    const { numAffectedRows } = await sql.raw(text).execute(trx);
    expect(numAffectedRows).toBeGreaterThan(0n);
    const faults = await findBookFaults(trx);
    expect(faults.map((fault) => fault.rule.slice(0, 1))).toContain(rule);
    throw new Undone();
  });
  await expect(broken).rejects.toBeInstanceOf(Undone);
});

test('the database itself allows one live payment, one e-mail for an event and no line beyond its quantity', async () => {
  const duplicate = { code: 'ER_DUP_ENTRY' };
  await expect(
    root.query(
      `INSERT INTO payment (order_id, method, state, amount, currency, attempt_key)
       VALUES (?, 'bank_transfer', 'pending', 1, 'USD', UUID())`,
      [order],
    ),
  ).rejects.toMatchObject(duplicate);
  await expect(
    root.query(
      `INSERT INTO order_event (order_id, subject, subject_id, to_state, actor_kind, mail)
       SELECT order_id, subject, subject_id, to_state, actor_kind, mail FROM order_event
       WHERE order_id = ? AND mail = 'paid'`,
      [order],
    ),
  ).rejects.toMatchObject(duplicate);
  await expect(
    root.query('UPDATE order_line SET shipped = 1 WHERE order_id = ?', [order]),
  ).rejects.toMatchObject({ code: 'ER_CHECK_CONSTRAINT_VIOLATED' });
});
