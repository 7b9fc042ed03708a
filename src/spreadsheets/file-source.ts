/**
 * Files are kept in parts of so many bytes; the last one may be shorter. Small enough for the statement that
 * stores one, which has it in hexadecimal, to be cleared away as soon as it is done: V8 keeps strings of more
 * than 128 kB for long.
 */
export const PART_BYTES = 48 * 1024;

/** A file that is read from anywhere, part by part. */
export interface FileSource {
  readonly bytes: number;
  /** Parts are counted from 0. */
  fetchPart: (part: number) => Promise<Uint8Array>;
}

/** The bytes from `start` to before `end`, in pieces. */
export async function* readBytes(file: FileSource, start = 0, end = file.bytes): AsyncGenerator<Buffer> {
  for (let at = start; at < end;) {
    const part = Math.floor(at / PART_BYTES);
    const { buffer, byteOffset, byteLength } = await file.fetchPart(part);
    const from = at - part * PART_BYTES;
    const length = Math.min(byteLength - from, end - at);
    yield Buffer.from(buffer, byteOffset + from, length);
    at += length;
  }
}
