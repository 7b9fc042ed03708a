/** Products in a chunk; their numbers share all bits but the last 14. */
export const CHUNK_SIZE = 1 << 14;
const WORDS = CHUNK_SIZE / 32;

/** A set of products of one chunk: bit n % 32 of word n / 32 stands for the one at place n. */
export type Bits = Uint32Array;

export const emptyBits = (): Bits => new Uint32Array(WORDS);
export const chunkOf = (productId: number) => Math.floor(productId / CHUNK_SIZE);
export const placeOf = (productId: number) => productId % CHUNK_SIZE;

/** A set of product numbers, 2 kB for each chunk in which there are any. Sets are never changed. */
export class ProductSet {
  readonly #chunks: ReadonlyMap<number, Bits>;
  #size: number | undefined;

  constructor(chunks: Iterable<[number, Bits]> = []) {
    this.#chunks = new Map(chunks);
  }

  static of(ids: Iterable<number>): ProductSet {
    const chunks = new Map<number, Bits>();
    for (const id of ids) {
      const chunk = chunkOf(id);
      const bits = chunks.get(chunk) ?? emptyBits();
      chunks.set(chunk, bits);
      bits[placeOf(id) >> 5]! |= 1 << (placeOf(id) & 31);
    }
    return new ProductSet(chunks);
  }

  static intersection([first, ...others]: [ProductSet, ...ProductSet[]]): ProductSet {
    if (others.length === 0) return first;
    const chunks = new Map<number, Bits>();
    for (const [chunk, bits] of first.#chunks) {
      if (!others.every((other) => other.#chunks.has(chunk))) continue;
      const common = bits.slice();
      for (const other of others) {
        const more = other.#chunks.get(chunk)!;
        for (let i = 0; i < WORDS; i++) common[i]! &= more[i]!;
      }
      chunks.set(chunk, common);
    }
    return new ProductSet(chunks);
  }

  static union(sets: ProductSet[]): ProductSet {
    const filled = sets.filter((set) => set.#chunks.size > 0);
    if (filled.length === 1) return filled[0]!;
    const chunks = new Map<number, Bits>();
    for (const set of filled) {
      for (const [chunk, bits] of set.#chunks) {
        const united = chunks.get(chunk);
        if (united) for (let i = 0; i < WORDS; i++) united[i]! |= bits[i]!;
        else chunks.set(chunk, bits.slice());
      }
    }
    return new ProductSet(chunks);
  }

  get size(): number {
    if (this.#size === undefined) {
      let size = 0;
      for (const bits of this.#chunks.values()) for (let i = 0; i < WORDS; i++) size += countBits(bits[i]!);
      this.#size = size;
    }
    return this.#size;
  }

  /** In order, from beyond `from` if that is given. */
  *ids({ descending = false, from }: { descending?: boolean; from?: number | undefined } = {}) {
    const chunks = [...this.#chunks.keys()].sort((a, b) => (descending ? b - a : a - b));
    const isBeyond = (id: number) => from === undefined || (descending ? id < from : id > from);
    for (const chunk of chunks) {
      const first = chunk * CHUNK_SIZE;
      if (!isBeyond(descending ? first : first + CHUNK_SIZE - 1)) continue;
      const bits = this.#chunks.get(chunk)!;
      for (let i = 0; i < WORDS; i++) {
        const index = descending ? WORDS - 1 - i : i;
        for (let rest = bits[index]!; rest !== 0;) {
          const bit = 31 - Math.clz32(descending ? rest : rest & -rest);
          rest ^= 1 << bit;
          const id = first + index * 32 + bit;
          if (isBeyond(id)) yield id;
        }
      }
    }
  }

  /** At most `count` of them, evenly spread. */
  sample(count: number): number[] {
    const step = Math.max(1, this.size / count);
    const sample: number[] = [];
    let passed = 0;
    for (const [chunk, bits] of this.#chunks) {
      for (let index = 0; index < WORDS; index++) {
        const inWord = countBits(bits[index]!);
        for (
          let nth = Math.ceil(sample.length * step);
          nth < passed + inWord;
          nth = Math.ceil(sample.length * step)
        ) {
          sample.push(chunk * CHUNK_SIZE + index * 32 + nthBit(bits[index]!, nth - passed));
        }
        passed += inWord;
      }
    }
    return sample;
  }

  /** As SQL reads it: a bit for each number from 0 on, the first in the lowest bit of the first byte. */
  toBuffer(): Buffer {
    const last = Math.max(-1, ...this.#chunks.keys());
    const buffer = Buffer.alloc(((last + 1) * CHUNK_SIZE) / 8);
    for (const [chunk, bits] of this.#chunks) {
      buffer.set(new Uint8Array(bits.buffer), (chunk * CHUNK_SIZE) / 8);
    }
    return buffer;
  }
}

function countBits(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return (((fours + (fours >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24;
}

/** @param n from 0, less than the word has bits */
function nthBit(word: number, n: number): number {
  let rest = word;
  for (let i = 0; i < n; i++) rest &= rest - 1;
  return 31 - Math.clz32(rest & -rest);
}
