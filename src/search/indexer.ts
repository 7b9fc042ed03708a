import { sql } from 'kysely';
import type { Databases } from '../database/databases.ts';
import { indexPending } from './indexing.ts';

const LOOK_EVERY_MS = 1000;
/** Fewer pending products are as quickly looked at as found by the index. */
const WORTH_INDEXING = 100;
/** While products go on being saved, indexing waits for a pause, as it would slow that down; up to so many. */
const MOST_WAITING = 500;

/** Keeps the index up to date: every instance tries, one at a time does it. */
export class Indexer {
  readonly #databases: Databases;
  #timer: NodeJS.Timeout | undefined;
  #work: Promise<void> | undefined;
  /** The newest entry among the pending ones at the last look. */
  #newest: number | null = null;

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
      sql<{ pending: number; newest: number | null }>`
        SELECT COUNT(*) AS pending, MAX(id) AS newest
        FROM (SELECT id FROM search_pending ORDER BY id DESC LIMIT ${sql.lit(MOST_WAITING)}) AS some`.execute(
        db,
      ),
    );
    const { pending, newest } = rows[0]!;
    const isPause = newest === this.#newest;
    this.#newest = newest;
    return pending >= (isPause ? WORTH_INDEXING : MOST_WAITING);
  }
}
