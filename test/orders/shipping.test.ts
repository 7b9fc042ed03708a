import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Connection } from 'mysql2/promise';
import { closeDatabases, type Databases } from '../../src/database/databases.ts';
import { cancelOrder } from '../../src/orders/cancel-order.ts';
import { deliverParcel, openParcel, packParcel, shipParcel, takeBack } from '../../src/orders/parcels.ts';
import { moveParcel } from '../../src/orders/states.ts';
import { cashOnDelivery } from '../../src/payments/offline-providers.ts';
import { Client } from '../support/client.ts';
import { openDatabases } from '../support/open-databases.ts';
import { stack } from '../support/shared-stack.ts';
import { waitUntil } from '../support/wait-until.ts';
import {
  addProduct,
  buy,
  change,
  faultsOf,
  refusalOf,
  rowsOf,
  STAFF,
  stateOf,
  stockOf,
} from './shop-support.ts';

let root: Connection;
let databases: Databases;

beforeAll(async () => {
  root = await stack.connect('primary');
  databases = await openDatabases();
});

afterAll(async () => {
  const faults = await faultsOf(databases);
  // First, so that a failure does not keep the run from ending.
  await root.end();
  await closeDatabases(databases);
  expect(faults).toEqual([]);
});

const why = { actor: STAFF };
const customer = { actor: { kind: 'customer', id: 1 } } as const;

async function newOrder(quantity: number) {
  const product = await addProduct(root);
  const { id, number } = await buy(databases, [{ product, quantity }], { provider: cashOnDelivery });
  const [line] = await rowsOf(root, 'SELECT id FROM order_line WHERE order_id = ?', [id]);
  return { orderId: id, number, product, orderLineId: Number(line!.id) };
}

const open = (orderId: number, orderLineId: number, quantity: number) =>
  change(databases, (trx) => openParcel(trx, { orderId, lines: [{ orderLineId, quantity }], ...why }));

const ship = (id: number) =>
  change(databases, (trx) => shipParcel(trx, { id, carrier: 'DHL', trackingNumber: 'JD01', ...why }));

test('what has not left is cancelled once', async () => {
  const { orderId, orderLineId, product } = await newOrder(3);
  await ship(await open(orderId, orderLineId, 1));
  const cancel = () => change(databases, (trx) => cancelOrder(trx, { orderId, ...why }));
  const refusals = await Promise.all([1, 2, 3].map(() => refusalOf(cancel())));
  expect(refusals.sort()).toEqual(['done', 'not_cancellable', 'not_cancellable']);
  expect(await stockOf(root, product.id)).toMatchObject({ onHand: 9, exact: 0 });
  expect(await stateOf(root, orderId)).toBe('in_progress');
});

test('a parcel takes its contents off the stock and off what is held, with the order in the ledger', async () => {
  const { orderId, number, orderLineId, product } = await newOrder(3.5);
  const first = await open(orderId, orderLineId, 1.25);
  await change(databases, (trx) => packParcel(trx, first, why));
  expect(await stockOf(root, product.id)).toMatchObject({ onHand: 10, exact: 3.5 });
  expect((await Promise.all([1, 2, 3].map(() => refusalOf(ship(first))))).sort()).toEqual([
    'done',
    'not_shippable',
    'not_shippable',
  ]);
  expect(await stockOf(root, product.id)).toEqual({ onHand: 8.75, exact: 2.25, reserved: 3, version: 2 });
  const movements = await rowsOf(
    root,
    `SELECT exact_delta, exact_after, reason, purpose, document_kind, document_id, document_number, actor_id
     FROM stock_movement WHERE product_id = ? ORDER BY id DESC LIMIT 1`,
    [product.id],
  );
  expect(movements).toEqual([
    {
      ...{ exact_delta: '-1.250', exact_after: '8.750', reason: 'adjustment', purpose: 'sale', actor_id: 1 },
      ...{ document_kind: 'order', document_id: orderId, document_number: number },
    },
  ]);
  expect(await stateOf(root, orderId)).toBe('in_progress');
  expect(await refusalOf(change(databases, (trx) => cancelOrder(trx, { orderId, ...customer })))).toBe(
    'not_cancellable',
  );

  const rest = await open(orderId, orderLineId, 2.25);
  await ship(rest);
  await change(databases, (trx) => deliverParcel(trx, first, why));
  expect(await stateOf(root, orderId)).toBe('in_progress');
  await change(databases, (trx) => deliverParcel(trx, rest, why));
  expect(await stateOf(root, orderId)).toBe('completed');
  expect(await stockOf(root, product.id)).toMatchObject({ onHand: 6.5, exact: 0, reserved: 0 });

  const client = await Client.signedIn();
  await waitUntil(async () => (await client.get(`/products/${product.id}`)).text.includes(number));
});

test('no two parcels have the same unit, and an order ships what it holds only', async () => {
  const { orderId, orderLineId } = await newOrder(2);
  expect(await refusalOf(open(orderId, orderLineId, 2.001))).toBe('not_shippable');
  const answers = await Promise.all([1, 2, 3].map(() => refusalOf(open(orderId, orderLineId, 1))));
  expect(answers.sort()).toEqual(['done', 'done', 'not_shippable']);
  const other = await newOrder(1);
  expect(await refusalOf(open(orderId, other.orderLineId, 1))).toBe('not_shippable');
});

test('of those that move a parcel from the same state, one does and the others are told', async () => {
  const { orderId, orderLineId } = await newOrder(1);
  const id = await open(orderId, orderLineId, 1);
  const pack = () =>
    change(databases, (trx) => moveParcel(trx, { id, orderId, from: 'open', to: 'packed', ...why }));
  const answers = await Promise.all([1, 2, 3].map(() => refusalOf(pack())));
  expect(answers.sort()).toEqual(['done', 'stale_state', 'stale_state']);
});

test('a cancelled order has no open parcels and holds nothing', async () => {
  const { orderId, orderLineId, product } = await newOrder(2);
  const parcel = await open(orderId, orderLineId, 1);
  await change(databases, (trx) => cancelOrder(trx, { orderId, ...why }));
  expect(await refusalOf(ship(parcel))).toBe('not_shippable');
  expect(await stockOf(root, product.id)).toMatchObject({ onHand: 10, exact: 0 });
});

test('what comes back goes to stock only if staff say so, and no more than was shipped', async () => {
  const { orderId, orderLineId, product } = await newOrder(3);
  await ship(await open(orderId, orderLineId, 2));
  const back = (quantity: number, toStock: boolean) =>
    refusalOf(
      change(databases, (trx) =>
        takeBack(trx, { orderId, lines: [{ orderLineId, quantity }], toStock, ...why }),
      ),
    );
  expect(await back(1, false)).toBe('done');
  expect(await stockOf(root, product.id)).toMatchObject({ onHand: 8, exact: 1 });
  expect(await back(1.5, true)).toBe('not_returnable');
  expect(await back(1, true)).toBe('done');
  expect(await stockOf(root, product.id)).toMatchObject({ onHand: 9, exact: 1 });
  expect(await back(0.001, true)).toBe('not_returnable');
});
