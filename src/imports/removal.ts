import { sql } from 'kysely';
import { z } from 'zod';
import { QUICK_CHANGE_MS } from '../database/database-group.ts';
import type { Databases } from '../database/databases.ts';
import { enqueue, type OutboxKind } from '../jobs/outbox.ts';

/** So many rows are removed at a time, so that nobody waits and no replica falls behind. */
const ROWS_AT_A_TIME = 5000;
const DROP_LIMIT_MS = 10_000;

export const DROP_FILE = {
  name: 'imports.dropFile',
  /** In hexadecimal digits. */
  payload: z.object({ file: z.string() }),
} satisfies OutboxKind<unknown>;

export const DROP_ROWS = {
  name: 'imports.dropRows',
  payload: z.object({ id: z.number() }),
} satisfies OutboxKind<unknown>;

/** Has the parts of an upload removed that became no import, or that became one already. */
export async function discardUpload(databases: Databases, file: Buffer): Promise<void> {
  await databases.catalogue
    .transact((trx) => enqueue(trx, DROP_FILE, { file: file.toString('hex') }), { limitMs: QUICK_CHANGE_MS })
    // While the primary is away: what remains is removed with the uploads that were never finished.
    .catch(() => undefined);
}

/** Removes the parts of a file, unless an import needs it: the write that makes one may have an unknown outcome. */
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

/**
 * Removes the rows of an import, of attempts that were given up or that another one has followed.
 *
 * @param kept the reading whose rows stay, if any does
 */
export async function dropRows(databases: Databases, id: number, kept?: number): Promise<void> {
  for (;;) {
    const { numAffectedRows = 0n } = await databases.catalogue.transact(
      (db) =>
        sql`
          DELETE FROM product_import_row
          WHERE import_id = ${id} AND NOT reading <=> ${kept ?? null} LIMIT ${sql.lit(ROWS_AT_A_TIME)}`.execute(
          db,
        ),
      { limitMs: DROP_LIMIT_MS },
    );
    if (numAffectedRows < BigInt(ROWS_AT_A_TIME)) return;
  }
}
