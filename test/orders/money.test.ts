import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Connection } from 'mysql2/promise';
import { closeDatabases, type Databases } from '../../src/database/databases.ts';
import { cancelOrder } from '../../src/orders/cancel-order.ts';
import { capturePayment, failPayment, type CaptureOutcome } from '../../src/orders/capture-payment.ts';
import { expireOrder, expireOrders } from '../../src/orders/expire-orders.ts';
import { retryPayment } from '../../src/orders/retry-payment.ts';
import { SYSTEM } from '../../src/orders/states.ts';
import { bankTransfer, cashOnDelivery } from '../../src/payments/offline-providers.ts';
import {
  GatewayError,
  providersOf,
  type AttemptState,
  type PaymentProvider,
} from '../../src/payments/provider.ts';
import { openDatabases } from '../support/open-databases.ts';
import { stack } from '../support/shared-stack.ts';
import { waitUntil } from '../support/wait-until.ts';
import {
  addProduct,
  buy,
  endHold,
  faultsOf,
  paymentsOf,
  pauseExpiry,
  refusalOf,
  resumeExpiry,
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
  await pauseExpiry(root);
});

afterAll(async () => {
  const faults = await faultsOf(databases);
  await resumeExpiry(root);
  // First, so that a failure does not keep the run from ending.
  await root.end();
  await closeDatabases(databases);
  expect(faults).toEqual([]);
});

const TOTAL = 1500;

/** One unit at 1000, with a delivery at 500. */
async function newOrder(provider: PaymentProvider = bankTransfer, quantity = 1) {
  const product = await addProduct(root, { quantity: 1 });
  const { id } = await buy(databases, [{ product, quantity }], { provider });
  const [payment] = await paymentsOf(root, id);
  return { id, product, payment: Number(payment!.id) };
}

const capture = (paymentId: number, amount = TOTAL, currency = 'USD'): Promise<CaptureOutcome> =>
  databases.catalogue.transact((trx) => capturePayment(trx, { paymentId, amount, currency, actor: STAFF }));

const cancel = (orderId: number, actor: { kind: 'user' | 'customer'; id: number } = STAFF) =>
  databases.catalogue.transact((trx) => cancelOrder(trx, { orderId, actor }));

const retry = (orderId: number, provider: PaymentProvider = bankTransfer) =>
  databases.catalogue.transact((trx) => retryPayment(trx, { orderId, provider, actor: STAFF }));

async function expire(orderId: number): Promise<boolean> {
  await endHold(root, orderId);
  return databases.catalogue.transact((trx) => expireOrder(trx, orderId));
}

const refundsOf = (orderId: number) =>
  rowsOf(root, 'SELECT amount, state, reason, payment_id FROM refund WHERE order_id = ? ORDER BY id', [
    orderId,
  ]);

const cancellationsOf = (orderId: number) =>
  rowsOf(
    root,
    `SELECT outbox.id FROM outbox JOIN payment ON payment.id = payload->>'$.payment'
     WHERE kind = 'cancel-payment' AND order_id = ?`,
    [orderId],
  );

test('money in time confirms the order, once, however often it is told of', async () => {
  const { id, product, payment } = await newOrder();
  const outcomes = await Promise.all(Array.from({ length: 10 }, () => capture(payment)));
  expect(outcomes.sort()).toEqual(['paid', ...Array<string>(9).fill('repeated')]);
  expect([await stateOf(root, id), await refundsOf(id)]).toEqual(['confirmed', []]);
  expect(await stockOf(root, product.id)).toMatchObject({ exact: 1 });
  await endHold(root, id);
  expect(await databases.catalogue.transact((trx) => expireOrder(trx, id))).toBe(false);
  await root.query('UPDATE shop_order SET hold_until = NULL WHERE id = ?', [id]);
  expect(await stateOf(root, id)).toBe('confirmed');
});

test('more than the total is a refund due, and less or another currency is not taken', async () => {
  const { id, payment } = await newOrder();
  expect(await refusalOf(capture(payment, TOTAL - 1))).toBe('payment_mismatch');
  expect(await refusalOf(capture(payment, TOTAL, 'COP'))).toBe('payment_mismatch');
  expect(await stateOf(root, id)).toBe('awaiting_payment');
  expect(await capture(payment, TOTAL + 25)).toBe('paid');
  expect(await refundsOf(id)).toMatchObject([{ amount: 25, state: 'due', reason: 'surplus' }]);
});

test('a hold ends on its day, and its stock is free again', async () => {
  const { id, product } = await newOrder();
  expect(await databases.catalogue.transact((trx) => expireOrder(trx, id))).toBe(false);
  expect(await expire(id)).toBe(true);
  expect(await expire(id)).toBe(false);
  await root.query('UPDATE shop_order SET hold_until = NULL WHERE id = ?', [id]);
  expect(await stateOf(root, id)).toBe('expired');
  expect(await stockOf(root, product.id)).toEqual({ onHand: 1, exact: 0, reserved: 0, version: 1 });
  expect(await paymentsOf(root, id)).toMatchObject([{ state: 'expired' }]);
  const mails = await rowsOf(root, 'SELECT mail FROM order_event WHERE order_id = ? AND mail IS NOT NULL', [
    id,
  ]);
  expect(mails.map(({ mail }) => String(mail))).toEqual(['placed', 'expired']);
});

test('late money holds the stock again, whatever it costs by now', async () => {
  const { id, product, payment } = await newOrder();
  await expire(id);
  await root.query('UPDATE product SET price = 9999, on_sale = FALSE WHERE id = ?', [product.id]);
  expect(await capture(payment)).toBe('paid');
  expect([await stateOf(root, id), await refundsOf(id)]).toEqual(['confirmed', []]);
  expect(await stockOf(root, product.id)).toMatchObject({ exact: 1, reserved: 1 });
});

test('late money for what another customer has bought is a refund due, and nothing is held', async () => {
  const { id, product, payment } = await newOrder();
  await expire(id);
  const other = await buy(databases, [{ product, quantity: 1 }]);
  expect(await capture(payment)).toBe('refund_due');
  expect(await capture(payment)).toBe('repeated');
  expect([await stateOf(root, id), await stateOf(root, other.id)]).toEqual(['expired', 'awaiting_payment']);
  expect(await refundsOf(id)).toMatchObject([{ amount: TOTAL, state: 'due', reason: 'too_late' }]);
  expect(await stockOf(root, product.id)).toMatchObject({ exact: 1 });
  const held = await rowsOf(root, 'SELECT held FROM order_line WHERE order_id = ?', [id]);
  expect(held).toEqual([{ held: '0.000' }]);
});

test('an expiry against a capture: either the order is confirmed or the money is a refund due', async () => {
  for (let i = 0; i < 15; i++) {
    const { id, product, payment } = await newOrder();
    await endHold(root, id);
    const rival = buy(databases, [{ product, quantity: 1 }]);
    const [outcome] = await Promise.all([
      capture(payment),
      databases.catalogue.transact((trx) => expireOrder(trx, id)),
      refusalOf(rival),
    ]);
    const state = await stateOf(root, id);
    expect([outcome, state]).toEqual(outcome === 'paid' ? ['paid', 'confirmed'] : ['refund_due', 'expired']);
    expect(await stockOf(root, product.id)).toMatchObject({ onHand: 1, exact: 1 });
  }
});

test('a failed payment leaves the hold, which its own retry does not meet as "sold out"', async () => {
  const { id, product, payment } = await newOrder();
  const failed = { paymentId: payment, orderId: id, actor: SYSTEM };
  await databases.catalogue.transact((trx) => failPayment(trx, failed));
  expect(await stockOf(root, product.id)).toMatchObject({ exact: 1 });
  const second = await retry(id);
  expect(await stockOf(root, product.id)).toMatchObject({ exact: 1 });
  expect(await capture(second)).toBe('paid');
  expect(await stateOf(root, id)).toBe('confirmed');
  expect(await refusalOf(retry(id))).toBe('not_payable');
});

test('an order has one live payment, and the money of an earlier one pays it as well', async () => {
  const { id, payment } = await newOrder();
  const second = await retry(id);
  expect(await paymentsOf(root, id)).toMatchObject([{ state: 'cancelled' }, { state: 'pending' }]);
  expect(await capture(payment)).toBe('paid');
  expect(await paymentsOf(root, id)).toMatchObject([{ state: 'captured' }, { state: 'cancelled' }]);
  // And then the other money comes, too.
  expect(await capture(second, TOTAL + 1)).toBe('refund_due');
  expect(await paymentsOf(root, id)).toMatchObject([{ state: 'captured' }, { state: 'surplus' }]);
  expect(await refundsOf(id)).toMatchObject([{ amount: TOTAL + 1, reason: 'surplus', payment_id: second }]);
  expect(await stateOf(root, id)).toBe('confirmed');
});

test('two payments of one order that come at once pay it once', async () => {
  for (let i = 0; i < 10; i++) {
    const { id, payment } = await newOrder();
    const second = await retry(id);
    const outcomes = await Promise.all([capture(payment), capture(second)]);
    expect(outcomes.sort()).toEqual(['paid', 'refund_due']);
    expect(await refundsOf(id)).toMatchObject([{ amount: TOTAL }]);
  }
});

test('the end of an old attempt does not touch an order that a new one has paid', async () => {
  const { id, payment } = await newOrder();
  const second = await retry(id);
  await capture(second);
  await root.query('UPDATE payment SET expires_at = "2020-01-01" WHERE id = ?', [payment]);
  await expireOrders({
    catalogue: databases.catalogue,
    providers: providersOf(bankTransfer),
    check: () => undefined,
    onError: (error) => {
      throw error;
    },
  });
  expect(await stateOf(root, id)).toBe('confirmed');
});

test('customers cancel what is unpaid; what is paid, staff cancel, and it is a refund due', async () => {
  const customer = { kind: 'customer', id: 9 } as const;
  const { id, product, payment } = await newOrder();
  await capture(payment);
  expect(await refusalOf(cancel(id, customer))).toBe('not_cancellable');
  await cancel(id);
  expect(await refundsOf(id)).toMatchObject([{ amount: TOTAL, state: 'due', reason: 'cancelled' }]);
  expect(await stockOf(root, product.id)).toMatchObject({ onHand: 1, exact: 0 });
  expect(await refusalOf(cancel(id))).toBe('not_cancellable');

  const unpaid = await newOrder(cashOnDelivery);
  await cancel(unpaid.id, customer);
  expect([await stateOf(root, unpaid.id), await refundsOf(unpaid.id)]).toEqual(['cancelled', []]);
  expect(await capture(unpaid.payment)).toBe('refund_due');
  expect(await stateOf(root, unpaid.id)).toBe('cancelled');
});

test('cash at the door is captured from an order that is confirmed already', async () => {
  const { id, payment } = await newOrder(cashOnDelivery);
  expect(await capture(payment)).toBe('paid');
  expect([await stateOf(root, id), await refundsOf(id)]).toEqual(['confirmed', []]);
});

/** A gateway that answers what the test says, and counts what it is asked. */
function gateway(answer: () => Promise<AttemptState>) {
  const asked = { states: 0, cancelled: 0 };
  const provider: PaymentProvider = {
    ...bankTransfer,
    name: 'test_gateway',
    holdSeconds: 35 * 60,
    isOnline: true,
    fetchState: () => {
      asked.states++;
      return answer();
    },
    cancel: () => {
      asked.cancelled++;
      return Promise.resolve();
    },
  };
  return { provider, asked };
}

async function runExpiry(...gateways: PaymentProvider[]): Promise<unknown[]> {
  const errors: unknown[] = [];
  await expireOrders({
    catalogue: databases.catalogue,
    providers: providersOf(bankTransfer, cashOnDelivery, ...gateways),
    check: () => undefined,
    onError: (error) => errors.push(error),
  });
  return errors;
}

async function dueOrder(provider: PaymentProvider) {
  const order = await newOrder(provider);
  await endHold(root, order.id);
  return order;
}

test('a gateway is asked before a hold ends: money that has come is taken', async () => {
  const { provider } = gateway(() => Promise.resolve({ state: 'captured', amount: TOTAL, currency: 'USD' }));
  const { id, product } = await dueOrder(provider);
  expect(await runExpiry(provider)).toEqual([]);
  expect(await stateOf(root, id)).toBe('confirmed');
  expect(await stockOf(root, product.id)).toMatchObject({ exact: 1 });
});

test('an attempt that could still be paid is cancelled at the gateway before its hold ends', async () => {
  const { provider, asked } = gateway(() => Promise.resolve({ state: 'pending' }));
  const { id } = await dueOrder(provider);
  expect(await runExpiry(provider)).toEqual([]);
  expect([await stateOf(root, id), asked]).toEqual(['expired', { states: 1, cancelled: 1 }]);
});

test('money that comes while the job ends a hold keeps the order, or is a refund due', async () => {
  let paying: Promise<CaptureOutcome> | undefined;
  let payment = 0;
  const { provider } = gateway(() => Promise.resolve({ state: 'pending' }));
  const before = {
    ...provider,
    cancel: async () => {
      paying = capture(payment);
      await paying;
    },
  };
  const inTime = await dueOrder(before);
  payment = inTime.payment;
  expect(await runExpiry(before)).toEqual([]);
  expect([await paying, await stateOf(root, inTime.id)]).toEqual(['paid', 'confirmed']);

  for (let i = 0; i < 10; i++) {
    const during = { ...provider, cancel: () => Promise.resolve(void (paying = capture(payment))) };
    const order = await dueOrder(during);
    payment = order.payment;
    expect(await runExpiry(during)).toEqual([]);
    // Late money finds the stock that was let go, as nobody else wants it.
    expect([await paying, await stateOf(root, order.id)]).toEqual(['paid', 'confirmed']);
    expect(await stockOf(root, order.product.id)).toMatchObject({ onHand: 1, exact: 1 });
  }
});

test('the end of an old attempt leaves an order that waits for a new one', async () => {
  const { provider } = gateway(() => Promise.resolve({ state: 'pending' }));
  const { id, product, payment } = await newOrder(provider);
  const second = await retry(id, provider);
  await root.query('UPDATE payment SET expires_at = "2020-01-01" WHERE id = ?', [payment]);
  const failed = { paymentId: payment, orderId: id, actor: SYSTEM };
  const late = databases.catalogue.transact((trx) => failPayment(trx, failed));
  expect(await refusalOf(late)).toBe('stale_state');
  expect(await runExpiry(provider)).toEqual([]);
  expect([await stateOf(root, id), await stockOf(root, product.id)]).toMatchObject([
    'awaiting_payment',
    { exact: 1 },
  ]);
  expect(await capture(second)).toBe('paid');
});

test('while a gateway does not answer the stock stays held, for a day at most', async () => {
  const { provider } = gateway(() => Promise.reject(new Error('hangs')));
  const { id } = await dueOrder(provider);
  expect(await runExpiry(provider)).toEqual([new Error('hangs')]);
  expect(await stateOf(root, id)).toBe('awaiting_payment');
  // Put off, so it is not asked at once again.
  expect(await runExpiry(provider)).toEqual([]);
  await root.query('UPDATE payment SET expires_at = UTC_TIMESTAMP(3) - INTERVAL 25 HOUR WHERE order_id = ?', [
    id,
  ]);
  await endHold(root, id);
  expect(await runExpiry(provider)).toEqual([]);
  expect(await stateOf(root, id)).toBe('expired');
});

test('while the gateway of a failed attempt does not answer the stock stays held, for a day at most', async () => {
  const { provider } = gateway(() => Promise.reject(new Error('hangs')));
  const { id, payment } = await newOrder(provider);
  const failed = { paymentId: payment, orderId: id, actor: SYSTEM };
  await databases.catalogue.transact((trx) => failPayment(trx, failed));
  const { provider: next, asked } = gateway(() => Promise.resolve({ state: 'pending' }));
  const other = { ...next, name: 'test_other' };
  await retry(id, other);
  await endHold(root, id);
  expect(await runExpiry(provider, other)).toEqual([new Error('hangs')]);
  // The order still waits, so its customer can pay.
  expect([await stateOf(root, id), asked.cancelled]).toEqual(['awaiting_payment', 0]);
  await root.query('UPDATE payment SET expires_at = UTC_TIMESTAMP(3) - INTERVAL 25 HOUR WHERE id = ?', [
    payment,
  ]);
  await endHold(root, id);
  expect(await runExpiry(provider, other)).toEqual([]);
  expect([await stateOf(root, id), asked.cancelled]).toEqual(['expired', 1]);
});

test('the stock of a gateway that is not set up any more stays held for a day, too', async () => {
  const { provider } = gateway(() => Promise.resolve({ state: 'pending' }));
  const { id, product } = await dueOrder(provider);
  expect(await runExpiry()).toEqual([new GatewayError(provider.name, 'not set up')]);
  expect(await runExpiry()).toEqual([]);
  expect(await stockOf(root, product.id)).toMatchObject({ exact: 1 });
  await root.query('UPDATE payment SET expires_at = UTC_TIMESTAMP(3) - INTERVAL 25 HOUR WHERE order_id = ?', [
    id,
  ]);
  await endHold(root, id);
  expect(await runExpiry()).toEqual([]);
  expect(await stateOf(root, id)).toBe('expired');
  expect(await stockOf(root, product.id)).toMatchObject({ exact: 0 });
});

test('an attempt of a gateway that is not set up any more is cancelled without telling it', async () => {
  const { provider } = gateway(() => Promise.resolve({ state: 'pending' }));
  const { id } = await newOrder(provider);
  await cancel(id);
  // The outbox of the system under test, which has not that gateway.
  await waitUntil(async () => (await cancellationsOf(id)).length === 0);
});
