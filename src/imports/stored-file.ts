import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { Kysely, Transaction } from 'kysely';
import type { Databases } from '../database/databases.ts';
import type { Catalogue } from '../database/tables.ts';
import { PART_BYTES, type FileSource } from '../spreadsheets/file-source.ts';

const STORE_LIMIT_MS = 8000;
const PARTS_PER_TRANSACTION = 10;

export class StoredFile implements FileSource {
  readonly #databases: Databases;
  readonly #id: Buffer;
  readonly bytes: number;
  readonly #onFetched: (bytes: number) => void;

  constructor(
    databases: Databases,
    id: Buffer,
    bytes: number,
    onFetched: (bytes: number) => void = () => undefined,
  ) {
    this.#databases = databases;
    this.#id = id;
    this.bytes = bytes;
    this.#onFetched = onFetched;
  }

  async fetchPart(part: number): Promise<Buffer> {
    // Without a time limit: this runs in the background.
    const data = await this.#databases.catalogue.transact((db) => findPart(db, this.#id, part));
    if (!data) throw new Error('A part of the file is missing');
    this.#onFetched(data.length);
    return data;
  }
}

export async function findPart(db: Kysely<Catalogue>, id: Buffer, part: number): Promise<Buffer | undefined> {
  const row = await db
    .selectFrom('product_import_part')
    .select('data')
    .where('file', '=', id)
    .where('part', '=', part)
    .executeTakeFirst();
  return row?.data;
}

export async function storeFile(
  databases: Databases,
  id: Buffer,
  upload: Readable,
): Promise<{ bytes: number; digest: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  let stored = 0;
  let waiting: Buffer[] = [];
  const store = async () => {
    const parts = waiting;
    waiting = [];
    const first = stored;
    stored += parts.length;
    await databases.catalogue.transact((db) => storeParts(db, id, { first, parts }), {
      limitMs: STORE_LIMIT_MS,
    });
  };
  for await (const part of splitIntoParts(upload)) {
    bytes += part.length;
    hash.update(part);
    waiting.push(part);
    if (waiting.length >= PARTS_PER_TRANSACTION) await store();
  }
  await store();
  return { bytes, digest: hash.digest('hex') };
}

async function* splitIntoParts(upload: Readable): AsyncGenerator<Buffer> {
  let part = Buffer.allocUnsafe(PART_BYTES);
  let filled = 0;
  for await (const chunk of upload as AsyncIterable<Buffer>) {
    for (let at = 0; at < chunk.length;) {
      const copied = chunk.copy(part, filled, at);
      at += copied;
      filled += copied;
      if (filled < PART_BYTES) continue;
      yield part;
      part = Buffer.allocUnsafe(PART_BYTES);
      filled = 0;
    }
  }
  if (filled > 0) yield part.subarray(0, filled);
}

async function storeParts(
  trx: Transaction<Catalogue>,
  file: Buffer,
  { first, parts }: { first: number; parts: Buffer[] },
): Promise<void> {
  for (const [index, data] of parts.entries()) {
    await trx
      .insertInto('product_import_part')
      .values({ file, part: first + index, data })
      .execute();
  }
}
