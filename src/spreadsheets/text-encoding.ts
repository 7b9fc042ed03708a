import { readBytes, type FileSource } from './file-source.ts';
import { UnreadableFileError } from './spreadsheet.ts';

export const ENCODINGS = ['utf-8', 'windows-1252', 'macintosh', 'utf-16'] as const;
export type Encoding = (typeof ENCODINGS)[number];

export interface DetectedEncoding {
  encoding: Encoding;
  /** As `TextDecoder` names it. */
  label: string;
  isUnsure: boolean;
  /** Some words of the file as each encoding reads them, where they differ. */
  samples: Partial<Record<Encoding, string>>;
}

const SAMPLE_WORDS = 3;
const SAMPLE_BYTES = 30;
/** Control characters that no text has; a NUL may be filling. */
const CONTROLS = /[\x01-\x08\x0e-\x1a\x1c-\x1f]/;
/** More NULs than one in so many bytes are no accident. */
const BYTES_PER_NUL = 20;

/**
 * UTF-16 and UTF-8 by their marks; else UTF-16 by its many NULs, UTF-8 if most characters are valid, Windows-1252
 * or Mac Roman by the letters that the file would have. @throws UnreadableFileError if it is no text
 */
export async function detectEncoding(file: FileSource, chosen?: Encoding): Promise<DetectedEncoding> {
  let marked: string | undefined;
  let isFirst = true;
  const counts = new ByteCounts();
  for await (const part of readBytes(file)) {
    if (isFirst) marked = markOf(part) ?? unmarkedUtf16(part);
    if (isFirst && !marked?.startsWith('utf-16') && chosen !== 'utf-16') refuseBinary(part);
    isFirst = false;
    if (marked?.startsWith('utf-16')) break;
    counts.add(part);
  }
  counts.end();
  const guess = marked ?? counts.guess();
  const found: Encoding = guess.startsWith('utf-16') ? 'utf-16' : (guess as Encoding);
  const encoding = chosen ?? found;
  const ownLabel = encoding === 'utf-16' ? 'utf-16le' : encoding;
  return {
    encoding,
    label: encoding === found ? guess : ownLabel,
    isUnsure: chosen === undefined && marked === undefined && counts.isUnsure(),
    samples: counts.samples(),
  };
}

export async function* decoded(file: FileSource, label: string): AsyncGenerator<string, undefined> {
  const decoder = new TextDecoder(label);
  for await (const part of readBytes(file)) {
    yield decoder.decode(part, { stream: true }).replaceAll('\0', '');
  }
  yield decoder.decode();
  return undefined;
}

function markOf(part: Buffer): string | undefined {
  if (part.toString('latin1', 0, 3) === '\xef\xbb\xbf') return 'utf-8';
  const mark = part.toString('latin1', 0, 2);
  if (mark === '\xff\xfe') return 'utf-16le';
  return mark === '\xfe\xff' ? 'utf-16be' : undefined;
}

/** Every other byte of western text in UTF-16 is a NUL. */
function unmarkedUtf16(part: Buffer): string | undefined {
  const nuls = [0, 0];
  for (const [at, byte] of part.entries()) if (byte === 0) nuls[at % 2]!++;
  const [even, odd] = nuls as [number, number];
  const many = part.length / 4;
  if (odd > many && even < many / 10) return 'utf-16le';
  return even > many && odd < many / 10 ? 'utf-16be' : undefined;
}

function refuseBinary(part: Buffer): void {
  const nuls = part.reduce((count, byte) => count + (byte === 0 ? 1 : 0), 0);
  if (CONTROLS.test(part.toString('latin1')) || nuls * BYTES_PER_NUL > part.length)
    throw new UnreadableFileError('otherKind');
}

const isLetter = (byte: number) => (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);
/** ÷ and × stand between the letters of Windows-1252. */
const isLatin = (byte: number) => byte >= 0xc0 && byte !== 0xd7 && byte !== 0xf7;
/** Letters in Mac Roman; punctuation, or nothing, in Windows-1252. */
const isMac = (byte: number) => byte >= 0x80 && byte <= 0x9f;
/** Letters in the code pages of DOS. Windows-1252 has a space, ª, · and º among them, which words may contain. */
const isDos = (byte: number) => byte >= 0xa1 && byte <= 0xaf && byte !== 0xaa;
/** What Windows-1252 does not define. */
const isUndefined = (byte: number) => [0x81, 0x8d, 0x8f, 0x90, 0x9d].includes(byte);
/** What ends no word in Windows-1252; among them é, á and ú of Mac Roman. */
const ENDS_NO_WORD = [0x83, 0x86, 0x87, 0x88, 0x8c, 0x8e, 0x98, 0x9c, 0x9f];

/** What the bytes above ASCII could be: UTF-8 sequences, or letters between letters. */
class ByteCounts {
  invalid = 0;
  #sequences = 0;
  #expected = 0;
  #latin = 0;
  #mac = 0;
  #dos = 0;
  #before = 0;
  #last = 0;
  readonly #words = new Set<string>();
  readonly #oddWords = new Set<string>();

  add(part: Buffer): void {
    for (let at = 0; at < part.length; at++) {
      const byte = part[at]!;
      this.#countSequence(byte);
      if (this.#last >= 0x80 && isLetter(byte) && isLetter(this.#before)) this.#countLetter(this.#last);
      if (byte >= 0x80) {
        const endsOddly = ENDS_NO_WORD.includes(byte) && isLetter(this.#last) && !isLetter(part[at + 1] ?? 0);
        if (isUndefined(byte) || endsOddly) this.#mac++;
        if (this.#words.size < SAMPLE_WORDS) this.#words.add(wordAt(part, at));
        if (this.#oddWords.size < SAMPLE_WORDS && (endsOddly || (byte < 0xc0 && isInside(part, at))))
          this.#oddWords.add(wordAt(part, at));
      }
      this.#before = this.#last;
      this.#last = byte;
    }
  }

  end(): void {
    if (this.#expected > 0) this.invalid++;
  }

  guess(): Encoding {
    if (this.#sequences >= this.invalid) return 'utf-8';
    return this.#mac > this.#latin ? 'macintosh' : 'windows-1252';
  }

  isUnsure(): boolean {
    if (this.guess() === 'utf-8') return false;
    const odd = this.#mac + this.#dos;
    return this.#sequences > 0 || (odd > 0 && odd >= this.#latin);
  }

  samples(): Partial<Record<Encoding, string>> {
    const words = this.isUnsure() && this.#oddWords.size > 0 ? this.#oddWords : this.#words;
    if (words.size === 0) return {};
    const readAs = (encoding: Encoding) =>
      Array.from(words, (word) => new TextDecoder(encoding).decode(Buffer.from(word, 'latin1'))).join(', ');
    const single = ENCODINGS.filter((encoding) => encoding !== 'utf-16');
    return Object.fromEntries(single.map((encoding) => [encoding, readAs(encoding)]));
  }

  #countSequence(byte: number): void {
    if (this.#expected > 0) {
      if (byte >= 0x80 && byte < 0xc0) {
        if (--this.#expected === 0) this.#sequences++;
        return;
      }
      this.invalid++;
      this.#expected = 0;
    }
    if (byte < 0x80) return;
    if (byte >= 0xc2 && byte <= 0xf4) this.#expected = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    else this.invalid++;
  }

  #countLetter(byte: number): void {
    if (isLatin(byte)) this.#latin++;
    else if (isMac(byte)) this.#mac++;
    else if (isDos(byte)) this.#dos++;
  }
}

function isInside(part: Buffer, at: number): boolean {
  return isLetter(part[at - 1] ?? 0) && isLetter(part[at + 1] ?? 0);
}

/** In Latin-1, which keeps the bytes. */
function wordAt(part: Buffer, at: number): string {
  const isWord = (byte: number | undefined) =>
    byte !== undefined && (byte >= 0x80 || isLetter(byte) || byte === 0x27 || byte === 0x2d);
  let start = at;
  while (at - start < SAMPLE_BYTES && isWord(part[start - 1])) start--;
  let end = at + 1;
  while (end - at < SAMPLE_BYTES && isWord(part[end])) end++;
  return part.toString('latin1', start, end);
}
