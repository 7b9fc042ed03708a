import { sql } from 'kysely';

const LEASE_SECONDS = 8;
const RENEW_EVERY_MS = 1000;

/** The database server's clock, since instances' clocks may differ. */
export const NOW = sql<Date>`UTC_TIMESTAMP(3)`;
export const LEASE_END = inSeconds(LEASE_SECONDS);

export function inSeconds(seconds: number) {
  return sql<Date>`UTC_TIMESTAMP(3) + INTERVAL ${sql.lit(seconds)} SECOND`;
}

/** Another instance has taken over, or this one is stopping. */
export class LeaseLostError extends Error {
  override name = 'LeaseLostError';
}

/** Holds work for this instance by renewing a database row, and detects when it is lost. */
export abstract class Lease {
  readonly signal: AbortSignal;
  readonly #lost = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #isRenewing = false;

  constructor(stopping: AbortSignal) {
    this.signal = AbortSignal.any([stopping, this.#lost.signal]);
    this.#timer = setInterval(() => void this.#renew(), RENEW_EVERY_MS);
  }

  /** @returns false when another instance holds the lease */
  protected abstract renew(): Promise<boolean>;

  /** @throws LeaseLostError */
  check(): void {
    if (this.signal.aborted) throw new LeaseLostError();
  }

  /** @throws LeaseLostError when the lease is lost, whatever `work` throws */
  async during<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    this.check();
    try {
      return await work(this.signal);
    } catch (error) {
      this.check();
      throw error;
    }
  }

  end(): void {
    clearInterval(this.#timer);
  }

  async #renew(): Promise<void> {
    if (this.#isRenewing) return;
    this.#isRenewing = true;
    try {
      if (!(await this.renew())) this.#lost.abort();
    } catch {
      // Retried in a second. If renewal keeps failing, the lease expires and another instance takes over.
    } finally {
      this.#isRenewing = false;
    }
  }
}
