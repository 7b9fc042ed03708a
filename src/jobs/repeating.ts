import type { Logger } from 'pino';
import { isAway } from '../database/away.ts';
import { LeaseLostError } from './lease.ts';

/** @param signal aborted when the instance stops */
export type Work = (signal: AbortSignal) => Promise<void>;

/** Work that is done again and again, one run at a time. */
export class Repeating {
  readonly #name: string;
  readonly #work: Work;
  readonly #logger: Logger;
  readonly #stopping = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #isStarted = false;
  #isWanted = false;
  #isFailing = false;

  constructor(name: string, work: Work, logger: Logger) {
    this.#name = name;
    this.#work = work;
    this.#logger = logger;
  }

  /** @param everyMs without it, the work is done only when woken */
  start(everyMs?: number): void {
    this.#isStarted = true;
    if (everyMs === undefined) return;
    this.#timer = setInterval(() => {
      if (!this.#running) this.wake();
    }, everyMs).unref();
    this.wake();
  }

  /** Runs now; once more after the present run, which may have looked too early. */
  wake(): void {
    if (!this.#isStarted || this.#stopping.signal.aborted) return;
    this.#isWanted = true;
    this.#running ??= this.#run().finally(() => (this.#running = undefined));
  }

  /** Asks the present run to end, and waits for that. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (this.#isWanted && !signal.aborted) {
      this.#isWanted = false;
      try {
        await this.#work(signal);
        this.#isFailing = false;
      } catch (error) {
        this.#note(error);
      }
    }
  }

  /** Logs the first of a row of failures. */
  #note(error: unknown): void {
    // That the primary is away is said where people meet it.
    if (isAway(error) || error instanceof LeaseLostError) return;
    if (!this.#isFailing) this.#logger.error({ err: error, job: this.#name }, 'job failed');
    this.#isFailing = true;
  }
}
