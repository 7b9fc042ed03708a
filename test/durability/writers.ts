import { randomUUID } from 'node:crypto';
import { Session } from '../support/session.ts';

/** Registers products as fast as possible and records each acknowledged one. */
export class Writers {
  readonly acknowledged = new Set<string>();
  readonly #prefix: string;
  readonly #urls: string[];
  readonly #running: Promise<void>[];
  #stopping = false;
  #count = 0;

  constructor(prefix: string, urls: string[], sessions: Session[]) {
    this.#prefix = prefix;
    this.#urls = urls;
    this.#running = sessions.map((session) => this.#work(session));
  }

  async #work(session: Session): Promise<void> {
    while (!this.#stopping) {
      const code = `${this.#prefix}${this.#count++}`;
      const form = { code, name: code, quantity: 1, unit: 'unidad', category: 'Otros' };
      const sent = { path: '/products', method: 'POST' as const, form, key: randomUUID() };
      const { status, location } = await session.sendUntilAnswered(this.#urls, sent);
      if (status !== 303 || !location.startsWith('/products/')) {
        throw new Error(`Registering ${code} was answered with ${status} ${location}`);
      }
      this.acknowledged.add(code);
    }
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#running);
  }
}
