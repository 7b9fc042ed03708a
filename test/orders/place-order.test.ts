import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import type { Connection } from 'mysql2/promise';
import { closeDatabases, type Databases } from '../../src/database/databases.ts';
import { isDomainError } from '../../src/errors/domain-error.ts';
import { setCartLine } from '../../src/orders/cart.ts';
import { hashOf } from '../../src/orders/order-identity.ts';
import { placeOrder, type Checkout } from '../../src/orders/place-order.ts';
import { cashOnDelivery } from '../../src/payments/offline-providers.ts';
import { hold, release } from '../../src/stock/holds.ts';
import { openDatabases } from '../support/open-databases.ts';
import { stack } from '../support/shared-stack.ts';
import { addProduct, buy, checkoutOf, refusalOf, rowsOf, stockOf, VISITOR } from './shop-support.ts';

let root: Connection;
let databases: Databases;

beforeAll(async () => {
  root = await stack.connect('primary');
  databases = await openDatabases();
});

afterAll(async () => {
  await root.end();
  await closeDatabases(databases);
});

const place = (checkout: Checkout) => placeOrder(databases.catalogue, { ...VISITOR }, checkout);

const countOf = async (table: string, condition: string, values: unknown[]) =>
  Number((await rowsOf(root, `SELECT COUNT(*) AS n FROM ${table} WHERE ${condition}`, values))[0]!.n);

test('an order keeps names, prices and taxes as they are now, and holds its stock', async () => {
  const book = await addProduct(root, { price: 11_900 });
  const cheese = await addProduct(root, { quantity: 2.5, price: 1000, taxRate: 500 });
  const wanted = [
    { product: book, quantity: 2 },
    { product: cheese, quantity: 0.75 },
  ];
  const checkout = await checkoutOf(databases, wanted);
  const { id, number, state } = await place(checkout);
  expect([number, state]).toEqual([expect.stringMatching(/^[2-9A-Z]{4}-[2-9A-Z]{4}$/), 'awaiting_payment']);
  await root.query('UPDATE product SET name = "Otro", price = 5, tax_rate = 0 WHERE id IN (?)', [
    [book.id, cheese.id],
  ]);

  const [order] = await rowsOf(root, 'SELECT * FROM shop_order WHERE id = ?', [id]);
  expect(order).toMatchObject({
    ...{ items_total: 24_550, delivery_total: 500, total: 25_050, tax_total: 3800 + 36 + 80 },
    ...{ currency: 'USD', link_sha256: hashOf(checkout.link), delivery: { name: 'Moto' } },
  });
  const held = (order!.hold_until as Date).getTime() - (order!.created_at as Date).getTime();
  expect(held).toBe(3 * 24 * 3600 * 1000);
  const lines = await rowsOf(root, 'SELECT * FROM order_line WHERE order_id = ? ORDER BY position', [id]);
  expect(lines).toMatchObject([
    { name: 'Libro de prueba', quantity: '2.000', unit_price: 11_900, line_total: 23_800, tax: 3800 },
    { name: 'Libro de prueba', quantity: '0.750', unit_price: 1000, line_total: 750, tax: 36, held: '0.750' },
  ]);
  expect(await stockOf(root, book.id)).toEqual({ onHand: 10, exact: 2, reserved: 2, version: 1 });
  expect(await stockOf(root, cheese.id)).toEqual({ onHand: 2.5, exact: 0.75, reserved: 1, version: 1 });
  expect(await rowsOf(root, 'SELECT * FROM payment WHERE order_id = ?', [id])).toMatchObject([
    { method: 'bank_transfer', state: 'pending', amount: 25_050, is_live: 1 },
  ]);
});

test('what is paid at the door is confirmed at once and held without an end', async () => {
  const product = await addProduct(root);
  const { id, state } = await buy(databases, [{ product, quantity: 1 }], { provider: cashOnDelivery });
  const [order] = await rowsOf(root, 'SELECT hold_until FROM shop_order WHERE id = ?', [id]);
  const [event] = await rowsOf(root, 'SELECT mail FROM order_event WHERE order_id = ?', [id]);
  expect([state, order!.hold_until, event!.mail]).toEqual(['confirmed', null, 'confirmed']);
});

test('a form that is sent ten times at once, and again later, places one order', async () => {
  const product = await addProduct(root);
  const checkout = await checkoutOf(databases, [{ product, quantity: 3 }]);
  const placed = await Promise.all(Array.from({ length: 10 }, () => place(checkout)));
  placed.push(await place(checkout));
  expect(new Set(placed.map(({ id }) => id)).size).toBe(1);
  expect(await countOf('shop_order', 'placed_key = ?', [checkout.placedKey])).toBe(1);
  expect(await stockOf(root, product.id)).toMatchObject({ exact: 3 });
});

test('a checkout that is slow, and pressed again meanwhile, places one order', async () => {
  const product = await addProduct(root);
  const checkout = await checkoutOf(databases, [{ product, quantity: 3 }]);
  const somebody = await stack.connect('primary');
  await somebody.query('START TRANSACTION; SELECT id FROM product WHERE id = ? FOR UPDATE', [product.id]);
  const first = place(checkout);
  await sleep(300);
  const second = place(checkout);
  await sleep(300);
  await somebody.end();
  expect((await first).id).toBe((await second).id);
  expect(await countOf('shop_order', 'placed_key = ?', [checkout.placedKey])).toBe(1);
  expect(await stockOf(root, product.id)).toMatchObject({ exact: 3 });
});

test('a key that another cart has used finds the order of that one', async () => {
  const product = await addProduct(root);
  const first = await checkoutOf(databases, [{ product, quantity: 1 }]);
  const other = await checkoutOf(databases, [{ product, quantity: 2 }], { placedKey: first.placedKey });
  const placed = await Promise.all([place(first), place(other)]);
  expect(placed[0].id).toBe(placed[1].id);
  expect(await countOf('shop_order', 'placed_key = ?', [first.placedKey])).toBe(1);
});

test('a cart that is ordered in one tab is not ordered again in another', async () => {
  const product = await addProduct(root);
  const checkout = await checkoutOf(databases, [{ product, quantity: 1 }]);
  const tabs = [checkout, { ...checkout, placedKey: crypto.randomUUID() }];
  const answers = await Promise.all(tabs.map((tab) => refusalOf(place(tab))));
  expect(answers.sort()).toEqual(['cart_changed', 'done']);
  expect(await stockOf(root, product.id)).toMatchObject({ exact: 1 });
});

test('a cart that changes while it is being paid is shown again', async () => {
  const product = await addProduct(root);
  const checkout = await checkoutOf(databases, [{ product, quantity: 1 }]);
  await databases.catalogue.transact((trx) =>
    setCartLine(trx, checkout.cart.id, { productId: product.id, quantity: 9 }),
  );
  expect(await refusalOf(place(checkout))).toBe('cart_changed');
  const empty = await checkoutOf(databases, []);
  expect(await refusalOf(place(empty))).toBe('cart_changed');
  expect(await stockOf(root, product.id)).toMatchObject({ exact: 0 });
});

test('of an edit of the cart and its checkout at the same time, what was seen is ordered or nothing', async () => {
  const product = await addProduct(root, { quantity: 100 });
  const outcomes = new Set<string>();
  for (let i = 0; i <= 20; i++) {
    const checkout = await checkoutOf(databases, [{ product, quantity: 1 }]);
    const edit = async () => {
      await databases.catalogue.transact((trx) =>
        setCartLine(trx, checkout.cart.id, { productId: product.id, quantity: 9 }),
      );
    };
    // From an edit well before the checkout to one well after it.
    const later = 20 * (i - 10);
    const [answer] = await Promise.all([
      sleep(Math.max(0, -later)).then(() => refusalOf(place(checkout))),
      sleep(Math.max(0, later)).then(edit),
    ]);
    outcomes.add(answer);
    const lines = await rowsOf(
      root,
      `SELECT quantity + 0e0 AS quantity FROM order_line JOIN shop_order ON shop_order.id = order_id
       WHERE placed_key = ?`,
      [checkout.placedKey],
    );
    expect([answer, lines]).toEqual(answer === 'done' ? ['done', [{ quantity: 1 }]] : ['cart_changed', []]);
    expect(await countOf('cart_line', 'cart_id = ? AND quantity = 9', [checkout.cart.id])).toBe(1);
  }
  expect([...outcomes].sort()).toEqual(['cart_changed', 'done']);
});

test('a line says what is available and what it costs now; nothing is held and the cart stays', async () => {
  const [fine, dear, scarce, gone, hidden] = await Promise.all([
    addProduct(root),
    addProduct(root),
    addProduct(root, { quantity: 2 }),
    addProduct(root),
    addProduct(root),
  ]);
  const all = [fine, dear, scarce, hidden].map((product) => ({ product, quantity: 3 }));
  const checkout = await checkoutOf(databases, all);
  await root.query('UPDATE product SET price = 1100 WHERE id = ?', [dear.id]);
  await root.query('UPDATE product SET on_sale = FALSE WHERE id = ?', [hidden.id]);
  const error = await place(checkout).catch((refusal: unknown) => refusal);
  expect(isDomainError(error, 'out_of_stock') && error.details).toEqual({
    lines: [
      { productId: dear.id, quantity: 3, available: 10, price: 1100, seenPrice: 1000 },
      { productId: scarce.id, quantity: 3, available: 2, price: 1000, seenPrice: 1000 },
      { productId: hidden.id, quantity: 3, available: 10, price: null, seenPrice: 1000 },
    ],
  });
  expect(await stockOf(root, fine.id)).toMatchObject({ exact: 0 });
  expect(await countOf('cart_line', 'cart_id = ?', [checkout.cart.id])).toBe(4);
  expect(await countOf('shop_order', 'placed_key = ?', [checkout.placedKey])).toBe(0);

  const withGone = await checkoutOf(databases, [{ product: gone, quantity: 1 }]);
  await root.query('DELETE FROM stock_movement WHERE product_id = ?', [gone.id]);
  await root.query('DELETE FROM product WHERE id = ?', [gone.id]);
  expect(await refusalOf(place(withGone))).toBe('out_of_stock');
});

test('a price that is edited during checkouts is never charged unseen', async () => {
  const product = await addProduct(root, { quantity: 1000 });
  const checkouts = await Promise.all(
    Array.from({ length: 30 }, () => checkoutOf(databases, [{ product, quantity: 1 }])),
  );
  const edit = async () => root.query('UPDATE product SET price = 1300 WHERE id = ?', [product.id]);
  const answers = await Promise.all(
    checkouts.map(async (checkout, position) => {
      if (position === 10) await edit();
      return refusalOf(place(checkout));
    }),
  );
  const placed = answers.filter((answer) => answer === 'done').length;
  expect(answers.every((answer) => answer === 'done' || answer === 'out_of_stock')).toBe(true);
  expect(placed).toBeLessThan(30);
  const prices = await rowsOf(root, 'SELECT DISTINCT unit_price FROM order_line WHERE product_id = ?', [
    product.id,
  ]);
  expect(prices.map(({ unit_price }) => Number(unit_price))).toEqual(placed > 0 ? [1000] : []);
  expect(await stockOf(root, product.id)).toMatchObject({ exact: placed });
});

test('another total than the customer has seen is not charged', async () => {
  const product = await addProduct(root);
  const checkout = await checkoutOf(databases, [{ product, quantity: 1 }]);
  const dearer = { ...checkout, delivery: { ...checkout.delivery, price: 900 } };
  expect(await refusalOf(place(dearer))).toBe('total_changed');
  expect(await refusalOf(place({ ...checkout, seenTotal: 1 }))).toBe('total_changed');
});

test('two lines of one product hold together what one of them could have alone', async () => {
  const product = await addProduct(root, { quantity: 3 });
  // Added up, and one after the other.
  for (const price of [1000, undefined]) {
    const lines = [1000, price].map((each) => ({ productId: product.id, quantity: 2, price: each }));
    expect(await refusalOf(databases.catalogue.transact((trx) => hold(trx, lines)))).toBe('out_of_stock');
    expect(await stockOf(root, product.id)).toMatchObject({ exact: 0 });
  }
});

test('nobody buys half of what is sold whole', async () => {
  const product = await addProduct(root);
  await root.query('UPDATE product SET unit = "unidad" WHERE id = ?', [product.id]);
  expect(await refusalOf(buy(databases, [{ product, quantity: 0.5 }]))).toBe('unit_decimals');
  expect(await refusalOf(buy(databases, [{ product, quantity: 2 }]))).toBe('done');
});

test('tenths are held exactly, and never more than are there', async () => {
  const product = await addProduct(root, { quantity: 1 });
  const tenth = [{ productId: product.id, quantity: 0.1 }];
  const { catalogue } = databases;
  const answers = await Promise.all(
    Array.from({ length: 15 }, () => refusalOf(catalogue.transact((trx) => hold(trx, tenth)))),
  );
  expect(answers.filter((answer) => answer === 'done').length).toBe(10);
  expect(await stockOf(root, product.id)).toEqual({ onHand: 1, exact: 1, reserved: 1, version: 1 });
  for (let left = 9; left >= 0; left--) {
    await catalogue.transact((trx) => release(trx, tenth));
    expect(await stockOf(root, product.id)).toMatchObject({
      exact: left / 10,
      reserved: Math.ceil(left / 10),
    });
  }
  await expect(catalogue.transact((trx) => release(trx, tenth))).rejects.toThrow('does not hold');
});

test('nobody holds the stock of a shop with many unpaid orders', async () => {
  const product = await addProduct(root, { quantity: 100 });
  const contact = { email: 'uno@example.com', name: 'Uno', phone: '', language: 'es' } as const;
  await root.query("UPDATE shop_order SET email = 'otro@example.com' WHERE email = ?", [contact.email]);
  for (let i = 0; i < 5; i++) await buy(databases, [{ product, quantity: 1 }], { contact });
  expect(await refusalOf(buy(databases, [{ product, quantity: 1 }], { contact }))).toBe('too_many_unpaid');
});

test("a customer's own order is waited for, and a visitor's is not counted", async () => {
  const product = await addProduct(root);
  const customer = { kind: 'customer', id: 4711, lastWrite: {} as Record<string, number> } as const;
  const checkout = await checkoutOf(databases, [{ product, quantity: 1 }], { customerId: 4711 });
  const actor = { ...customer };
  await placeOrder(databases.catalogue, actor, checkout);
  const writes = await databases.catalogue.transact((trx) =>
    trx
      .selectFrom('write_count')
      .select('writes')
      .where('actor_kind', '=', 'customer')
      .where('actor_id', '=', 4711)
      .executeTakeFirstOrThrow(),
  );
  expect(actor.lastWrite).toEqual({ main: writes.writes });
  const visitors = () =>
    databases.catalogue.transact((trx) =>
      sql`SELECT writes FROM write_count WHERE actor_kind = 'customer' AND actor_id = 0`.execute(trx),
    );
  const { rows } = await visitors();
  await buy(databases, [{ product, quantity: 1 }]);
  expect((await visitors()).rows).toEqual(rows);
});
