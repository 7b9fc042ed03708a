import type { Logger } from 'pino';
import { isAway } from '../database/away.ts';
import { LeaseLostError } from './lease.ts';

export type Work = (signal: AbortSignal) => Promise<void>;

/** Runs `work` repeatedly, never twice at once. */
export class Repeating {
  readonly #name: string;
  readonly #work: Work;
  readonly #logger: Logger;
  readonly #stopping = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #isStarted = false;
  #isRequested = false;
  #isFailing = false;

  constructor(name: string, work: Work, logger: Logger) {
    this.#name = name;
    this.#work = work;
    this.#logger = logger;
  }

  start(everyMs?: number): void {
    this.#isStarted = true;
    if (everyMs === undefined) return;
    this.#timer = setInterval(() => {
      if (!this.#running) this.wake();
    }, everyMs).unref();
    this.wake();
  }

  /** A wake during a run starts another run, because the current one may have looked too early. */
  wake(): void {
    if (!this.#isStarted || this.#stopping.signal.aborted) return;
    this.#isRequested = true;
    this.#running ??= this.#run().finally(() => (this.#running = undefined));
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (this.#isRequested && !signal.aborted) {
      this.#isRequested = false;
      try {
        await this.#work(signal);
        this.#isFailing = false;
      } catch (error) {
        this.#logFailure(error);
      }
    }
  }

  #logFailure(error: unknown): void {
    // An unreachable primary is reported where users meet it.
    if (isAway(error) || error instanceof LeaseLostError) return;
    if (!this.#isFailing) this.#logger.error({ err: error, job: this.#name }, 'job failed');
    this.#isFailing = true;
  }
}
