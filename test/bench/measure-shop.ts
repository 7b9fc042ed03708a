import type { RowDataPacket } from 'mysql2/promise';
import pLimit from 'p-limit';
import { stockOf } from '../orders/shop-support.ts';
import { addBook } from '../shop/checkout-support.ts';
import { bookFaultsOn } from '../support/book-faults.ts';
import { Buyer, orderIn } from '../support/buyer.ts';
import type { Answer } from '../support/session.ts';
import { withBareSave } from './bare-save.ts';
import { CONNECTIONS } from './rate.ts';
import type { Row } from './report.ts';
import type { BenchSystem } from './system.ts';
import { figuresOf, type Figures } from './timing.ts';

const ADD_LIMIT_MS = 15;
const ORDER_LIMIT_MS = 25;
const ORDERS_PER_SECOND = 150;
const LINES = 3;
/** Of the rush, so many find nothing left. */
const TOO_MANY = 20;

/** How many buy one after the other, and how many at once, all of them one product among others. */
interface Crowd {
  buyers: number;
  rush: number;
}

/** Times carts and orders of three lines; bare saves alternate with them. */
export async function measureShop(system: BenchSystem, { buyers, rush }: Crowd): Promise<Row[]> {
  const products = await sampleOffered(system);
  const times = {
    floor: [] as number[],
    add: [] as number[],
    checkout: [] as number[],
    order: [] as number[],
  };
  await withBareSave(system.data, async (bareSave) => {
    for (let turn = 0; turn < buyers; turn++) {
      const buyer = new Buyer([system.url], { isKept: true });
      for (const product of linesOf(products, turn))
        times.add.push(await timed(303, () => buyer.addToCart({ product, quantity: 1 })));
      times.floor.push(await bareSave(products.at(-1)!, 1));
      const began = performance.now();
      await buyer.openCheckout('pick_up');
      times.checkout.push(performance.now() - began);
      times.order.push(await timed(303, () => buyer.order()));
      times.floor.push(await bareSave(products.at(-1)!, -1));
      buyer.visitor.close();
    }
  });
  const floor = figuresOf(times.floor);
  return [
    { what: 'floor: mysql2, a save, beside orders', times: floor },
    comparedToFloor('shop: add to the cart', figuresOf(times.add), { floor, limitMs: ADD_LIMIT_MS }),
    { what: 'shop: page of the checkout', times: figuresOf(times.checkout) },
    comparedToFloor('shop: order of three lines', figuresOf(times.order), { floor, limitMs: ORDER_LIMIT_MS }),
    await measureRush(system, products, rush),
  ];
}

function comparedToFloor(
  what: string,
  times: Figures,
  { floor, limitMs }: { floor: Figures; limitMs: number },
): Row {
  return {
    ...{ what, times, target: `p95 ≤ ${limitMs}`, isMet: times.p95 <= limitMs },
    note: `p95 ${(times.p95 / floor.p95).toFixed(2)} times, p50 ${(times.p50 / floor.p50).toFixed(2)} times the floor of a save`,
  };
}

/** All at once, and for the last ones there is nothing left of one product that all want. */
async function measureRush(system: BenchSystem, products: number[], rush: number): Promise<Row> {
  const root = await system.data.connect('primary');
  const hot = await addBook(root, { quantity: rush - TOO_MANY });
  const prepare = pLimit(CONNECTIONS);
  const buyers = await Promise.all(
    Array.from({ length: rush }, (_, turn) =>
      prepare(async () => {
        const buyer = new Buyer([system.url], { isKept: true });
        for (const product of [...linesOf(products, turn).slice(1), hot.id])
          await timed(303, () => buyer.addToCart({ product, quantity: 1 }));
        await buyer.openCheckout('pick_up');
        return buyer;
      }),
    ),
  );
  const times: number[] = [];
  let ordered = 0;
  const atOnce = pLimit(CONNECTIONS);
  const began = performance.now();
  await Promise.all(
    buyers.map((buyer) =>
      atOnce(async () => {
        const pressed = performance.now();
        const answer = await buyer.order();
        times.push(performance.now() - pressed);
        if (orderIn(answer)) ordered++;
        else if (answer.status !== 409) throw new Error(`An order was answered with ${answer.status}`);
      }),
    ),
  );
  const rate = (1000 * ordered) / (performance.now() - began);
  for (const { visitor } of buyers) visitor.close();
  const { onHand, exact } = await stockOf(root, hot.id);
  await root.end();
  const faults = await bookFaultsOn(system.data, 'primary');
  const isRight = ordered === onHand && exact === onHand && faults.length === 0;
  return {
    ...{ what: 'shop: orders at once, one product in all', times: figuresOf(times), rate },
    ...{ target: `≥ ${ORDERS_PER_SECOND} a second, 0 oversold` },
    isMet: rate >= ORDERS_PER_SECOND && isRight,
    note:
      `${CONNECTIONS} connections; ${ordered} of ${rush} orders for ${onHand} units, ${exact} reserved` +
      faults.map(({ rule }) => `; not true: ${rule}`).join(''),
  };
}

/** In stock, and enough of it. */
async function sampleOffered(system: BenchSystem): Promise<number[]> {
  const root = await system.data.connect('primary');
  const [rows] = await root.query<RowDataPacket[]>(
    'SELECT id FROM product WHERE offered_state = 1 AND quantity > 30 ORDER BY id DESC LIMIT 500',
  );
  await root.end();
  return rows.map(({ id }) => Number(id));
}

function linesOf(products: number[], turn: number): number[] {
  return Array.from({ length: LINES }, (_, line) => products[(LINES * turn + line) % products.length]!);
}

async function timed(status: number, send: () => Promise<Answer>): Promise<number> {
  const began = performance.now();
  const answer = await send();
  const ms = performance.now() - began;
  if (answer.status !== status) throw new Error(`${answer.status}: ${answer.text.slice(0, 300)}`);
  return ms;
}
