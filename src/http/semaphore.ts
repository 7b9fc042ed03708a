import type { RequestHandler } from 'express';
import { HttpError } from './http-error.ts';
import { onceClosed } from './stream-answer.ts';

/** Each export holds a connection; most of the 20 per instance are left to pages. */
export const EXPORTS_PER_INSTANCE = 4;
export const EXPORTS_PER_USER = 2;

export class Semaphore {
  readonly #running = new Map<number, number>();
  #total = 0;

  /** @returns a function that releases the slot (call it once); undefined when none is free */
  take(userId: number): (() => void) | undefined {
    const own = this.#running.get(userId) ?? 0;
    if (own >= EXPORTS_PER_USER || this.#total >= EXPORTS_PER_INSTANCE) return undefined;
    this.#running.set(userId, own + 1);
    this.#total++;
    return () => {
      this.#total--;
      const left = this.#running.get(userId)! - 1;
      if (left > 0) this.#running.set(userId, left);
      else this.#running.delete(userId);
    };
  }
}

/** Holds a slot until the response is closed. `textKey`: what a user reads who has none left. */
export function limited(slots: Semaphore, textKey: string): RequestHandler {
  return (req, res, next) => {
    const release = slots.take((req.principal ?? req.customer).id);
    if (!release) throw new HttpError(429, textKey, { retryAfterSeconds: 10 });
    onceClosed(res, release);
    next();
  };
}
