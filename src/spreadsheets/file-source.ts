/** The last part may be shorter. An INSERT holds a part as hex, and V8 is slow to free strings above 128 kB. */
export const PART_BYTES = 48 * 1024;

export interface FileSource {
  readonly bytes: number;
  fetchPart: (part: number) => Promise<Uint8Array>;
}

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
