import { SharedQueries } from './shared-queries.ts';

/** However little happens on the server: what an answer says of the time grows old, too. */
const KEEP_MS = 1000;
const MAX_KEPT = 64;
const POSITION = 'position';

interface Kept {
  askedAt: number;
  /** Of the server before the answer was read. Undefined: none is kept. */
  position?: string;
  answeredAt: number;
  answer: unknown;
}

/**
 * Shared queries of one server, whose answers are kept while that server has applied nothing since: for what many ask
 * for, reading its position is enough (docs/decisions/shared-questions.md).
 */
export class KeptAnswers {
  readonly #shared = new SharedQueries();
  readonly #kept = new Map<string, Kept>();
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
    const kept = this.#kept.get(key);
    const isOften = kept && now - kept.askedAt < KEEP_MS;
    this.#keep(key, { ...(kept ?? { answeredAt: 0, answer: undefined }), askedAt: now });
    if (!isOften) return query();
    const position = await this.#shared.run(POSITION, this.#readPosition);
    if (kept.position === position && now - kept.answeredAt < KEEP_MS) return kept.answer as T;
    const answer = await query();
    this.#keep(key, { askedAt: now, position, answeredAt: now, answer });
    return answer;
  }

  #keep(key: string, answer: Kept): void {
    this.#kept.delete(key);
    this.#kept.set(key, answer);
    if (this.#kept.size > MAX_KEPT) this.#kept.delete(this.#kept.keys().next().value!);
  }
}
