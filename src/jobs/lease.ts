import { sql } from 'kysely';

const LEASE_SECONDS = 8;
const RENEW_EVERY_MS = 1000;

/** By the clock of the database server: those of the instances do not matter. */
export const NOW = sql<Date>`UTC_TIMESTAMP(3)`;
export const LEASE_END = inSeconds(LEASE_SECONDS);

export function inSeconds(seconds: number) {
  return sql<Date>`UTC_TIMESTAMP(3) + INTERVAL ${sql.lit(seconds)} SECOND`;
}

/** Another instance has taken the work over, or this one stops. */
export class LeaseLostError extends Error {
  override name = 'LeaseLostError';
}

/** Keeps work for this instance by renewing a row in the database, and notices when it is lost. */
export abstract class Lease {
  /** Aborted when the lease is lost or the instance stops. */
  readonly signal: AbortSignal;
  readonly #lost = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #isRenewing = false;

  constructor(stopping: AbortSignal) {
    this.signal = AbortSignal.any([stopping, this.#lost.signal]);
    this.#timer = setInterval(() => void this.#renew(), RENEW_EVERY_MS);
  }

  /** @returns false when somebody else has it */
  protected abstract renew(): Promise<boolean>;

  /** @throws LeaseLostError */
  check(): void {
    if (this.signal.aborted) throw new LeaseLostError();
  }

  /**
   * Runs what stops at a signal when the lease is lost.
   *
   * @throws LeaseLostError
   */
  async during<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    this.check();
    try {
      return await work(this.signal);
    } catch (error) {
      this.check();
      throw error;
    }
  }

  /** Stops renewing. */
  end(): void {
    clearInterval(this.#timer);
  }

  async #renew(): Promise<void> {
    if (this.#isRenewing) return;
    this.#isRenewing = true;
    try {
      if (!(await this.renew())) this.#lost.abort();
    } catch {
      // The next one tries again; when none gets through, another instance takes the work over.
    } finally {
      this.#isRenewing = false;
    }
  }
}
