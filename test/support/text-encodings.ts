/** As programs write text files; with '+', after a byte order mark. */
export const TEXT_ENCODINGS = [
  'utf-8',
  '+utf-8',
  'windows-1252',
  'macintosh',
  'utf-16le',
  '+utf-16le',
  'utf-16be',
  '+utf-16be',
] as const;

export type TextEncoding = (typeof TEXT_ENCODINGS)[number];

const SINGLE_BYTE = new Map(['windows-1252', 'macintosh'].map((encoding) => [encoding, byteTable(encoding)]));

function byteTable(encoding: string): Map<string, number> {
  const characters = new TextDecoder(encoding).decode(Uint8Array.from({ length: 256 }, (_, byte) => byte));
  return new Map(Array.from(characters, (character, byte) => [character, byte]));
}

export function encode(text: string, encoding: TextEncoding): Buffer {
  const name = encoding.replace('+', '');
  const marked = encoding.startsWith('+') ? `\ufeff${text}` : text;
  const bytes = SINGLE_BYTE.get(name);
  if (bytes) return Buffer.from(Array.from(marked, (character) => bytes.get(character) ?? 0x3f));
  const encoded = Buffer.from(marked, name === 'utf-8' ? 'utf-8' : 'utf-16le');
  return name === 'utf-16be' ? encoded.swap16() : encoded;
}

export function isSingleByte(encoding: TextEncoding): boolean {
  return SINGLE_BYTE.has(encoding);
}
