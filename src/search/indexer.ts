import { sql } from 'kysely';
import type { Databases } from '../database/databases.ts';
import { indexPending } from './indexing.ts';

const LOOK_EVERY_MS = 1000;
/** Fewer pending products are as quickly looked at as found by the index. */
const WORTH_INDEXING = 100;

/** Keeps the index up to date: every instance tries, one at a time does it. */
export class Indexer {
  readonly #databases: Databases;
  #timer: NodeJS.Timeout | undefined;
  #work: Promise<void> | undefined;

  constructor(databases: Databases) {
    this.#databases = databases;
  }

  start(): void {
    this.#timer = setInterval(() => {
      // That the primary is away is said where people meet it; pending products are found all the same.
      this.#work ??= this.#index()
        .catch(() => undefined)
        .finally(() => (this.#work = undefined));
    }, LOOK_EVERY_MS).unref();
  }

  /** Lets what it is doing come to its end. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    await this.#work;
  }

  async #index(): Promise<void> {
    while (this.#timer && (await this.#isWorthIt())) {
      if ((await this.#databases.onPrimary(indexPending)) === 0) return;
    }
  }

  async #isWorthIt(): Promise<boolean> {
    const { rows } = await this.#databases.onPrimary((db) =>
      sql`SELECT 1 FROM search_pending LIMIT ${sql.lit(WORTH_INDEXING - 1)}, 1`.execute(db),
    );
    return rows.length > 0;
  }
}
