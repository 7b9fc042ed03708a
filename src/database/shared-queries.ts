import type { Actor } from './write-counts.ts';

/**
 * Lets people who ask the same at the same time share one answer. Whoever comes while a question is on its
 * way shares the next one: it is asked after they have come, so that it shows them all that was there then.
 */
export class SharedQueries {
  readonly #running = new Map<string, Promise<unknown>>();
  readonly #next = new Map<string, Promise<unknown>>();

  /**
   * @param question the same for queries that have the same answer, which then belongs to all who asked:
   *   nobody may change it
   */
  async ask<T>(question: string, query: () => Promise<T>): Promise<T> {
    const running = this.#running.get(question);
    if (!running) return this.#run(question, query);
    const asked = this.#next.get(question) as Promise<T> | undefined;
    if (asked) return asked;
    const start = () => {
      this.#next.delete(question);
      return this.#run(question, query);
    };
    const next = running.then(start, start);
    this.#next.set(question, next);
    return next;
  }

  #run<T>(question: string, query: () => Promise<T>): Promise<T> {
    const running = query().finally(() => {
      if (this.#running.get(question) === running) this.#running.delete(question);
    });
    this.#running.set(question, running);
    return running;
  }
}

const audiences = new WeakMap<ReadonlySet<string>, string>();

/** What actors have in common who may see the same. Roles share their set of permissions, so few are built. */
export function audienceOf({ kind, permissions }: Actor): string {
  if (!permissions) return kind;
  let names = audiences.get(permissions);
  if (names === undefined) {
    names = [...permissions].sort().join(' ');
    audiences.set(permissions, names);
  }
  return `${kind} ${names}`;
}
