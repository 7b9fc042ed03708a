import { Readable } from 'node:stream';
import yauzl, { type Entry, type ZipFile } from 'yauzl';
import { UnreadableFileError } from './spreadsheet.ts';
import { readBytes, type FileSource } from './file-source.ts';

const MAX_ENTRIES = 2000;
/** The record that ends a zip file, without its comment. */
const END_BYTES = 22;
const END_MARK = Buffer.from('PK\x05\x06');
const MAX_COMMENT = 0xffff;

class FileSourceReader extends yauzl.RandomAccessReader {
  readonly #file: FileSource;

  constructor(file: FileSource) {
    super();
    this.#file = file;
  }

  override _readStreamForRange(start: number, end: number): Readable {
    return Readable.from(readBytes(this.#file, start, end), { objectMode: false });
  }
}

export class ZipArchive {
  readonly #zip: ZipFile;
  readonly #entries: Map<string, Entry>;

  private constructor(zip: ZipFile, entries: Map<string, Entry>) {
    this.#zip = zip;
    this.#entries = entries;
  }

  /** @throws UnreadableFileError */
  static async open(file: FileSource): Promise<ZipArchive> {
    const bytes = await zipBytes(file);
    const zip = await new Promise<ZipFile>((resolve, reject) => {
      yauzl.fromRandomAccessReader(
        new FileSourceReader(file),
        bytes,
        // yauzl refuses names that begin with a slash, which Excel reads.
        { lazyEntries: true, autoClose: false, decodeStrings: false },
        (error, opened) => (error ? reject(error) : resolve(opened)),
      );
    }).catch((error: unknown) => {
      throw toDamagedZipError(error);
    });
    if (zip.entryCount > MAX_ENTRIES) throw new UnreadableFileError('damaged');
    const entries = new Map<string, Entry>();
    await new Promise<void>((resolve, reject) => {
      zip.on('entry', (entry: Entry) => {
        entries.set(partName(nameOf(entry)), entry);
        zip.readEntry();
      });
      zip.once('end', resolve);
      zip.once('error', (error) => reject(toDamagedZipError(error)));
      zip.readEntry();
    });
    return new ZipArchive(zip, entries);
  }

  has(name: string): boolean {
    return this.#entries.has(partName(name));
  }

  /** @throws UnreadableFileError when the part is missing, encrypted or damaged */
  async stream(name: string): Promise<Readable> {
    const entry = this.#entries.get(partName(name));
    if (!entry) throw new UnreadableFileError('damaged');
    if (entry.isEncrypted()) throw new UnreadableFileError('encrypted');
    return new Promise((resolve, reject) => {
      this.#zip.openReadStream(entry, (error, stream) => {
        if (error) return reject(toDamagedZipError(error));
        resolve(Readable.from(withDamageErrors(stream), { objectMode: false }));
      });
    });
  }
}

function nameOf({ generalPurposeBitFlag, fileNameRaw, extraFields }: Entry): string {
  return yauzl.getFileNameLowLevel(generalPurposeBitFlag, fileNameRaw, extraFields, false);
}

/** ECMA-376, part 2: names are equal without regard to case and percent-encoding. */
function partName(name: string): string {
  let decoded = name;
  try {
    decoded = decodeURIComponent(name);
  } catch {
    // A percent sign of its own.
  }
  return decoded.replaceAll('\\', '/').replace(/^\/+/, '').toLowerCase();
}

/** Without what follows the end of the zip file, which yauzl refuses. */
async function zipBytes(file: FileSource): Promise<number> {
  const start = Math.max(0, file.bytes - END_BYTES - MAX_COMMENT);
  const parts: Buffer[] = [];
  for await (const part of readBytes(file, start)) parts.push(part);
  const tail = Buffer.concat(parts);
  for (let at = tail.length; (at = tail.subarray(0, at).lastIndexOf(END_MARK)) >= 0;) {
    if (at + END_BYTES > tail.length) continue;
    const end = at + END_BYTES + tail.readUInt16LE(at + END_BYTES - 2);
    if (end <= tail.length) return start + end;
  }
  return file.bytes;
}

async function* withDamageErrors(stream: Readable): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of stream) yield chunk;
  } catch (error) {
    throw toDamagedZipError(error);
  }
}

/** yauzl and zlib throw plain Errors for a damaged file. Database errors, which set `fatal`, pass through. */
function toDamagedZipError(error: unknown): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  const isZipError = error.name === 'Error' && !('fatal' in error);
  return isZipError ? new UnreadableFileError('damaged') : error;
}
