import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { ResultSetHeader } from 'mysql2/promise';
import { pino } from 'pino';
import type { Databases } from '../../src/database/databases.ts';
import { cancelOrder } from '../../src/orders/cancel-order.ts';
import { orderJobs } from '../../src/orders/order-jobs.ts';
import { cancelAttempt, reconcilePayments } from '../../src/orders/provider-calls.ts';
import { GatewayError } from '../../src/payments/provider.ts';
import { change, faultsOf, rowsOf, STAFF } from '../orders/shop-support.ts';
import { JobsInstance } from '../support/jobs-instance.ts';
import { waitUntil } from '../support/wait-until.ts';
import { decide, METHODS, PaymentSystem, type Bought } from './payment-system.ts';

let system: PaymentSystem;

beforeAll(async () => (system = await PaymentSystem.open()));

afterAll(async () => {
  expect(await faultsOf(system.databases)).toEqual([]);
  await system.close();
});

afterEach(() => {
  for (const { gateway } of METHODS) system.simulators.behave(gateway, {});
});

const methodOf = (name: string) => METHODS.find((method) => method.name === name)!;

// Both at once, as each is waited for until its limit.
test('a start that hangs is given up in time, and tried again', async () => {
  await Promise.all(['stripe', 'paypal'].map(startHanging));
});

async function startHanging(name: string): Promise<void> {
  const method = methodOf(name);
  const order = await system.buy(method);
  system.simulators.behave(method.gateway, { hangs: true });
  const begun = Date.now();
  await expect(system.start(order)).rejects.toThrow(GatewayError);
  expect([name, Date.now() - begun < 12_000]).toEqual([name, true]);
  expect([name, await system.states(order)]).toEqual([name, ['awaiting_payment', 'pending']]);
  system.simulators.behave(method.gateway, {});
  await decide(await system.start(order), 'pay');
  await waitUntil(async () => (await system.states(order)).join() === 'confirmed,captured');
}

test('a gateway that hangs is waited for once, and the others are asked all the same', async () => {
  const hanging = [await system.buy(methodOf('redsys')), await system.buy(methodOf('redsys'))];
  const other = await system.buy(methodOf('wompi'));
  for (const order of [...hanging, other]) {
    system.simulators.behave('wompi', { drops: true });
    system.simulators.behave('redsys', { drops: true });
    await decide(await system.start(order), 'pay');
  }
  const ids = [...hanging, other].map(({ paymentId }) => paymentId);
  await system.root.query('UPDATE payment SET created_at = created_at - INTERVAL 1 HOUR WHERE id IN (?)', [
    ids,
  ]);
  // What other tests have left. Those paid at the door are pending, too, and stay so.
  await system.root.query(
    `UPDATE payment SET state = IF(state = 'pending', 'failed', state), updated_at = updated_at - INTERVAL 2 DAY
     WHERE method IN (?) AND id NOT IN (?)`,
    [METHODS.map(({ name }) => name), ids],
  );
  system.simulators.behave('redsys', { hangs: true });
  const begun = Date.now();
  const errors: number[] = [];
  await reconcilePayments(system.databases.catalogue, system.providers, {
    check: () => undefined,
    onError: (_error, payment) => errors.push(payment),
  });
  expect(Date.now() - begun).toBeLessThan(15_000);
  expect(errors).toEqual([hanging[0]!.paymentId]);
  expect(await system.states(other)).toEqual(['confirmed', 'captured']);
});

test('an attempt that its gateway does not know keeps none of the others from being asked about', async () => {
  system.simulators.behave('stripe', { drops: true });
  const method = methodOf('stripe');
  const orders = [await system.buy(method), await system.buy(method)];
  for (const order of orders) await decide(await system.start(order), 'pay');
  const [unknown, other] = orders as [Bought, Bought];
  await system.root.query("UPDATE payment SET provider_reference = 'cs_unknown' WHERE id = ?", [
    unknown.paymentId,
  ]);
  await system.root.query('UPDATE payment SET created_at = created_at - INTERVAL 1 HOUR WHERE id IN (?)', [
    orders.map(({ paymentId }) => paymentId),
  ]);
  const failed: number[] = [];
  await reconcilePayments(system.databases.catalogue, system.providers, {
    check: () => undefined,
    onError: (_error, payment) => failed.push(payment),
  });
  expect(failed).toContain(unknown.paymentId);
  expect(await system.states(unknown)).toEqual(['awaiting_payment', 'pending']);
  expect(await system.states(other)).toEqual(['confirmed', 'captured']);
});

test('a page of Stripe lives for half an hour, even if the hold is about to end', async () => {
  const order = await system.buy(methodOf('stripe'));
  await system.root.query(
    'UPDATE payment SET expires_at = UTC_TIMESTAMP(3) + INTERVAL 8 MINUTE WHERE id = ?',
    [order.paymentId],
  );
  expect(await system.start(order)).toMatchObject({ kind: 'redirect' });
});

test('a gateway that refuses to cancel is told for an hour, one that hangs until it answers', async () => {
  const order = await system.buy(methodOf('stripe'));
  system.simulators.behave('stripe', { drops: true });
  // Its session is complete and unpaid, as that of a direct debit under way.
  await decide(await system.start(order), 'refuse');
  await change(system.databases, (trx) => cancelOrder(trx, { orderId: order.id, actor: STAFF }));
  const cancel = (tries: number) =>
    cancelAttempt(system.databases.catalogue, system.providers, order.paymentId, tries);
  await expect(cancel(12)).rejects.toThrow('checkout_session_not_open');
  await cancel(13);
  system.simulators.behave('stripe', { hangs: true });
  await expect(cancel(13)).rejects.toThrow(GatewayError);
});

test('the return address is in both languages, and unknown to nobody else', async () => {
  const order = await system.buy(methodOf('stripe'));
  const [payment] = await rowsOf(system.root, 'SELECT attempt_key AS `key` FROM payment WHERE id = ?', [
    order.paymentId,
  ]);
  const open = (path: string) => fetch(system.url + path, { redirect: 'manual' });
  const english = await open(`/shop/payment/${String(payment!.key)}?id=1&env=test`);
  expect(english.headers.get('location')).toMatch(new RegExp(`^/shop/orders/${order.number}\\?t=`));
  for (const key of [randomUUID(), '1', 'Ñ', `${String(payment!.key)}x`])
    expect([key, (await open(`/tienda/pago/${encodeURIComponent(key)}`)).status]).toEqual([key, 404]);
});

test('after a promotion payments are asked for within seconds', async () => {
  const instance = await JobsInstance.open();
  let term = 7;
  const monitor = new Proxy(instance.databases.catalogue.monitor, {
    get: (target, name) => (name === 'term' ? () => term : (Reflect.get(target, name) as unknown)),
  });
  const catalogue = new Proxy(instance.databases.catalogue, {
    get: (target, name) => {
      if (name === 'monitor') return monitor;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? (value as () => unknown).bind(target) : value;
    },
  });
  const databases: Databases = { ...instance.databases, catalogue };
  orderJobs(instance.jobs, { databases, providers: new Map(), logger: pino({ level: 'silent' }) });
  const runs = async () =>
    Number(
      (await rowsOf(system.root, "SELECT attempt FROM job_lease WHERE name = 'payments'"))[0]?.attempt ?? 0,
    );
  instance.jobs.start();
  await waitUntil(async () => (await runs()) > 0);
  // Its ten minutes may be over soon: an instance of the system has run it at its start.
  await waitUntil(async () => {
    const [{ affectedRows }] = await system.root.query<ResultSetHeader>(
      "UPDATE job_lease SET due_at = UTC_TIMESTAMP(3) + INTERVAL 10 MINUTE WHERE name = 'payments' AND owner IS NULL",
    );
    return affectedRows === 1;
  });
  const before = await runs();
  await new Promise((resolve) => setTimeout(resolve, 5000));
  expect(await runs()).toBe(before);
  term++;
  const begun = Date.now();
  await waitUntil(async () => (await runs()) > before);
  expect(Date.now() - begun).toBeLessThan(10_000);
  await instance.close();
});
