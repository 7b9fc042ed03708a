import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { oweRefund, requestRefund, sendRefund } from '../../src/orders/refunds.ts';
import { GatewayError } from '../../src/payments/provider.ts';
import { change, faultsOf, rowsOf, STAFF } from '../orders/shop-support.ts';
import { waitUntil } from '../support/wait-until.ts';
import { decide, METHODS, PaymentSystem, TOTAL, type Bought, type Method } from './payment-system.ts';

let system: PaymentSystem;

beforeAll(async () => (system = await PaymentSystem.open()));

afterAll(async () => {
  expect(await faultsOf(system.databases)).toEqual([]);
  await system.close();
});

afterEach(() => {
  for (const { gateway } of METHODS) system.simulators.behave(gateway, {});
});

async function paid(method: Method): Promise<Bought> {
  const order = await system.buy(method);
  await decide(await system.start(order), 'pay');
  await waitUntil(async () => (await system.states(order)).join() === 'confirmed,captured');
  return order;
}

/** Of a part or all, requested by staff. */
async function requested({ id: orderId, paymentId }: Bought, amount: number): Promise<number> {
  const why = { reason: 'returned', actor: STAFF } as const;
  await change(system.databases, (trx) => oweRefund(trx, { orderId, paymentId, amount, ...why }));
  const [refund] = await rowsOf(system.root, 'SELECT MAX(id) AS id FROM refund WHERE payment_id = ?', [
    paymentId,
  ]);
  const id = Number(refund!.id);
  await change(system.databases, (trx) => requestRefund(trx, id, { actor: STAFF }));
  return id;
}

const send = (id: number, tries = 1) => sendRefund(system.databases.catalogue, system.providers, id, tries);

async function stateOf(id: number): Promise<string> {
  return String((await rowsOf(system.root, 'SELECT state FROM refund WHERE id = ?', [id]))[0]!.state);
}

async function notesOf({ id }: Bought): Promise<string[]> {
  const rows = await rowsOf(
    system.root,
    "SELECT note FROM order_event WHERE order_id = ? AND subject = 'refund' AND note IS NOT NULL ORDER BY id",
    [id],
  );
  return rows.map(({ note }) => String(note));
}

/** As if the instance had died after the gateway's answer. */
async function forgetAnswer(id: number): Promise<void> {
  await system.root.query("UPDATE refund SET state = 'requested' WHERE id = ?", [id]);
  await system.root.query(
    "DELETE FROM order_event WHERE subject = 'refund' AND subject_id = ? AND to_state = 'done'",
    [id],
  );
}

const WITH_PARTS = METHODS.filter(({ name }) => name !== 'wompi');

test.each(WITH_PARTS)(
  '$name: two refunds of the same part are two, and none is made twice',
  async (method) => {
    const order = await paid(method);
    for (let part = 0; part < 2; part++) {
      const id = await requested(order, 500);
      await send(id);
      expect(await stateOf(id)).toBe('done');
      await forgetAnswer(id);
      await send(id);
      // Redsys cannot tell a repeat, so it is not sent again.
      const isSafe = system.provider(method).repeatsRefundsSafely;
      expect(await stateOf(id)).toBe(isSafe ? 'done' : 'failed');
    }
    const last = await requested(order, TOTAL - 1000);
    await send(last);
    expect(await stateOf(last)).toBe('done');
  },
);

test('a part of a payment with Wompi is for a person to pay back', async () => {
  const order = await paid(METHODS.find(({ name }) => name === 'wompi')!);
  const id = await requested(order, 500);
  await send(id);
  expect([await stateOf(id), await notesOf(order)]).toEqual([
    'failed',
    ['{"reason":"a part cannot be voided"}'],
  ]);
});

test.each(METHODS.filter(({ gateway }) => gateway !== 'redsys'))(
  '$name: a refund that is refused is for a person, who may try again',
  async (method) => {
    const order = await paid(method);
    const id = await requested(order, TOTAL);
    system.simulators.behave(method.gateway, { refuses: true });
    await send(id);
    expect(await stateOf(id)).toBe('failed');
    system.simulators.behave(method.gateway, {});
    await change(system.databases, (trx) => requestRefund(trx, id, { actor: STAFF }));
    await send(id);
    expect(await stateOf(id)).toBe('done');
  },
);

test('a refund by Redsys whose answer does not come is not sent again by itself', async () => {
  const method = METHODS.find(({ name }) => name === 'redsys')!;
  const order = await paid(method);
  const id = await requested(order, TOTAL);
  system.simulators.behave('redsys', { hangs: true });
  await expect(send(id)).rejects.toThrow(GatewayError);
  system.simulators.behave('redsys', {});
  await send(id);
  expect(await stateOf(id)).toBe('failed');
  expect(await notesOf(order)).toEqual(['sent', 'the outcome is not known']);
  // Staff have looked: it was not made.
  await change(system.databases, (trx) => requestRefund(trx, id, { actor: STAFF }));
  await send(id);
  expect(await stateOf(id)).toBe('done');
});

test('a refund that its gateway does not make for an hour is for a person, who may try again', async () => {
  const order = await paid(METHODS.find(({ name }) => name === 'stripe')!);
  const id = await requested(order, TOTAL);
  const keyOf = async () =>
    String((await rowsOf(system.root, 'SELECT refund_key FROM refund WHERE id = ?', [id]))[0]!.refund_key);
  const key = await keyOf();
  const refer = (reference: string) =>
    system.root.query('UPDATE payment SET provider_reference = ? WHERE id = ?', [reference, order.paymentId]);
  const [payment] = await rowsOf(system.root, 'SELECT provider_reference FROM payment WHERE id = ?', [
    order.paymentId,
  ]);
  await refer('cs_unknown');
  await expect(send(id, 12)).rejects.toThrow(GatewayError);
  expect(await stateOf(id)).toBe('requested');
  await send(id, 13);
  expect([await stateOf(id), await notesOf(order)]).toEqual(['failed', ['stripe: resource_missing']]);
  await refer(String(payment!.provider_reference));
  await change(system.databases, (trx) => requestRefund(trx, id, { actor: STAFF }));
  await send(id);
  expect([await stateOf(id), await keyOf()]).toEqual(['done', key]);
});

test('a refund by a gateway without settings is for a person after an hour', async () => {
  const order = await paid(METHODS.find(({ name }) => name === 'paypal')!);
  const id = await requested(order, TOTAL);
  // The system under test has no gateways. Its outbox tries for the last time.
  await waitUntil(async () => {
    await system.root.query(
      `UPDATE outbox SET attempts = 12, due_at = UTC_TIMESTAMP(3)
       WHERE kind = 'send-refund' AND payload->>'$.refund' = ? AND owner IS NULL`,
      [id],
    );
    return (await stateOf(id)) === 'failed';
  });
  expect(await notesOf(order)).toEqual(['paypal: not set up']);
});
