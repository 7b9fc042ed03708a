import { Readable } from 'node:stream';
import yauzl, { type Entry, type ZipFile } from 'yauzl';
import { UnreadableFileError } from './spreadsheet.ts';
import { readBytes, type FileSource } from './file-source.ts';

const MAX_ENTRIES = 2000;

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

export class XlsxArchive {
  readonly #zip: ZipFile;
  readonly #entries: Map<string, Entry>;

  private constructor(zip: ZipFile, entries: Map<string, Entry>) {
    this.#zip = zip;
    this.#entries = entries;
  }

  /** @throws UnreadableFileError */
  static async open(file: FileSource): Promise<XlsxArchive> {
    const zip = await new Promise<ZipFile>((resolve, reject) => {
      yauzl.fromRandomAccessReader(
        new FileSourceReader(file),
        file.bytes,
        { lazyEntries: true, autoClose: false },
        (error, opened) => (error ? reject(error) : resolve(opened)),
      );
    }).catch((error: unknown) => {
      throw toDamagedZipError(error);
    });
    if (zip.entryCount > MAX_ENTRIES) throw new UnreadableFileError('damaged');
    const entries = new Map<string, Entry>();
    await new Promise<void>((resolve, reject) => {
      zip.on('entry', (entry: Entry) => {
        entries.set(entry.fileName, entry);
        zip.readEntry();
      });
      zip.once('end', resolve);
      zip.once('error', (error) => reject(toDamagedZipError(error)));
      zip.readEntry();
    });
    return new XlsxArchive(zip, entries);
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  /** @throws UnreadableFileError when the part is missing, encrypted or damaged */
  async stream(name: string): Promise<Readable> {
    const entry = this.#entries.get(name);
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
