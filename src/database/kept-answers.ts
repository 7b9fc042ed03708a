import { SharedQueries } from './shared-queries.ts';

/** Even if nothing happens on the server: what an answer says may depend on the time. */
const KEEP_MS = 1000;
const MAX_KEPT = 64;
const POSITION = 'position';

interface Asked {
  at: number;
  kept?: { answer: unknown; at: number; position: string };
}

/**
 * Shared queries of one server, whose answers are kept while that server has applied nothing since: for what many ask
 * for, reading its position is enough (docs/decisions/shared-questions.md).
 */
export class KeptAnswers {
  readonly #shared = new SharedQueries();
  /** By key, the one asked for last at the end. */
  readonly #asked = new Map<string, Asked>();
  readonly #readPosition: () => Promise<string>;

  /** @param readPosition the same text as before only if nothing was written since */
  constructor(readPosition: () => Promise<string>) {
    this.#readPosition = readPosition;
  }

  /** The answer is shared between callers, so they must not change it. */
  async run<T>(key: string, query: () => Promise<T>): Promise<T> {
    return this.#shared.run(key, () => this.#find(key, query));
  }

  /** What is asked for once is not worth a question for the position. */
  async #find<T>(key: string, query: () => Promise<T>): Promise<T> {
    const now = Date.now();
    const before = this.#asked.get(key);
    this.#note(key, { ...before, at: now });
    if (!before || now - before.at >= KEEP_MS) return query();
    const { kept } = before;
    const position = await this.#shared.run(POSITION, this.#readPosition);
    if (kept?.position === position && now - kept.at < KEEP_MS) return kept.answer as T;
    const answer = await query();
    this.#note(key, { at: now, kept: { answer, at: now, position } });
    return answer;
  }

  #note(key: string, asked: Asked): void {
    this.#asked.delete(key);
    this.#asked.set(key, asked);
    if (this.#asked.size > MAX_KEPT) this.#asked.delete(this.#asked.keys().next().value!);
  }
}
