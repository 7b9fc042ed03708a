import { CHUNK_SIZE, chunkOf, ProductSet, WORDS_IN_CHUNK, type Bits } from './product-set.ts';

const BITMAP_BYTES = CHUNK_SIZE / 8;

/** Stored as 16-bit places or as a bitmap, whichever is smaller; both little-endian. */
export function encodePosting(places: number[], known?: Buffer): Buffer {
  const all = known ? mergePlaces(places, known) : places;
  if (all.length * 2 >= BITMAP_BYTES) {
    const bits = new Uint32Array(WORDS_IN_CHUNK);
    for (const place of all) addPlace(bits, place);
    return Buffer.from(bits.buffer);
  }
  const list = Buffer.alloc(all.length * 2);
  all.forEach((place, index) => list.writeUInt16LE(place, index * 2));
  return list;
}

function mergePlaces(places: number[], known: Buffer): number[] {
  const bits = new Uint32Array(WORDS_IN_CHUNK);
  addPosting(bits, known);
  for (const place of places) addPlace(bits, place);
  return placesIn(bits);
}

type Postings = { chunk: number; products: Buffer }[];

/** Works on one bitmap: a set for each gram would take megabytes per search. */
export function productsInAll([first = [], ...others]: Postings[], more: number[]): ProductSet {
  const inFirst = first.reduce((most, { chunk }) => Math.max(most, chunk + 1), 0);
  const chunks = more.reduce((most, id) => Math.max(most, chunkOf(id) + 1), inFirst);
  const bits = new Uint32Array(chunks * WORDS_IN_CHUNK);
  for (const { chunk, products } of first) addPosting(wordsOf(bits, chunk), products);
  for (const postings of others) {
    const byChunk = Map.groupBy(postings, ({ chunk }) => chunk);
    for (let chunk = 0; chunk < chunks; chunk++) {
      const some = byChunk.get(chunk);
      const words = wordsOf(bits, chunk);
      if (some) intersectPostings(words, some);
      else words.fill(0);
    }
  }
  for (const id of more) addPlace(bits, id);
  return new ProductSet(bits);
}

function wordsOf(bits: Bits, chunk: number): Bits {
  return bits.subarray(chunk * WORDS_IN_CHUNK, (chunk + 1) * WORDS_IN_CHUNK);
}

const united = new Uint32Array(WORDS_IN_CHUNK);
const bitmap = new Uint32Array(WORDS_IN_CHUNK);
const bitmapBytes = new Uint8Array(bitmap.buffer);

function intersectPostings(words: Bits, postings: Postings): void {
  united.fill(0);
  for (const { products } of postings) addPosting(united, products);
  for (let i = 0; i < WORDS_IN_CHUNK; i++) words[i]! &= united[i]!;
}

function addPosting(words: Bits, stored: Buffer): void {
  if (stored.length === BITMAP_BYTES) {
    // Copied, because a stored bitmap may start at any byte. Node runs on little-endian processors only.
    bitmapBytes.set(stored);
    for (let i = 0; i < WORDS_IN_CHUNK; i++) words[i]! |= bitmap[i]!;
    return;
  }
  for (let at = 0; at < stored.length; at += 2) addPlace(words, stored[at]! | (stored[at + 1]! << 8));
}

function addPlace(bits: Bits, place: number): void {
  bits[place >> 5]! |= 1 << (place & 31);
}

function placesIn(bits: Bits): number[] {
  const places: number[] = [];
  for (let index = 0; index < bits.length; index++) {
    for (let rest = bits[index]!; rest !== 0; rest &= rest - 1) places.push(index * 32 + lowestBit(rest));
  }
  return places;
}

function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word);
}
