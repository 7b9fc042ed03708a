import { sql } from 'kysely';
import { z } from 'zod';
import { QUICK_CHANGE_MS } from '../database/database-group.ts';
import type { Databases } from '../database/databases.ts';
import { enqueue, type OutboxKind } from '../jobs/outbox.ts';

/** Small transactions keep locks short and replicas in step. */
const BATCH = 5000;
const DROP_LIMIT_MS = 10_000;

export const DROP_FILE = {
  name: 'drop-import-file',
  payload: z.object({ file: z.string() }),
} satisfies OutboxKind<unknown>;

export const DROP_ROWS = {
  name: 'drop-import-rows',
  payload: z.object({ id: z.number() }),
} satisfies OutboxKind<unknown>;

export async function discardUpload(databases: Databases, file: Buffer): Promise<void> {
  await databases.catalogue
    .transact((trx) => enqueue(trx, DROP_FILE, { file: file.toString('hex') }), { limitMs: QUICK_CHANGE_MS })
    // With the primary away, `deleteUnfinishedUploads` removes it later.
    .catch(() => undefined);
}

/** Keeps a file that an import uses: the outcome of the write that creates one may be unknown. */
export async function dropFile(databases: Databases, file: Buffer): Promise<void> {
  await databases.catalogue.transact(
    (db) =>
      sql`
        DELETE FROM product_import_part
        WHERE file = ${file}
          AND NOT EXISTS (SELECT 1 FROM product_import WHERE file = ${file} AND expires_at IS NOT NULL)`.execute(
        db,
      ),
    { limitMs: DROP_LIMIT_MS },
  );
}

export async function dropRows(databases: Databases, id: number, kept?: number): Promise<void> {
  for (;;) {
    const { numAffectedRows = 0n } = await databases.catalogue.transact(
      (db) =>
        sql`
          DELETE FROM product_import_row
          WHERE import_id = ${id} AND NOT reading <=> ${kept ?? null} LIMIT ${sql.lit(BATCH)}`.execute(db),
      { limitMs: DROP_LIMIT_MS },
    );
    if (numAffectedRows < BigInt(BATCH)) return;
  }
}
