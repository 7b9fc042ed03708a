import { AsyncLocalStorage } from 'node:async_hooks';
import type { PoolConnection } from 'mysql2';
import { TimeLimitError, withTimeLimit } from './time-limit.ts';

const currentWork = new AsyncLocalStorage<Work>();

/** Statements that belong together and can be given up together. */
export class Work {
  readonly #busy = new Set<PoolConnection>();
  #isGivenUp = false;

  /** The work that the running code belongs to. */
  static current(): Work | undefined {
    return currentWork.getStore();
  }

  run<T>(work: () => Promise<T>): Promise<T> {
    return currentWork.run(this, work);
  }

  /** Closes the connections that wait for an answer, so that they hold up no other work. */
  giveUp(): void {
    this.#isGivenUp = true;
    for (const connection of this.#busy) connection.destroy();
  }

  /**
   * Notes that `connection` waits for an answer.
   *
   * @throws TimeLimitError when the work was given up between two statements; also for its ROLLBACK, which
   *   closing the connection does instead
   */
  begin(connection: PoolConnection): void {
    if (this.#isGivenUp) {
      connection.destroy();
      throw new TimeLimitError('given up');
    }
    this.#busy.add(connection);
  }

  end(connection: PoolConnection): void {
    this.#busy.delete(connection);
  }
}

/** @throws TimeLimitError; statements that hang are cut off, so that they hold no connection */
export async function withinLimit<T>(run: () => Promise<T>, limitMs: number): Promise<T> {
  const work = new Work();
  return withTimeLimit(work.run(run), limitMs).finally(() => work.giveUp());
}
