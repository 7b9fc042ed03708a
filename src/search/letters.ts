import { createHash } from 'node:crypto';
import { sql, type Kysely } from 'kysely';
import type { Catalogue } from '../database/tables.ts';
import { WRITTEN_AS } from './spelling.ts';

/** Stored as they are. The last one sorts after all Latin letters, and so ends the range of "z". */
const PLAIN = Array.from(' !"#$%&\'()*+,-./0123456789:;<=>?@[\\]^_`{|}~abcdefghijklmnñopqrstuvwxyzα');
const PRIVATE_AREA = { first: 0xe000, size: 0x1900 };

/** In hexadecimal, as all weights. That of ñ starts like n; those of most Han characters have a start in common. */
export const ENYE = '1DB954A5';
const WEIGHTS = new RegExp(`${ENYE}|FB[0-9A-F]{6}|[0-9A-F]{4}`, 'g');

interface Letter {
  /** None for a character that the collation ignores, two for "ß". */
  weights: string[];
  folded: string;
  /** LIKE compares it as the search does. */
  isPlain: boolean;
}

/** Folds texts by the weights of MySQL's collation: "é" as "e" and "ß" as "ss", but "ñ" not as "n". */
export class Letters {
  readonly #letters = new Map<string, Letter>();
  readonly #plain = new Map<string, string>();
  /** By their own weight, the weights of characters that are written as others. */
  readonly #writtenAs = new Map<string, string[]>();

  /** Must be called with texts before they are folded. */
  async learn(db: Kysely<Catalogue>, texts: Iterable<string>): Promise<void> {
    const unknown = new Set<string>();
    if (this.#plain.size === 0) {
      await this.#learnPlain(db);
      PLAIN.forEach((letter) => unknown.add(letter));
    }
    for (const text of texts) for (const letter of text) if (!this.#letters.has(letter)) unknown.add(letter);
    if (unknown.size === 0) return;
    for (const [letter, weight] of await readWeights(db, [...unknown])) {
      const own = weight.match(WEIGHTS) ?? [];
      const weights = own.flatMap((one) => this.#writtenAs.get(one) ?? [one]);
      const isPlain =
        this.#plain.has(weight) && !this.#writtenAs.has(weight) && /^[ -~\p{L}\p{N}]$/u.test(letter);
      const folded = weights.map((one) => this.#plain.get(one) ?? privateSign(one)).join('');
      this.#letters.set(letter, { weights, folded, isPlain });
    }
  }

  async #learnPlain(db: Kysely<Catalogue>): Promise<void> {
    const others = Object.values(WRITTEN_AS).flatMap((characters) => Array.from(characters));
    const weights = await readWeights(db, [...PLAIN, ...others]);
    for (const [target, characters] of Object.entries(WRITTEN_AS)) {
      const written = Array.from(target, (letter) => weights.get(letter)!);
      for (const character of characters) this.#writtenAs.set(weights.get(character)!, written);
    }
    for (const letter of PLAIN) this.#plain.set(weights.get(letter)!, letter);
  }

  /** The plain letter of a weight (in hexadecimal), and the next one in the collation. */
  withWeight(weight: string): { letter: string; next: string } | undefined {
    const ascending = [...this.#plain.keys()].sort();
    const next = this.#plain.get(ascending[ascending.indexOf(weight) + 1] ?? '');
    const letter = this.#plain.get(weight);
    return letter !== undefined && next !== undefined ? { letter, next } : undefined;
  }

  fold(text: string): string {
    let folded = '';
    for (const letter of text) folded += this.#get(letter).folded;
    return folded;
  }

  weights(text: string): string[] {
    return Array.from(text).flatMap((letter) => this.#get(letter).weights);
  }

  writtenAs(): [string, string[]][] {
    return [...this.#writtenAs];
  }

  isPlain(text: string): boolean {
    return Array.from(text).every((letter) => this.#get(letter).isPlain);
  }

  #get(letter: string): Letter {
    const known = this.#letters.get(letter);
    if (known === undefined) throw new Error(`The letter ${JSON.stringify(letter)} has not been learnt`);
    return known;
  }
}

async function readWeights(db: Kysely<Catalogue>, letters: string[]): Promise<Map<string, string>> {
  const { rows } = await sql<{ letter: string; weight: string }>`
    SELECT letter, HEX(WEIGHT_STRING(letter)) AS weight
    FROM JSON_TABLE(
      ${JSON.stringify(letters)},
      '$[*]' COLUMNS (letter VARCHAR(1) COLLATE utf8mb4_es_0900_ai_ci PATH '$')
    ) AS letters`.execute(db);
  return new Map(rows.map(({ letter, weight }) => [letter, weight]));
}

/** A collision of two letters only adds candidates, which are checked anyway. */
function privateSign(weight: string): string {
  const { first, size } = PRIVATE_AREA;
  return String.fromCharCode(first + (createHash('sha1').update(weight).digest().readUInt32BE() % size));
}

export const letters = new Letters();
