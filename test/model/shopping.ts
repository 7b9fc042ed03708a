import { randomUUID } from 'node:crypto';
import type { Connection, ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import { Buyer, orderIn, type OrderLink, type Way } from '../support/buyer.ts';
import { replicaHasAll } from '../support/replication.ts';
import { NoAnswerError, type Answer } from '../support/session.ts';
import { hiddenIn } from '../support/shopper.ts';
import { waitUntil } from '../support/wait-until.ts';
import { brief } from './outcome.ts';
import type { ShopOperation } from './scenario.ts';
import type { Person, RunningSystem } from './working-people.ts';

interface ExpectedOrder extends OrderLink {
  buyer: Buyer;
  way: Way;
  isPaid: boolean;
  isCancelled: boolean;
  hasEnded: boolean;
}

const REFUSED = [404, 409, 422];

/** Visitors who buy, pay by transfer, cancel and let their holds expire. */
export class Shopping {
  readonly problems: string[] = [];
  readonly #system: RunningSystem;
  readonly #products: number[];
  /** Of all e-mail addresses. */
  readonly #prefix: string;
  readonly #orders = new Map<string, ExpectedOrder>();

  constructor(system: RunningSystem, { products, prefix }: { products: number[]; prefix: string }) {
    this.#system = system;
    this.#products = products;
    this.#prefix = prefix;
  }

  /** @param clerk who sees the transfers come */
  async follow(program: ShopOperation[], clerk: Person): Promise<void> {
    const own: ExpectedOrder[] = [];
    try {
      for (const operation of program) {
        const order = own[operation.order % Math.max(1, own.length)];
        if (operation.kind === 'buy' || !order) own.push(...(await this.#buy(operation)));
        else if (operation.kind === 'pay') await this.#pay(order, clerk, operation);
        else if (operation.kind === 'cancel') await this.#cancel(order, operation);
        else await this.#end(order);
      }
    } catch (error) {
      this.problems.push(error instanceof NoAnswerError ? error.message : String(error));
    }
  }

  async #buy({ slots, quantity, way, entryPoint, isTwice }: ShopOperation): Promise<ExpectedOrder[]> {
    const buyer = new Buyer(this.#urlsFrom(entryPoint), { prefix: this.#prefix });
    for (const slot of slots) {
      const added = await buyer.addToCart({ product: this.#products[slot]!, quantity });
      // It may be deleted.
      if (added.status !== 303 && added.status !== 404) this.#report('adding to the cart', added);
    }
    if (!(await buyer.openCheckout(way))) return [];
    const answers = await Promise.all(isTwice ? [buyer.order(), buyer.order()] : [buyer.order()]);
    for (const answer of answers) {
      const isRefused = REFUSED.includes(answer.status) || answer.location.startsWith('/tienda/carrito');
      if (!orderIn(answer) && !isRefused) this.#report('ordering', answer);
    }
    const [link, ...others] = answers.flatMap((answer) => orderIn(answer) ?? []);
    if (others.some(({ number }) => number !== link!.number))
      this.problems.push(`one form placed ${link!.number} and ${others.map(({ number }) => number).join()}`);
    if (!link) return [];
    const order = { ...link, buyer, way, isPaid: false, isCancelled: false, hasEnded: false };
    this.#orders.set(link.number, order);
    return [order];
  }

  /** A clerk notes what has come, as the order's page offers it. */
  async #pay(order: ExpectedOrder, { session }: Person, { entryPoint, isTwice }: ShopOperation) {
    const urls = this.#urlsFrom(entryPoint);
    const { text } = await session.sendUntilAnswered(urls, { path: `/orders/${order.number}` });
    const [, path, fields] =
      /<form method="post" action="([^"]+\/capture)"[^>]*>([^]*?)<\/form>/.exec(text) ?? [];
    if (path === undefined) return;
    const [, amount = ''] = /name="amount" value="([^"]+)"/.exec(fields!) ?? [];
    const { seen = '' } = hiddenIn(fields!);
    const form = { seen, amount, reference: 'TRX 1', note: '' };
    const key = randomUUID();
    const send = () => session.sendUntilAnswered(urls, { path, method: 'POST', form, key });
    for (const answer of await Promise.all(isTwice ? [send(), send()] : [send()])) {
      if (answer.location === `/orders/${order.number}`) order.isPaid = true;
      else if (!REFUSED.includes(answer.status)) this.#report('noting a payment', answer);
    }
  }

  async #cancel(order: ExpectedOrder, { isTwice }: ShopOperation): Promise<void> {
    const cancel = () => order.buyer.cancel(order);
    for (const answer of await Promise.all(isTwice ? [cancel(), cancel()] : [cancel()])) {
      if (answer.location === `${order.path.split('&')[0]}&done=cancelled`) order.isCancelled = true;
      else if (!REFUSED.includes(answer.status)) this.#report('cancelling', answer);
    }
  }

  /** As if its time had come, and that of the job. */
  async #end(order: ExpectedOrder): Promise<void> {
    order.hasEnded = true;
    await this.#onPrimary(async (primary) => {
      await primary.query(
        `UPDATE shop_order SET hold_until = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND
         WHERE number = ? AND state = 'awaiting_payment'`,
        [order.number],
      );
      return true;
    });
  }

  /** Until no hold is left whose time is over. */
  async settle(): Promise<void> {
    await this.#onPrimary(async (primary) => {
      const [[late]] = await primary.query<RowDataPacket[]>(
        `SELECT COUNT(*) AS orders FROM shop_order
         WHERE state = 'awaiting_payment' AND hold_until <= UTC_TIMESTAMP(3)`,
      );
      return late?.orders === 0;
    });
    await waitUntil(() => replicaHasAll(this.#system.stack.data));
  }

  async #onPrimary(work: (primary: Connection) => Promise<boolean>): Promise<void> {
    await waitUntil(async () => {
      const primary = await this.#system.stack.data.connect('primary');
      try {
        await primary.query<ResultSetHeader>(
          "UPDATE job_lease SET due_at = UTC_TIMESTAMP(3) WHERE name = 'order expiry' AND owner IS NULL",
        );
        return await work(primary);
      } finally {
        await primary.end();
      }
    });
  }

  async differencesFrom(server: Connection): Promise<string[]> {
    const [rows] = await server.query<RowDataPacket[]>(
      'SELECT number, state FROM shop_order WHERE email LIKE :emails',
      { emails: `${this.#prefix}%` },
    );
    const found = new Map(rows.map(({ number, state }) => [String(number), String(state)]));
    const unknown = [...found.keys()].filter((number) => !this.#orders.has(number));
    return [
      ...unknown.map((number) => `order ${number} exists, but no buyer was told of it`),
      ...[...this.#orders.values()].flatMap((order) => {
        const state = found.get(order.number) ?? 'missing';
        const { way, isPaid, isCancelled, hasEnded } = order;
        const told = JSON.stringify({ way, isPaid, isCancelled, hasEnded });
        return statesOf(order).includes(state) ? [] : `order ${order.number} is ${state}: ${told}`;
      }),
    ];
  }

  #report(what: string, answer: Answer): void {
    this.problems.push(`${what}: ${brief(answer)}`);
  }

  #urlsFrom(entryPoint: number): string[] {
    const { urls } = this.#system;
    return urls.map((_, index) => urls[(entryPoint + index) % urls.length]!);
  }
}

/** Those that what its buyer was told allows. */
function statesOf({ way, isPaid, isCancelled, hasEnded }: ExpectedOrder): string[] {
  if (isCancelled) return ['cancelled'];
  if (way !== 'bank_transfer') return ['confirmed'];
  // Late money may find no stock, and is to be refunded then: the books say whether it is.
  if (isPaid) return hasEnded ? ['confirmed', 'expired'] : ['confirmed'];
  return [hasEnded ? 'expired' : 'awaiting_payment'];
}
