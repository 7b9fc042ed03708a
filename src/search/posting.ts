import { CHUNK_SIZE, emptyBits, type Bits } from './product-set.ts';

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
    const bits = emptyBits();
    for (const place of all) addPlace(bits, place);
    return Buffer.from(bits.buffer);
  }
  const list = Buffer.alloc(all.length * 2);
  all.forEach((place, index) => list.writeUInt16LE(place, index * 2));
  return list;
}

function mergePlaces(places: number[], known: Buffer): number[] {
  const bits = decodePosting(known);
  for (const place of places) addPlace(bits, place);
  return placesIn(bits);
}

export function decodePosting(stored: Buffer): Bits {
  if (stored.length === BYTES) {
    // Copied: a buffer of the driver's may begin anywhere. Every processor that Node runs on has the lower byte first.
    return new Uint32Array(Uint8Array.from(stored).buffer);
  }
  const bits = emptyBits();
  for (let at = 0; at < stored.length; at += 2) addPlace(bits, stored[at]! | (stored[at + 1]! << 8));
  return bits;
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
