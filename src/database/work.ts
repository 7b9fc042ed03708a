import { AsyncLocalStorage } from 'node:async_hooks';
import type { PoolConnection } from 'mysql2';
import { TimeLimitError, withTimeLimit } from './time-limit.ts';

const currentWork = new AsyncLocalStorage<Work>();

export class CancelledError extends TimeLimitError {
  override name = 'CancelledError';
}

/** Statements that are cancelled together. */
export class Work {
  readonly #busy = new Map<PoolConnection, () => void>();
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
    for (const close of this.#busy.values()) close();
  }

  /** @throws CancelledError after cancellation, also for ROLLBACK: closing the connection rolls back */
  begin(connection: PoolConnection, close = () => connection.destroy()): void {
    if (this.#isCancelled) {
      connection.destroy();
      throw new CancelledError('cancelled');
    }
    this.#busy.set(connection, close);
  }

  end(connection: PoolConnection): void {
    this.#busy.delete(connection);
  }
}

/** Cancels statements still running after `limitMs`. @throws TimeLimitError */
export async function withinLimit<T>(run: () => Promise<T>, limitMs: number): Promise<T> {
  const work = new Work();
  return withTimeLimit(work.run(run), limitMs).finally(() => work.cancel());
}
