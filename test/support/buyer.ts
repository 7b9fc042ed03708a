import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathOf } from '../../src/shop/shop-paths.ts';
import { readCheckout, TO_QUITO } from '../shop/checkout-support.ts';
import type { Answer, Sent } from './session.ts';
import { unescaped } from './shopper.ts';
import { Visitor } from './visitor.ts';

/** How it is paid. All but cash on delivery is picked up. */
export type Way = 'pick_up' | 'cash_on_delivery' | 'bank_transfer' | 'stripe';

export interface Chosen {
  product: number;
  quantity: number;
}

export interface OrderLink {
  number: string;
  /** The path of its page, with the secret. */
  path: string;
}

const PAID_AFTER_MS = 60_000;

/** Orders as a browser without JavaScript does, and presses again while the outcome is unknown. */
export class Buyer {
  readonly email: string;
  readonly visitor: Visitor;
  readonly #urls: string[];
  #form: Record<string, string> = {};

  /** @param urls to be tried one after the other, as a person does who reloads */
  constructor(urls: string[], { prefix = 'buyer', isKept = false } = {}) {
    this.#urls = urls;
    this.visitor = new Visitor({ isKept });
    this.email = `${prefix}-${randomUUID()}@example.com`;
  }

  async send(sent: Sent): Promise<Answer> {
    return this.visitor.sendUntilAnswered(this.#urls, sent);
  }

  async addToCart({ product, quantity }: Chosen): Promise<Answer> {
    const form = { product, quantity };
    return this.send({ path: pathOf('es', 'addToCart'), method: 'POST', form, key: randomUUID() });
  }

  /** Opens the page and fills it in. @returns false if it leads back to the cart */
  async openCheckout(way: Way): Promise<boolean> {
    const shown = await this.send({ path: pathOf('es', 'checkout') });
    if (shown.status === 303) return false;
    const fields = { ...TO_QUITO, email: this.email, payment: way, delivery: 'pick_up' };
    this.#form = { ...fields, ...hiddenOf(shown), step: 'order' };
    if (way !== 'cash_on_delivery') return true;
    const updated = await this.#press({ ...this.#form, step: 'update' });
    if (updated.status === 303) return false;
    const [delivery = ''] = readCheckout(updated).ways.keys();
    this.#form = { ...this.#form, ...hiddenOf(updated), delivery };
    return true;
  }

  /** The button of the page that was opened; pressed again, it sends the same form. */
  async order(): Promise<Answer> {
    return this.#press(this.#form);
  }

  async #press(form: Record<string, string>): Promise<Answer> {
    return this.send({ path: pathOf('es', 'checkout'), method: 'POST', form });
  }

  async cancel({ number, path }: OrderLink): Promise<Answer> {
    return this.send({ path: pathOf('es', 'cancelOrder', { number }), method: 'POST', form: secretOf(path) });
  }

  /** Pays at the simulated gateway, to whose page the answer leads. @returns the order, once its page says it is paid */
  async payOnline(answer: Answer): Promise<OrderLink> {
    const page = answer.status === 303 ? await this.#tryAgain(orderIn(answer)!) : answer;
    const order = orderIn(page)!;
    const [, url = ''] = /class="btn btn-primary btn-wide" href="([^"]+)"/.exec(page.text) ?? [];
    const shown = await (await fetch(unescaped(url))).text();
    const [, action = ''] = /action="([^"]+)"/.exec(shown) ?? [];
    const decided = new URLSearchParams({ decision: 'pay' });
    const paid = await fetch(unescaped(action.replaceAll('&#38;', '&')), {
      ...{ method: 'POST', body: decided, redirect: 'manual' },
    });
    const back = new URL(paid.headers.get('location')!);
    const giveUpAt = Date.now() + PAID_AFTER_MS;
    while (!(await this.isConfirmed(order))) {
      if (Date.now() > giveUpAt) throw new Error(`${order.number} was paid, but is not confirmed`);
      await this.send({ path: back.pathname });
      await sleep(500);
    }
    return order;
  }

  /** Its payment could not be begun. */
  async #tryAgain({ number, path }: OrderLink): Promise<Answer> {
    const giveUpAt = Date.now() + PAID_AFTER_MS;
    for (;;) {
      const form = { ...secretOf(path), method: 'stripe' };
      const page = await this.send({ path: pathOf('es', 'payOrder', { number }), method: 'POST', form });
      if (page.status === 200) return page;
      if (Date.now() > giveUpAt) throw new Error(`${number} cannot be paid: ${page.status} ${page.text}`);
      await sleep(500);
    }
  }

  async isConfirmed({ path }: OrderLink): Promise<boolean> {
    const { status, text } = await this.send({ path });
    if (status !== 200) throw new Error(`${path}: ${status}`);
    return text.includes('state-confirmed');
  }
}

/** Where an answer leads: itself, or by its link. */
export function orderIn({ location, text }: Answer): OrderLink | undefined {
  const path = location || unescaped(/class="line-link" href="([^"]+)"/.exec(text)?.[1] ?? '');
  const [, number] = /^\/tienda\/pedidos\/([\w-]+)\?t=/.exec(path) ?? [];
  return number === undefined ? undefined : { number, path };
}

function secretOf(path: string): { t: string } {
  return { t: new URL(path, 'http://local.invalid').searchParams.get('t') ?? '' };
}

function hiddenOf(answer: Answer): Record<string, string> {
  if (answer.status !== 200)
    throw new Error(`The checkout was answered with ${answer.status}: ${answer.text}`);
  return readCheckout(answer).hidden;
}
