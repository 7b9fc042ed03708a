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
export function productsInAll(grams: Postings[], more: number[]): ProductSet {
  // The rarest first: where it leaves nothing, the others need not be read.
  const [rarest = new Map<number, Postings>(), ...others] = grams
    .toSorted((a, b) => storedBytes(a) - storedBytes(b))
    .map((postings) => Map.groupBy(postings, ({ chunk }) => chunk));
  const inRarest = [...rarest.keys()].reduce((most, chunk) => Math.max(most, chunk + 1), 0);
  const chunks = more.reduce((most, id) => Math.max(most, chunkOf(id) + 1), inRarest);
  const bits = new Uint32Array(chunks * WORDS_IN_CHUNK);
  for (const [chunk, postings] of rarest) {
    const words = bits.subarray(chunk * WORDS_IN_CHUNK, (chunk + 1) * WORDS_IN_CHUNK);
    for (const { products } of postings) addPosting(words, products);
    for (const gram of others) if (!intersect(words, gram.get(chunk) ?? [])) break;
  }
  for (const id of more) addPlace(bits, id);
  return new ProductSet(bits);
}

const storedBytes = (postings: Postings) => postings.reduce((sum, { products }) => sum + products.length, 0);

const united = new Uint32Array(WORDS_IN_CHUNK);
const unitedBytes = new Uint8Array(united.buffer);
const bitmap = new Uint32Array(WORDS_IN_CHUNK);
const bitmapBytes = new Uint8Array(bitmap.buffer);

/** @returns whether any product is left */
function intersect(words: Bits, [first, ...others]: Postings): boolean {
  if (first?.products.length === BITMAP_BYTES) {
    unitedBytes.set(first.products);
  } else {
    united.fill(0);
    if (first) addPosting(united, first.products);
  }
  for (const { products } of others) addPosting(united, products);
  let left = 0;
  for (let i = 0; i < WORDS_IN_CHUNK; i++) left |= words[i]! &= united[i]!;
  return left !== 0;
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
