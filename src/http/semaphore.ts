/** Each holds a database connection while it runs: these leave most of an instance's 20 to pages. */
export const EXPORTS_PER_INSTANCE = 4;
export const EXPORTS_PER_USER = 2;

/** The places for exports that one instance makes at the same time, shared out so that all get one. */
export class ExportSlots {
  readonly #running = new Map<number, number>();
  #total = 0;

  /** @returns what gives the place back, to be called once; undefined when there is none */
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
