import { AsyncLocalStorage } from 'node:async_hooks';
import type { PoolConnection } from 'mysql2';
import { TimeLimitError, withTimeLimit } from './time-limit.ts';

const currentWork = new AsyncLocalStorage<Work>();

/** Statements that are cancelled together. */
export class Work {
  readonly #busy = new Set<PoolConnection>();
  #isCancelled = false;

  static current(): Work | undefined {
    return currentWork.getStore();
  }

  run<T>(work: () => Promise<T>): Promise<T> {
    return currentWork.run(this, work);
  }

  /** Closes connections that wait for an answer, so that they hold up no other work. */
  cancel(): void {
    this.#isCancelled = true;
    for (const connection of this.#busy) connection.destroy();
  }

  /** @throws TimeLimitError after cancellation, also for ROLLBACK: closing the connection rolls back */
  begin(connection: PoolConnection): void {
    if (this.#isCancelled) {
      connection.destroy();
      throw new TimeLimitError('cancelled');
    }
    this.#busy.add(connection);
  }

  end(connection: PoolConnection): void {
    this.#busy.delete(connection);
  }
}

/**
 * Cancels statements still running after `limitMs`.
 *
 * @throws TimeLimitError
 */
export async function withinLimit<T>(run: () => Promise<T>, limitMs: number): Promise<T> {
  const work = new Work();
  return withTimeLimit(work.run(run), limitMs).finally(() => work.cancel());
}
