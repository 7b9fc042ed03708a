import type { Actor } from './write-counts.ts';

/** A call during a running query joins the next one, which starts later and so shows everything committed before. */
export class SharedQueries {
  readonly #running = new Map<string, Promise<unknown>>();
  readonly #next = new Map<string, Promise<unknown>>();

  /** The answer is shared between callers, so they must not change it. */
  async run<T>(key: string, query: () => Promise<T>): Promise<T> {
    const running = this.#running.get(key);
    if (!running) return this.#start(key, query);
    const queued = this.#next.get(key) as Promise<T> | undefined;
    if (queued) return queued;
    const startNext = () => {
      this.#next.delete(key);
      return this.#start(key, query);
    };
    const next = running.then(startNext, startNext);
    this.#next.set(key, next);
    return next;
  }

  #start<T>(key: string, query: () => Promise<T>): Promise<T> {
    const running = query().finally(() => {
      if (this.#running.get(key) === running) this.#running.delete(key);
    });
    this.#running.set(key, running);
    return running;
  }
}

const audiences = new WeakMap<ReadonlySet<string>, string>();

/** Actors with the same audience may see the same data. Roles share their permission sets, so few are built. */
export function audienceOf({ kind, permissions }: Actor): string {
  if (!permissions) return kind;
  let names = audiences.get(permissions);
  if (names === undefined) {
    names = [...permissions].sort().join(' ');
    audiences.set(permissions, names);
  }
  return `${kind} ${names}`;
}
