import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import pLimit from 'p-limit';
import { GatewaySimulators } from '../../tools/gateway-simulators/gateway-simulators.ts';
import { simulatorSettings } from '../../tools/gateway-simulators/keys.ts';
import { rowsOf, stockOf } from '../orders/shop-support.ts';
import { addBook } from '../shop/checkout-support.ts';
import { bookFaultsOn } from '../support/book-faults.ts';
import { Buyer, orderIn, type Way } from '../support/buyer.ts';
import { findFreePorts, Stack } from '../support/stack.ts';
import { waitUntil } from '../support/wait-until.ts';
import { Cluster } from './cluster.ts';

const ROUNDS = Number(process.env.DURABILITY_SALES ?? 2);
const BUYERS = 200;
const UNITS = 10;
const AT_ONCE = 10;
/** All press within it. */
const PRESS_WITHIN_MS = 2000;
/** A card is charged by a simulated gateway. */
const PAID_BY: Way[] = ['pick_up', 'cash_on_delivery', 'stripe'];
const INSTANCES = ['web1', 'web2', 'web3'];

interface Shop {
  stack: Stack;
  cluster: Cluster;
  simulators: GatewaySimulators;
}

/** Each strike comes once so many buyers have pressed. */
class Strikes {
  readonly running: Promise<void>[] = [];
  readonly #due: { after: number; strike: () => Promise<void> }[] = [];
  #pressed = 0;

  within(buyers: number, strike: () => Promise<void>): void {
    this.#due.push({ after: 1 + Math.floor(Math.random() * buyers), strike });
  }

  onPress(): void {
    this.#pressed++;
    for (const { strike } of this.#due.filter(({ after }) => after === this.#pressed))
      this.running.push(strike());
  }
}

test('of 200 buyers of ten units, ten are confirmed and 190 told so, whatever dies while they press', async () => {
  const port = await findFreePorts();
  const url = `http://127.0.0.1:${port}`;
  const simulators = new GatewaySimulators(url);
  await simulators.start();
  const gateways = simulatorSettings(simulators.url, 'USD');
  const env = { SEMI_SYNC: 'on', CURRENCY: 'USD', PUBLIC_URL: url, ...gateways };
  const stack = await Stack.start({ port, env });
  const cluster = new Cluster(stack, 'on');
  try {
    for (let round = 1; round <= ROUNDS; round++) await sellOut({ stack, cluster, simulators }, round);
  } finally {
    cluster.close();
    await stack.stopAndClean();
    await simulators.stop();
  }
});

async function sellOut({ stack, cluster, simulators }: Shop, round: number): Promise<void> {
  const root = await stack.data.connect(cluster.primary);
  const product = await addBook(root, { quantity: UNITS, price: 1500 });
  await root.end();
  const atOnce = pLimit(AT_ONCE);
  const buyers = await Promise.all(
    Array.from({ length: BUYERS }, (_, index) =>
      atOnce(() => comeToCheckout(stack, product.id, PAID_BY[index % PAID_BY.length]!)),
    ),
  );
  await cluster.insertLink();
  const strikes = new Strikes();
  for (const name of INSTANCES) strikes.within(BUYERS / 2, () => kill(stack, name));
  // In turns: the primary is lost, or told to hand over.
  strikes.within(UNITS * 3, () => promote(cluster, { isLost: round % 2 === 1 }));
  const began = Date.now();
  const outcomes = await Promise.all(buyers.map((buyer) => press(buyer, strikes)));
  const took = Date.now() - began;
  await Promise.all(strikes.running);
  await simulators.messenger('stripe').settled();

  const confirmed = outcomes.filter(({ number }) => number !== undefined);
  const told = outcomes.filter(({ isTold }) => isTold);
  expect([confirmed.length, told.length]).toEqual([UNITS, BUYERS - UNITS]);
  const primary = await stack.data.connect(cluster.primary);
  expect(await numbersOf(primary, product.id)).toEqual(confirmed.map(({ number }) => number).sort());
  expect(await stockOf(primary, product.id)).toMatchObject({ onHand: UNITS, exact: UNITS, reserved: UNITS });
  expect(await chargedWithoutOrder(primary, simulators)).toEqual([]);
  await primary.end();
  expect(await bookFaultsOn(stack.data, cluster.primary)).toEqual([]);
  console.log(
    `sale ${round}: ${confirmed.length} orders confirmed, of which ${chargedAt(simulators).length} charged a card so far, ` +
      `${told.length} buyers told so; ${took} ms`,
  );
}

async function comeToCheckout(stack: Stack, product: number, way: Way) {
  const buyer = new Buyer([stack.url]);
  const added = await buyer.addToCart({ product, quantity: 1 });
  if (added.status !== 303 || !(await buyer.openCheckout(way)))
    throw new Error(`No checkout: ${added.status} ${added.text}`);
  return { buyer, way };
}

interface Outcome {
  /** Of the order that its buyer was shown as confirmed. */
  number?: string;
  /** That it is sold out. */
  isTold?: boolean;
}

async function press(
  { buyer, way }: Awaited<ReturnType<typeof comeToCheckout>>,
  strikes: Strikes,
): Promise<Outcome> {
  await sleep(Math.random() * PRESS_WITHIN_MS);
  strikes.onPress();
  const answer = await buyer.order();
  const order = orderIn(answer);
  if (order && way === 'stripe') return { number: (await buyer.payOnline(answer)).number };
  if (order && (await buyer.isConfirmed(order))) return { number: order.number };
  if (answer.status === 409 && answer.text.includes('se agotó')) return { isTold: true };
  throw new Error(`${way}: ${answer.status} ${answer.location} ${answer.text}`);
}

async function kill(stack: Stack, name: string): Promise<void> {
  const { pid } = stack.data.process(name);
  process.kill(pid, 'SIGKILL');
  await waitUntil(async () => {
    const now = stack.data.process(name);
    return now.pid !== pid && (await fetch(`http://127.0.0.1:${now.port}/health/ready`)).ok;
  });
}

async function promote(cluster: Cluster, { isLost }: { isLost: boolean }): Promise<void> {
  const restore = isLost ? cluster.losePrimary() : undefined;
  const { done } = await cluster.promote();
  restore?.();
  await done;
}

async function numbersOf(root: Connection, productId: number): Promise<string[]> {
  const rows = await rowsOf(
    root,
    `SELECT DISTINCT number FROM shop_order JOIN order_line ON order_id = shop_order.id
     WHERE product_id = ? AND state = 'confirmed' ORDER BY number`,
    [productId],
  );
  return rows.map(({ number }) => String(number));
}

/** The attempts that the gateway has charged. */
function chargedAt(simulators: GatewaySimulators): string[] {
  return simulators.messenger('stripe').sent.flatMap(({ body }) => {
    const { type, data } = JSON.parse(body) as {
      type: string;
      data: { object: { client_reference_id: string } };
    };
    return type === 'checkout.session.completed' ? data.object.client_reference_id : [];
  });
}

async function chargedWithoutOrder(root: Connection, simulators: GatewaySimulators): Promise<string[]> {
  const [rows] = await root.query<RowDataPacket[]>(
    `SELECT attempt_key AS attempt FROM payment JOIN shop_order ON shop_order.id = order_id
     WHERE payment.state = 'captured' AND shop_order.state = 'confirmed'`,
  );
  const paid = new Set(rows.map(({ attempt }) => String(attempt)));
  return chargedAt(simulators).filter((attempt) => !paid.has(attempt));
}
