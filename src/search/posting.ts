import { CHUNK_SIZE, chunkOf, ProductSet, WORDS_IN_CHUNK, type Bits } from './product-set.ts';

const BYTES = CHUNK_SIZE / 8;

/**
 * The products of one chunk that contain a gram, as stored: few as a list of their places, 16 bits each with
 * the lower byte first; many as BYTES bytes with a bit for each, place 0 in the lowest bit of the first.
 *
 * @param places ascending
 * @param known a posting that they are added to
 */
export function encodePosting(places: number[], known?: Buffer): Buffer {
  const all = known ? mergePlaces(places, known) : places;
  if (all.length * 2 >= BYTES) {
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

/** A gram's postings, one for each chunk in which there are any. */
type Postings = { chunk: number; products: Buffer }[];

/**
 * The products that all of some grams have, and `more`. Postings are taken in one after the other: sets of
 * their own would be megabytes for each search.
 */
export function productsInAll([first = [], ...others]: Postings[], more: number[]): ProductSet {
  const inFirst = first.reduce((most, { chunk }) => Math.max(most, chunk + 1), 0);
  const chunks = more.reduce((most, id) => Math.max(most, chunkOf(id) + 1), inFirst);
  const bits = new Uint32Array(chunks * WORDS_IN_CHUNK);
  for (const { chunk, products } of first) addPosting(wordsOf(bits, chunk), products);
  for (const postings of others) {
    const productsOf = new Map(postings.map(({ chunk, products }) => [chunk, products]));
    for (let chunk = 0; chunk < chunks; chunk++) {
      const products = productsOf.get(chunk);
      const words = wordsOf(bits, chunk);
      if (products) keepPosting(words, products);
      else words.fill(0);
    }
  }
  for (const id of more) addPlace(bits, id);
  return new ProductSet(bits);
}

function wordsOf(bits: Bits, chunk: number): Bits {
  return bits.subarray(chunk * WORDS_IN_CHUNK, (chunk + 1) * WORDS_IN_CHUNK);
}

const kept = new Uint32Array(WORDS_IN_CHUNK);

function keepPosting(words: Bits, stored: Buffer): void {
  kept.fill(0);
  addPosting(kept, stored);
  for (let i = 0; i < WORDS_IN_CHUNK; i++) words[i]! &= kept[i]!;
}

/** @param words without products, of one chunk */
function addPosting(words: Bits, stored: Buffer): void {
  if (stored.length === BYTES) {
    // Every processor that Node runs on has the lower byte first.
    new Uint8Array(words.buffer, words.byteOffset, BYTES).set(stored);
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
