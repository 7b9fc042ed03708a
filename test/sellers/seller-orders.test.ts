import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Connection } from 'mysql2/promise';
import { closeDatabases, type Databases } from '../../src/database/databases.ts';
import { cancelOrder } from '../../src/orders/cancel-order.ts';
import { expireOrders } from '../../src/orders/expire-orders.ts';
import { openParcel } from '../../src/orders/parcels.ts';
import { cashOnDelivery } from '../../src/payments/offline-providers.ts';
import {
  addProduct,
  buy,
  change,
  endHold,
  faultsOf,
  refusalOf,
  rowsOf,
  STAFF,
  stockOf,
} from '../orders/shop-support.ts';
import { act, ADDRESS, catchUp, eventsOf, toDoFrom } from '../order-desk/desk-support.ts';
import { Client } from '../support/client.ts';
import { mailsTo, waitForMails } from '../support/kept-mail.ts';
import { openDatabases } from '../support/open-databases.ts';
import { stack } from '../support/shared-stack.ts';
import { addSellerProduct, newSeller, parcelsOf, pay, sellOf, shipAs } from './seller-support.ts';

let root: Connection;
let databases: Databases;
let admin: Client;

beforeAll(async () => {
  root = await stack.connect('primary');
  databases = await openDatabases();
  admin = await Client.signedIn();
});

afterAll(async () => {
  expect(await faultsOf(databases)).toEqual([]);
  await root.end();
  await closeDatabases(databases);
});

/** One order of two sellers and of the shop itself. */
async function mixed() {
  const [one, two] = [await newSeller(root, { rate: 1000 }), await newSeller(root, { rate: 2500 })];
  const products = [
    await addSellerProduct(root, one, { price: 1999 }),
    await addSellerProduct(root, two, { price: 500 }),
    await addProduct(root, { price: 700 }),
  ] as const;
  const order = await sellOf(databases, root, [
    { product: products[0], quantity: 2 },
    { product: products[1], quantity: 1 },
    { product: products[2], quantity: 1 },
  ]);
  return { one, two, products, order };
}

test('one checkout over two sellers and the shop becomes a parcel for each, with the commission of each line', async () => {
  const { one, two, order } = await mixed();
  expect(order.parcels.map(({ seller, state }) => [seller, state])).toEqual([
    [one.id, 'open'],
    [two.id, 'open'],
    [null, 'open'],
  ]);
  const lines = await rowsOf(
    root,
    'SELECT seller_id AS seller, commission_rate AS rate FROM order_line WHERE order_id = ? ORDER BY id',
    [order.id],
  );
  expect(lines).toEqual([
    { seller: one.id, rate: 1000 },
    { seller: two.id, rate: 2500 },
    { seller: null, rate: 0 },
  ]);
  for (const { email } of [one, two]) {
    await waitForMails(email, 2);
    expect((await mailsTo(email)).map(({ template }) => template)).toContain('seller-sold');
  }
});

test('a later change of the commission does not touch what was ordered', async () => {
  const seller = await newSeller(root, { rate: 1000 });
  const product = await addSellerProduct(root, seller);
  const { lines } = await sellOf(databases, root, [{ product, quantity: 1 }]);
  await root.query('UPDATE seller SET commission_rate = 9000 WHERE id = ?', [seller.id]);
  const [line] = await rowsOf(root, 'SELECT commission_rate AS rate FROM order_line WHERE id = ?', [
    lines[0],
  ]);
  expect(line).toEqual({ rate: 1000 });
});

test('each sees their own lines, and the address until their parcel has gone', async () => {
  const { one, two, products, order } = await mixed();
  const page = (seller: typeof one) => seller.shopper.open('sellOrder', { number: order.number });
  const { text } = await page(one);
  expect(text).toContain('Av. Amazonas 12');
  expect(text).toContain('$39,98');
  for (const secret of ['$5,00', '$7,00', '@example.com', '099123']) expect(text).not.toContain(secret);
  expect((await one.shopper.open('sellOrders')).text).toContain(order.number);

  const { headers, status } = await shipAs(one, order, order.parcels[0]!.id);
  expect([status, headers.location]).toEqual([303, expect.stringContaining('saved=shipped')]);
  expect(await stockOf(root, products[0].id)).toMatchObject({ onHand: 8, exact: 0 });
  const [movement] = await rowsOf(
    root,
    'SELECT actor_kind, actor_id, purpose, document_kind FROM stock_movement WHERE product_id = ? ORDER BY id DESC LIMIT 1',
    [products[0].id],
  );
  expect(movement).toEqual({
    ...{ actor_kind: 'customer', actor_id: one.customerId, purpose: 'sale', document_kind: 'order' },
  });
  await catchUp();
  const after = (await page(one)).text;
  expect(after).not.toContain('Amazonas');
  expect(after).toContain('https://track.example/GUIA-1');
  expect((await page(two)).text).toContain('Amazonas');
  expect((await parcelsOf(root, order.id)).map(({ state }) => state)).toEqual(['shipped', 'open', 'open']);

  // A second press, and one by a page that is still open.
  const again = await one.shopper.post(
    one.shopper.pathOf('shipSellOrder', { number: order.number, id: String(order.parcels[0]!.id) }),
    { _csrf: /name="_csrf" value="([^"]+)"/.exec((await one.shopper.open('account')).text)![1]! },
  );
  expect(again.status).toBe(409);
  expect(await stockOf(root, products[0].id)).toMatchObject({ onHand: 8 });
});

test('staff see whose lines and parcels they are, and who has sent them', async () => {
  const { one, order } = await mixed();
  await shipAs(one, order, order.parcels[0]!.id);
  await catchUp();
  const { text } = await admin.get(`/orders/${order.number}`);
  expect(text).toContain(`<strong>${one.name}</strong>`);
  expect(text).toContain(`Paquete 1 · ${one.name}`);
  expect(text).toMatch(new RegExp(`</time> · ${one.name}`));
  expect(await eventsOf(root, order.id)).toContain('parcel shipped by customer');
});

test('sellers pack their own: their orders do not wait in the list of what staff have to pack', async () => {
  const seller = await newSeller(root);
  const product = await addSellerProduct(root, seller);
  const order = await sellOf(databases, root, [{ product, quantity: 1 }]);
  const both = await mixed();
  const toPack = await toDoFrom(admin, 'pack', order.id);
  expect(toPack).toContain(both.order.number);
  expect(toPack).not.toContain(order.number);
});

test('staff cannot put lines of two sellers into one parcel', async () => {
  const { order } = await mixed();
  for (const parcel of order.parcels) {
    await act(admin, order.number, `/parcels/${parcel.id}/cancel`);
  }
  const lines = order.lines.map((orderLineId) => ({ orderLineId, quantity: 1 }));
  const open = (some: typeof lines) =>
    refusalOf(change(databases, (trx) => openParcel(trx, { orderId: order.id, lines: some, actor: STAFF })));
  expect(await open(lines)).toBe('mixed_parcel');
  expect(await open(lines.slice(1))).toBe('mixed_parcel');
  expect(await open(lines.slice(0, 1))).toBe('done');
  const { status, text } = await act(admin, order.number, '/parcels', {});
  expect([status, text.includes('Un paquete es de un solo vendedor')]).toEqual([422, true]);
});

test('an unpaid order is not yet the seller’s; one paid late, or at the door, is', async () => {
  const seller = await newSeller(root);
  const product = await addSellerProduct(root, seller);
  const unpaid = await sellOf(databases, root, [{ product, quantity: 1 }], { isPaid: false });
  const path = { number: unpaid.number };
  expect(unpaid.parcels).toEqual([]);
  expect((await seller.shopper.open('sellOrder', path)).status).toBe(404);
  await endHold(root, unpaid.id);
  await expireOrders({
    catalogue: databases.catalogue,
    providers: new Map(),
    check: () => undefined,
    onError: () => undefined,
  });
  await pay(databases, root, unpaid.id);
  expect((await parcelsOf(root, unpaid.id)).map(({ seller: id }) => id)).toEqual([seller.id]);
  await catchUp();
  expect((await seller.shopper.open('sellOrder', path)).status).toBe(200);

  const { id } = await buy(databases, [{ product, quantity: 1 }], {
    provider: cashOnDelivery,
    address: ADDRESS,
  });
  expect((await parcelsOf(root, id)).map(({ seller: own, state }) => [own, state])).toEqual([
    [seller.id, 'open'],
  ]);
});

test('a cancelled order has nothing to send, and no address', async () => {
  const seller = await newSeller(root);
  const product = await addSellerProduct(root, seller);
  const order = await sellOf(databases, root, [{ product, quantity: 1 }]);
  await change(databases, (trx) => cancelOrder(trx, { orderId: order.id, actor: STAFF }));
  await catchUp();
  const { text } = await seller.shopper.open('sellOrder', { number: order.number });
  expect(text).toContain('Cancelado');
  expect(text).not.toContain('Amazonas');
  expect(await stockOf(root, product.id)).toMatchObject({ onHand: 10, exact: 0 });
});

test('nothing is sold of a seller who is suspended, even if staff put it on sale', async () => {
  const seller = await newSeller(root);
  const product = await addSellerProduct(root, seller);
  await root.query("UPDATE seller SET state = 'suspended' WHERE id = ?", [seller.id]);
  expect(await refusalOf(buy(databases, [{ product, quantity: 1 }]))).toBe('out_of_stock');
  expect(await stockOf(root, product.id)).toMatchObject({ exact: 0 });
});
