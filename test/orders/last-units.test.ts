import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Connection } from 'mysql2/promise';
import { closeDatabases, type Databases } from '../../src/database/databases.ts';
import { cancelOrder } from '../../src/orders/cancel-order.ts';
import { capturePayment } from '../../src/orders/capture-payment.ts';
import { expireOrder } from '../../src/orders/expire-orders.ts';
import { placeOrder } from '../../src/orders/place-order.ts';
import { openDatabases } from '../support/open-databases.ts';
import { stack } from '../support/shared-stack.ts';
import {
  addProduct,
  change,
  checkoutOf,
  endHold,
  faultsOf,
  paymentsOf,
  refusalOf,
  rowsOf,
  stateOf,
  stockOf,
  VISITOR,
  type ShopProduct,
} from './shop-support.ts';

let root: Connection;
/** As many as there are instances. */
let instances: Databases[];

beforeAll(async () => {
  root = await stack.connect('primary');
  instances = await Promise.all([1, 2, 3].map(() => openDatabases()));
});

afterAll(async () => {
  await root.end();
  await Promise.all(instances.map(closeDatabases));
});

const CUSTOMER = { kind: 'customer', id: 0 } as const;

function instanceOf(buyer: number): Databases {
  return instances[buyer % instances.length]!;
}

async function pay(databases: Databases, orderId: number): Promise<string> {
  const [payment] = await paymentsOf(root, orderId);
  const money = { paymentId: Number(payment!.id), amount: Number(payment!.amount), currency: 'USD' };
  return change(databases, (trx) => capturePayment(trx, { ...money, actor: CUSTOMER }));
}

/** @returns the states of a product's orders with how many there are of each */
async function countStates(product: ShopProduct): Promise<Record<string, number>> {
  const rows = await rowsOf(
    root,
    `SELECT state, COUNT(*) AS n FROM shop_order WHERE id IN (SELECT order_id FROM order_line WHERE product_id = ?)
     GROUP BY state`,
    [product.id],
  );
  return Object.fromEntries(rows.map(({ state, n }) => [String(state), Number(n)]));
}

test('of 200 buyers of ten units, ten have them and 190 are told so', async () => {
  const product = await addProduct(root, { quantity: 10 });
  const checkouts = await Promise.all(
    Array.from({ length: 200 }, (_, buyer) => checkoutOf(instanceOf(buyer), [{ product, quantity: 1 }])),
  );
  const answers = await Promise.all(
    checkouts.map((checkout, buyer) =>
      refusalOf(placeOrder(instanceOf(buyer).catalogue, { ...VISITOR }, checkout)),
    ),
  );
  const count = (wanted: string) => answers.filter((answer) => answer === wanted).length;
  expect([count('done'), count('out_of_stock')]).toEqual([10, 190]);
  expect(await stockOf(root, product.id)).toEqual({ onHand: 10, exact: 10, reserved: 10, version: 1 });
  expect(await countStates(product)).toEqual({ awaiting_payment: 10 });
});

test('200 buyers who also pay, cancel and let their holds end get ten units at most, and nobody pays for none', async () => {
  const product = await addProduct(root, { quantity: 10 });
  let refused = 0;
  const live = async (buyer: number): Promise<void> => {
    const databases = instanceOf(buyer);
    const checkout = await checkoutOf(databases, [{ product, quantity: 1 }]);
    let id = 0;
    const place = placeOrder(databases.catalogue, { ...VISITOR }, checkout).then((order) => (id = order.id));
    if ((await refusalOf(place)) === 'out_of_stock') refused++;
    if (id === 0) return;
    const cancel = () => change(databases, (trx) => cancelOrder(trx, { orderId: id, actor: CUSTOMER }));
    const expire = async () => {
      await endHold(root, id);
      await change(instanceOf(buyer + 1), (trx) => expireOrder(trx, id));
    };
    const way = buyer % 4;
    // Some of these meet at the same order.
    if (way === 0) await pay(databases, id);
    else if (way === 1) await refusalOf(cancel());
    else if (way === 2) await expire();
    else await Promise.all([pay(databases, id), expire(), refusalOf(cancel())]);
  };
  await Promise.all(Array.from({ length: 200 }, (_, buyer) => live(buyer)));

  const states = await countStates(product);
  const open = (states.confirmed ?? 0) + (states.awaiting_payment ?? 0);
  expect(Object.values(states).reduce((sum, n) => sum + n, 0)).toBe(200 - refused);
  expect(await stockOf(root, product.id)).toEqual({ onHand: 10, exact: open, reserved: open, version: 1 });
  expect(open).toBeLessThanOrEqual(10);
  expect(states.confirmed).toBeGreaterThan(0);
  expect(await faultsOf(instances[0]!)).toEqual([]);
});

type Step =
  { is: 'buy'; quantities: number[] } | { is: 'pay' | 'pay again' | 'cancel' | 'expire'; which: number };

const which = fc.nat({ max: 7 });
const step = fc.oneof<fc.Arbitrary<Step>[]>(
  fc.record({
    is: fc.constant('buy' as const),
    quantities: fc.array(fc.integer({ min: 0, max: 2500 }), { minLength: 3, maxLength: 3 }),
  }),
  fc.record({ is: fc.constantFrom('pay', 'pay again', 'cancel', 'expire' as const), which }),
);

test('whatever customers do at once, in any order, the books stay right', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(step, { minLength: 2, maxLength: 5 }), { maxLength: 5 }),
      async (all) => {
        const products = await Promise.all([1, 2, 3].map(() => addProduct(root, { quantity: 5.5 })));
        const orders: number[] = [];
        const run = async (one: Step, buyer: number): Promise<void> => {
          const databases = instanceOf(buyer);
          if (one.is === 'buy') {
            const wanted = one.quantities.flatMap((thousandths, position) =>
              thousandths === 0 ? [] : { product: products[position]!, quantity: thousandths / 1000 },
            );
            if (wanted.length === 0) return;
            const checkout = await checkoutOf(databases, wanted);
            const answer = placeOrder(databases.catalogue, { ...VISITOR }, checkout);
            await refusalOf(answer.then(({ id }) => orders.push(id)));
            return;
          }
          const id = orders[one.which % Math.max(1, orders.length)];
          if (id === undefined) return;
          if (one.is === 'pay' || one.is === 'pay again') await pay(databases, id);
          else if (one.is === 'cancel') {
            await refusalOf(change(databases, (trx) => cancelOrder(trx, { orderId: id, actor: CUSTOMER })));
          } else {
            if ((await stateOf(root, id)) === 'awaiting_payment') await endHold(root, id);
            await change(databases, (trx) => expireOrder(trx, id));
          }
        };
        for (const together of all) await Promise.all(together.map(run));
        for (const { id } of products) {
          const { exact, onHand, reserved } = await stockOf(root, id);
          expect([exact <= onHand, reserved]).toEqual([true, Math.ceil(exact)]);
        }
        expect(await faultsOf(instances[0]!)).toEqual([]);
      },
    ),
    { numRuns: 25, endOnFailure: true },
  );
});
