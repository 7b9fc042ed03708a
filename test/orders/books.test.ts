import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Kysely, MysqlDialect, sql } from 'kysely';
import { createPool } from 'mysql2';
import type { Connection } from 'mysql2/promise';
import { closeDatabases, type Databases } from '../../src/database/databases.ts';
import type { Catalogue } from '../../src/database/tables.ts';
import { findBookFaults } from '../../src/orders/books.ts';
import { capturePayment } from '../../src/orders/capture-payment.ts';
import { openDatabases } from '../support/open-databases.ts';
import { stack } from '../support/shared-stack.ts';
import { addProduct, buy, change, faultsOf, paymentsOf, STAFF } from './shop-support.ts';

let root: Connection;
let databases: Databases;
let rootDb: Kysely<Catalogue>;
let order: number;
let product: number;

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
});

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
])('rule %s finds: %s', async (rule, statement) => {
  const text = statement.replaceAll(':product', String(product)).replaceAll(':order', String(order));
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
