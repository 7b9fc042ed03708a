import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import type { Connection } from 'mysql2/promise';
import { closeDatabases, type Databases } from '../../src/database/databases.ts';
import type { OrderState } from '../../src/database/tables.ts';
import { moveOrder, SYSTEM, TRANSITIONS } from '../../src/orders/states.ts';
import { openDatabases } from '../support/open-databases.ts';
import { stack } from '../support/shared-stack.ts';
import { addProduct, buy, refusalOf, rowsOf, STAFF, stateOf } from './shop-support.ts';

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

const newOrder = async () => buy(databases, [{ product: await addProduct(root), quantity: 1 }]);

const move = (id: number, from: OrderState, to: OrderState) =>
  databases.catalogue.transact((trx) => moveOrder(trx, { id, from, to, actor: STAFF, note: 'por prueba' }));

test('only the transitions of the tables are possible', async () => {
  const states = Object.keys(TRANSITIONS.order) as OrderState[];
  for (const from of states) {
    for (const to of states) {
      const { id } = await newOrder();
      await root.query('UPDATE shop_order SET state = ? WHERE id = ?', [from, id]);
      const isAllowed = TRANSITIONS.order[from].includes(to);
      const moved = await move(id, from, to).then(
        () => true,
        (error: unknown) => {
          expect(error).toEqual(new Error(`No order goes from ${from} to ${to}`));
          return false;
        },
      );
      expect([from, to, moved, await stateOf(root, id)]).toEqual([
        from,
        to,
        isAllowed,
        isAllowed ? to : from,
      ]);
      // Out of the books of other tests.
      await root.query("UPDATE shop_order SET state = 'awaiting_payment' WHERE id = ?", [id]);
    }
  }
});

test('of two that move an order from the same state, one is told that it is stale', async () => {
  const { id } = await newOrder();
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => refusalOf(move(id, 'awaiting_payment', 'confirmed'))),
  );
  expect(answers.sort()).toEqual(['done', ...Array<string>(4).fill('stale_state')]);
  await root.query("UPDATE shop_order SET state = 'awaiting_payment' WHERE id = ?", [id]);
  const events = await rowsOf(root, 'SELECT * FROM order_event WHERE order_id = ? AND subject = "order"', [
    id,
  ]);
  expect(events).toMatchObject([
    { from_state: null, to_state: 'awaiting_payment', actor_kind: 'customer', actor_id: 0, mail: 'placed' },
    {
      ...{ from_state: 'awaiting_payment', to_state: 'confirmed', note: 'por prueba', mail: 'paid' },
      ...{ actor_kind: 'user', actor_id: 1 },
    },
  ]);
});

test('each change queues its e-mail in its own transaction, once', async () => {
  const { id } = await newOrder();
  const queued = databases.catalogue.transact(async (trx) => {
    await moveOrder(trx, { id, from: 'awaiting_payment', to: 'cancelled', actor: SYSTEM });
    const { rows } = await sql<{ mail: string; kind: string }>`
      SELECT order_event.mail, outbox.kind FROM order_event
      JOIN outbox ON outbox.kind = 'order-mail' AND outbox.payload->>'$.event' = order_event.id
      WHERE order_id = ${id} AND order_event.to_state = 'cancelled'`.execute(trx);
    expect(rows).toEqual([{ mail: 'cancelled', kind: 'order-mail' }]);
    throw new Error('rolled back');
  });
  await expect(queued).rejects.toThrow('rolled back');
  expect(await stateOf(root, id)).toBe('awaiting_payment');
  const events = await rowsOf(root, 'SELECT mail FROM order_event WHERE order_id = ?', [id]);
  expect(events.map(({ mail }) => mail as string | null)).toEqual(['placed', null]);
});
