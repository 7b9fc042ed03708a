import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Connection } from 'mysql2/promise';
import { closeDatabases, type Databases } from '../../src/database/databases.ts';
import { cancelOrder } from '../../src/orders/cancel-order.ts';
import { reconcilePayments, startPayment, takeNotification } from '../../src/orders/provider-calls.ts';
import { finishRefund, requestRefund, sendRefund } from '../../src/orders/refunds.ts';
import { bankTransfer } from '../../src/payments/offline-providers.ts';
import {
  providersOf,
  type AttemptState,
  type Notification,
  type PaymentProvider,
} from '../../src/payments/provider.ts';
import { openDatabases } from '../support/open-databases.ts';
import { stack } from '../support/shared-stack.ts';
import { addProduct, buy, change, faultsOf, refusalOf, rowsOf, STAFF, stateOf } from './shop-support.ts';

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

const TOTAL = 1500;
let said: AttemptState = { state: 'pending' };
const refundKeys: string[] = [];

/** Its messages are JSON with a signature that is a word. */
const gateway: PaymentProvider = {
  ...bankTransfer,
  name: 'test_messages',
  isOnline: true,
  repeatsRefundsSafely: true,
  start: ({ key }) =>
    Promise.resolve({ kind: 'redirect', url: 'https://pay.example.com', reference: `R-${key}` }),
  parseNotification(rawBody, headers) {
    if (headers['x-signature'] !== 'right') return Promise.reject(new Error('forged'));
    const { eventId, reference, ...state } = JSON.parse(rawBody.toString()) as Notification;
    return Promise.resolve({ eventId, reference, ...state, payload: { eventId } });
  },
  fetchState: () => Promise.resolve(said),
  refund: (_attempt, _refund, key) => {
    refundKeys.push(key);
    return Promise.resolve();
  },
};
const providers = providersOf(gateway);

async function newOrder() {
  const product = await addProduct(root);
  const { id } = await buy(databases, [{ product, quantity: 1 }], { provider: gateway });
  const [payment] = await rowsOf(root, 'SELECT id FROM payment WHERE order_id = ?', [id]);
  const paymentId = Number(payment!.id);
  const start = await startPayment(databases.catalogue, providers, paymentId);
  return { id, paymentId, reference: start.kind === 'redirect' ? start.reference! : '' };
}

const captured = { state: 'captured', amount: TOTAL, currency: 'USD' } as const;

function tell(reference: string, state: AttemptState, { signature = 'right', eventId = randomUUID() } = {}) {
  const body = Buffer.from(JSON.stringify({ eventId, reference, ...state }));
  return takeNotification(databases.catalogue, gateway, body, { 'x-signature': signature });
}

const paymentState = async (id: number) =>
  String((await rowsOf(root, 'SELECT state FROM payment WHERE id = ?', [id]))[0]!.state);

test('a message that comes ten times at once is taken once', async () => {
  const { id, reference } = await newOrder();
  const eventId = randomUUID();
  await Promise.all(Array.from({ length: 10 }, () => tell(reference, captured, { eventId })));
  expect(await stateOf(root, id)).toBe('confirmed');
  expect(
    await rowsOf(root, 'SELECT id FROM payment_notification WHERE event_id = ?', [eventId]),
  ).toHaveLength(1);
  const events = await rowsOf(
    root,
    "SELECT id FROM order_event WHERE order_id = ? AND to_state = 'captured'",
    [id],
  );
  expect(events).toHaveLength(1);
});

test('a forged message changes nothing, and one of an unknown attempt is not kept', async () => {
  const { id, reference } = await newOrder();
  await expect(tell(reference, captured, { signature: 'wrong' })).rejects.toThrow('forged');
  const eventId = randomUUID();
  expect(await refusalOf(tell('R-none', captured, { eventId }))).toBe('unknown_attempt');
  expect(await rowsOf(root, 'SELECT id FROM payment_notification WHERE event_id = ?', [eventId])).toEqual([]);
  expect(await stateOf(root, id)).toBe('awaiting_payment');
});

test('messages in the wrong order end in the same state', async () => {
  const { id, paymentId, reference } = await newOrder();
  await tell(reference, captured);
  await tell(reference, { state: 'failed' });
  await tell(reference, { state: 'pending' });
  expect([await stateOf(root, id), await paymentState(paymentId)]).toEqual(['confirmed', 'captured']);

  const other = await newOrder();
  await tell(other.reference, { state: 'failed' });
  expect([await stateOf(root, other.id), await paymentState(other.paymentId)]).toEqual([
    'awaiting_payment',
    'failed',
  ]);
  await tell(other.reference, captured);
  expect([await stateOf(root, other.id), await paymentState(other.paymentId)]).toEqual([
    'confirmed',
    'captured',
  ]);
});

test('another amount or currency than that of the order is noted, and confirms nothing', async () => {
  const { id, paymentId, reference } = await newOrder();
  await tell(reference, { ...captured, amount: 1 });
  await tell(reference, { ...captured, currency: 'COP' });
  expect([await stateOf(root, id), await paymentState(paymentId)]).toEqual(['awaiting_payment', 'pending']);
  const notes = await rowsOf(root, 'SELECT note FROM order_event WHERE order_id = ? AND note IS NOT NULL', [
    id,
  ]);
  expect(notes.map(({ note }) => String(note))).toEqual([
    `mismatch: 1 USD for ${TOTAL} USD`,
    `mismatch: ${TOTAL} COP for ${TOTAL} USD`,
  ]);
});

test('money that does not match is noted once, however often its gateway tells of it', async () => {
  const { id, reference } = await newOrder();
  const tellOf = (amount: number) => tell(reference, { ...captured, amount });
  const notes = async () => {
    const rows = await rowsOf(
      root,
      "SELECT note FROM order_event WHERE order_id = ? AND subject = 'payment' AND note IS NOT NULL ORDER BY id",
      [id],
    );
    return rows.map(({ note }) => String(note));
  };
  await Promise.all(Array.from({ length: 5 }, () => tellOf(1)));
  expect(await notes()).toEqual([`mismatch: 1 USD for ${TOTAL} USD`]);
  await change(databases, (trx) => cancelOrder(trx, { orderId: id, actor: STAFF }));
  await tellOf(1);
  expect(await notes()).toEqual([`mismatch: 1 USD for ${TOTAL} USD`]);
  await tellOf(2);
  expect(await notes()).toEqual([`mismatch: 1 USD for ${TOTAL} USD`, `mismatch: 2 USD for ${TOTAL} USD`]);
});

test('an attempt whose message got lost is found by asking', async () => {
  const { id, paymentId } = await newOrder();
  const ask = () =>
    reconcilePayments(databases.catalogue, providers, {
      check: () => undefined,
      onError: (error) => {
        throw error;
      },
    });
  await root.query("UPDATE payment SET state = 'failed' WHERE method = ? AND state = 'pending' AND id <> ?", [
    gateway.name,
    paymentId,
  ]);
  said = captured;
  await ask();
  // Its customer may be paying right now.
  expect(await stateOf(root, id)).toBe('awaiting_payment');
  await root.query('UPDATE payment SET created_at = created_at - INTERVAL 1 HOUR WHERE id = ?', [paymentId]);
  await ask();
  expect(await stateOf(root, id)).toBe('confirmed');
  said = { state: 'pending' };
});

test('a refund is sent with its key, and done once', async () => {
  const { id, reference } = await newOrder();
  await tell(reference, captured);
  await change(databases, (trx) => cancelOrder(trx, { orderId: id, actor: STAFF }));
  const [refund] = await rowsOf(root, 'SELECT id, refund_key FROM refund WHERE order_id = ?', [id]);
  const refundId = Number(refund!.id);
  const request = () => refusalOf(change(databases, (trx) => requestRefund(trx, refundId, { actor: STAFF })));
  expect([await request(), await request()]).toEqual(['done', 'stale_state']);
  await sendRefund(databases.catalogue, providers, refundId);
  await sendRefund(databases.catalogue, providers, refundId);
  expect(refundKeys).toEqual([refund!.refund_key]);
  const finish = change(databases, (trx) => finishRefund(trx, refundId, { actor: STAFF }));
  expect(await refusalOf(finish)).toBe('stale_state');
});
