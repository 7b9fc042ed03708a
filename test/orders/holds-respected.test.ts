import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Connection } from 'mysql2/promise';
import { closeDatabases, type Databases } from '../../src/database/databases.ts';
import { cancelOrder } from '../../src/orders/cancel-order.ts';
import { openParcel, shipParcel } from '../../src/orders/parcels.ts';
import { cashOnDelivery } from '../../src/payments/offline-providers.ts';
import { Client, uniqueCode } from '../support/client.ts';
import { apply, preview, waitForRest } from '../support/import-files.ts';
import { openDatabases } from '../support/open-databases.ts';
import { stack } from '../support/shared-stack.ts';
import { buy, change, faultsOf, refusalOf, rowsOf, STAFF, stockOf } from './shop-support.ts';

let root: Connection;
let databases: Databases;
let client: Client;

beforeAll(async () => {
  root = await stack.connect('primary');
  databases = await openDatabases();
  client = await Client.signedIn();
});

afterAll(async () => {
  const faults = await faultsOf(databases);
  // First, so that a failure does not keep the run from ending.
  await root.end();
  await closeDatabases(databases);
  expect(faults).toEqual([]);
});

/** A product with ten units of which two orders hold three and four, the older one first. */
async function heldProduct() {
  const { id, code } = await client.register({ quantity: 10 });
  await root.query('UPDATE product SET price = 100, tax_rate = 0, on_sale = TRUE WHERE id = ?', [id]);
  const product = { id, price: 100, taxRate: 0 };
  const orders = [];
  for (const quantity of [3, 4])
    orders.push(await buy(databases, [{ product, quantity }], { provider: cashOnDelivery }));
  return { id, code, orders, numbers: orders.map(({ number }) => number) };
}

test('a count below what is reserved is saved and names the orders that fall short', async () => {
  const { id, numbers } = await heldProduct();
  const enough = await client.changeQuantity(id, { quantity: 7, version: 1 });
  expect([enough.status, (enough.body as { shortOrders?: string[] }).shortOrders]).toEqual([200, undefined]);
  const one = await client.changeQuantity(id, { quantity: 6, version: 2 });
  expect([one.status, one.body]).toMatchObject([200, { quantity: 6, shortOrders: [numbers[1]] }]);
  const both = await client.changeQuantity(id, { delta: -4 });
  expect(both.body).toMatchObject({ quantity: 2, shortOrders: [numbers[1], numbers[0]] });
  expect(await stockOf(root, id)).toMatchObject({ onHand: 2, exact: 7 });
  // Another customer gets nothing of it.
  const product = { id, price: 100, taxRate: 0 };
  expect(await refusalOf(buy(databases, [{ product, quantity: 1 }]))).toBe('out_of_stock');
});

test('an edit and a movement name the orders that fall short', async () => {
  const { id, code, numbers } = await heldProduct();
  const form = { name: 'x', code, quantity: 5, unit: 'unidad', category: 'Otros', version: 1, price: '1' };
  expect((await client.post(`/products/${id}`, form)).status).toBe(303);
  expect((await client.get(`/products/${id}`)).text).toContain(`estos pedidos: ${numbers[1]}.`);
  const move = { amount: '4', direction: 'out', purpose: 'loss' };
  expect((await client.post(`/products/${id}/movements`, move)).status).toBe(303);
  expect((await client.get(`/products/${id}`)).text).toContain(
    `estos pedidos: ${numbers[1]}, ${numbers[0]}.`,
  );
});

test('an import that leaves less than is reserved is applied and names the orders', async () => {
  const { code, numbers } = await heldProduct();
  const found = await preview(client, `Código;Cantidad\r\n${code};6`);
  await apply(client, found.id);
  const { text } = await client.get(`/imports/${found.id}`);
  expect(text).toContain(`estos pedidos: ${numbers[1]}.`);
});

test('a product that orders hold is not deleted until they are shipped or cancelled', async () => {
  const { id, orders, numbers } = await heldProduct();
  const refused = await client.post(`/products/${id}/delete`);
  expect(refused.status).toBe(409);
  expect(refused.text).toContain(numbers.join(', '));
  const [line] = await rowsOf(root, 'SELECT id FROM order_line WHERE order_id = ?', [orders[0]!.id]);
  const parcel = await change(databases, (trx) =>
    openParcel(trx, {
      ...{ orderId: orders[0]!.id, actor: STAFF },
      lines: [{ orderLineId: Number(line!.id), quantity: 3 }],
    }),
  );
  await change(databases, (trx) =>
    shipParcel(trx, { id: parcel, carrier: '', trackingNumber: '', actor: STAFF }),
  );
  expect((await client.post(`/products/${id}/delete`)).text).toContain(`(${numbers[1]})`);
  await change(databases, (trx) => cancelOrder(trx, { orderId: orders[1]!.id, actor: STAFF }));
  expect((await client.post(`/products/${id}/delete`)).status).toBe(303);
});

test('a product that is deleted and bought at the same time is one or the other', async () => {
  for (let i = 0; i < 10; i++) {
    const { id } = await client.register({ quantity: 1 });
    await root.query('UPDATE product SET price = 100, tax_rate = 0, on_sale = TRUE WHERE id = ?', [id]);
    const product = { id, price: 100, taxRate: 0 };
    const [deletion, order] = await Promise.all([
      client.post(`/products/${id}/delete`),
      refusalOf(buy(databases, [{ product, quantity: 1 }], { provider: cashOnDelivery })),
    ]);
    expect([
      [303, 'out_of_stock'],
      [409, 'done'],
    ]).toContainEqual([deletion.status, order]);
  }
});

test('an import is not undone while orders hold what it has added', async () => {
  const code = uniqueCode();
  const found = await preview(client, `Código;Nombre;Cantidad;Precio\r\n${code};Libro;5;1`);
  await apply(client, found.id);
  const { id } = await client.findByCode(code);
  await root.query('UPDATE product SET on_sale = TRUE WHERE id = ?', [id]);
  const product = { id, price: 100, taxRate: 0 };
  await buy(databases, [{ product, quantity: 1 }], { provider: cashOnDelivery });
  await client.post(`/imports/${found.id}/undo`);
  await waitForRest(client, found.id);
  expect((await client.get(`/imports/${found.id}`)).text).toContain('hay pedidos que lo tienen reservado');
  expect(await stockOf(root, id)).toMatchObject({ onHand: 5, exact: 1 });
});
