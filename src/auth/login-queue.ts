import pLimit from 'p-limit';
import { DomainError } from '../errors/domain-error.ts';
import { HASHES_AT_ONCE } from './password.ts';

/** People give up waiting, and so do proxies. */
const LONGEST_WAIT_SECONDS = 15;
const TYPICAL_SECONDS = 0.3;
const WEIGHT_OF_LAST = 0.2;

export class TooManyLogInsError extends DomainError {
  constructor(retryAfterSeconds: number) {
    const values = { count: retryAfterSeconds };
    super({ code: 'too_many_log_ins', status: 503, textKey: 'login.busy', values, retryAfterSeconds });
  }
}

export class LoginQueue {
  readonly #limit = pLimit(HASHES_AT_ONCE);
  #seconds = TYPICAL_SECONDS;

  /** @throws TooManyLogInsError at once if the wait would be too long */
  async run<T>(logIn: () => Promise<T>): Promise<T> {
    const wait = (this.#limit.pendingCount * this.#seconds) / HASHES_AT_ONCE;
    if (wait > LONGEST_WAIT_SECONDS) throw new TooManyLogInsError(Math.ceil(wait));
    return this.#limit(async () => {
      const startedAt = performance.now();
      try {
        return await logIn();
      } finally {
        const seconds = (performance.now() - startedAt) / 1000;
        this.#seconds += WEIGHT_OF_LAST * (seconds - this.#seconds);
      }
    });
  }
}
