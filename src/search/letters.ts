import { createHash } from 'node:crypto';
import { sql, type Kysely } from 'kysely';
import type { Catalogue } from '../database/tables.ts';

/** Stored as they are. The last one sorts after all Latin letters, and so ends the range of "z". */
const PLAIN = Array.from(' !"#$%&\'()*+,-./0123456789:;<=>?@[\\]^_`{|}~abcdefghijklmnñopqrstuvwxyzα');
const PRIVATE_AREA = { first: 0xe000, size: 0x1900 };

/** MySQL is asked which characters are equal ("é" and "e", but not "n" and "ñ"): the index must match LIKE. */
export class Letters {
  readonly #signs = new Map<string, string>();
  readonly #plain = new Map<string, string>();

  /** Must be called with texts before they are folded. */
  async learn(db: Kysely<Catalogue>, texts: Iterable<string>): Promise<void> {
    if (this.#plain.size === 0) {
      for (const { letter, weight } of await weights(db, PLAIN)) this.#plain.set(weight, letter);
    }
    const unknown = new Set<string>();
    for (const text of texts) for (const letter of text) if (!this.#signs.has(letter)) unknown.add(letter);
    if (unknown.size === 0) return;
    for (const { letter, weight } of await weights(db, [...unknown])) {
      this.#signs.set(letter, this.#plain.get(weight) ?? privateSign(weight));
    }
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
    for (const letter of text) {
      const sign = this.#signs.get(letter);
      if (sign === undefined) throw new Error(`The letter ${JSON.stringify(letter)} has not been learnt`);
      folded += sign;
    }
    return folded;
  }
}

async function weights(db: Kysely<Catalogue>, letters: string[]) {
  const { rows } = await sql<{ letter: string; weight: string }>`
    SELECT letter, HEX(WEIGHT_STRING(letter)) AS weight
    FROM JSON_TABLE(
      ${JSON.stringify(letters)},
      '$[*]' COLUMNS (letter VARCHAR(1) COLLATE utf8mb4_es_0900_ai_ci PATH '$')
    ) AS letters`.execute(db);
  return rows;
}

/** A collision of two letters only adds candidates, which are checked anyway. */
function privateSign(weight: string): string {
  const { first, size } = PRIVATE_AREA;
  return String.fromCharCode(first + (createHash('sha1').update(weight).digest().readUInt32BE() % size));
}

export const letters = new Letters();
