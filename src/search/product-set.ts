/** Products per chunk: their ids share all but the last 14 bits. */
export const CHUNK_SIZE = 1 << 14;
export const WORDS_IN_CHUNK = CHUNK_SIZE / 32;

/** Bit n % 32 of word n / 32 stands for id n. */
export type Bits = Uint32Array;

export const chunkOf = (productId: number) => Math.floor(productId / CHUNK_SIZE);
export const placeOf = (productId: number) => productId % CHUNK_SIZE;

/** Immutable: one bit per id up to the largest. */
export class ProductSet {
  readonly #bits: Bits;
  #size: number | undefined;

  constructor(bits: Bits) {
    this.#bits = bits;
  }

  static of(ids: number[]): ProductSet {
    const last = ids.reduce((largest, id) => Math.max(largest, id), -1);
    const bits = new Uint32Array((last >> 5) + 1);
    for (const id of ids) bits[id >> 5]! |= 1 << (id & 31);
    return new ProductSet(bits);
  }

  static intersection([first, ...others]: [ProductSet, ...ProductSet[]]): ProductSet {
    if (others.length === 0) return first;
    const length = Math.min(first.#bits.length, ...others.map((other) => other.#bits.length));
    const common = first.#bits.slice(0, length);
    for (const other of others) {
      const bits = other.#bits;
      for (let i = 0; i < length; i++) common[i]! &= bits[i]!;
    }
    return new ProductSet(common);
  }

  static union(sets: [ProductSet, ...ProductSet[]]): ProductSet {
    const [longest, ...others] = sets
      .filter((set) => set.#bits.length > 0)
      .sort((a, b) => b.#bits.length - a.#bits.length);
    if (!longest || others.length === 0) return longest ?? sets[0];
    const united = longest.#bits.slice();
    for (const other of others) {
      const bits = other.#bits;
      for (let i = 0; i < bits.length; i++) united[i]! |= bits[i]!;
    }
    return new ProductSet(united);
  }

  has(id: number): boolean {
    return ((this.#bits[id >> 5] ?? 0) & (1 << (id & 31))) !== 0;
  }

  get size(): number {
    if (this.#size === undefined) {
      const bits = this.#bits;
      let size = 0;
      for (let i = 0; i < bits.length; i++) size += countBits(bits[i]!);
      this.#size = size;
    }
    return this.#size;
  }

  *ids({ descending = false, from }: { descending?: boolean; from?: number | undefined } = {}) {
    const bits = this.#bits;
    if (bits.length === 0) return;
    const isBeyond = (id: number) => from === undefined || (descending ? id < from : id > from);
    const last = bits.length - 1;
    const start = from === undefined ? (descending ? last : 0) : Math.min(from >> 5, last);
    const end = descending ? -1 : bits.length;
    const step = descending ? -1 : 1;
    for (let index = start; index !== end; index += step) {
      for (let rest = bits[index]!; rest !== 0;) {
        const bit = 31 - Math.clz32(descending ? rest : rest & -rest);
        rest ^= 1 << bit;
        const id = index * 32 + bit;
        if (isBeyond(id)) yield id;
      }
    }
  }

  sample(count: number): number[] {
    const step = Math.max(1, this.size / count);
    const sample: number[] = [];
    let passed = 0;
    for (let index = 0; index < this.#bits.length; index++) {
      const word = this.#bits[index]!;
      const inWord = countBits(word);
      for (
        let nth = Math.ceil(sample.length * step);
        nth < passed + inWord;
        nth = Math.ceil(sample.length * step)
      ) {
        sample.push(index * 32 + nthBit(word, nth - passed));
      }
      passed += inWord;
    }
    return sample;
  }

  toBuffer(): Buffer {
    const { buffer, byteOffset, byteLength } = this.#bits;
    return Buffer.from(buffer, byteOffset, byteLength);
  }
}

function countBits(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return (((fours + (fours >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24;
}

function nthBit(word: number, n: number): number {
  let rest = word;
  for (let i = 0; i < n; i++) rest &= rest - 1;
  return 31 - Math.clz32(rest & -rest);
}
