import { sql } from 'kysely';
import type { Databases } from '../database/databases.ts';

/** So many rows are removed at a time, so that nobody waits and no replica falls behind. */
const ROWS_AT_A_TIME = 5000;
const IMPORTS_AT_A_TIME = 20;

/** Removes rows and files whose time is over, and what came of uploads that were never finished. */
export async function cleanImports(databases: Databases): Promise<void> {
  const expired = await databases.readLatest((db) =>
    db
      .selectFrom('product_import')
      .select(['id', 'file'])
      .where('expires_at', '<', sql<Date>`UTC_TIMESTAMP(3)`)
      .where('lease_until', 'is', null)
      .limit(IMPORTS_AT_A_TIME)
      .execute(),
  );
  for (const { id, file } of expired) {
    await databases.change((db) =>
      db.updateTable('product_import').set({ expires_at: null }).where('id', '=', id).execute(),
    );
    await dropRows(databases, id);
    await databases.change((db) => db.deleteFrom('product_import_part').where('file', '=', file).execute());
  }
  await databases.change((db) =>
    sql`
      DELETE FROM product_import_part
      WHERE created_at < UTC_TIMESTAMP(3) - INTERVAL 1 DAY
        AND file NOT IN (SELECT file FROM product_import WHERE expires_at IS NOT NULL)
      LIMIT 100`.execute(db),
  );
}

/**
 * Removes the rows of an import, of attempts that were given up or that another one has followed.
 *
 * @param kept the reading whose rows stay, if any does
 */
export async function dropRows(databases: Databases, id: number, kept?: number): Promise<void> {
  for (;;) {
    const { numAffectedRows = 0n } = await databases.change(
      (db) =>
        sql`
          DELETE FROM product_import_row
          WHERE import_id = ${id} AND NOT reading <=> ${kept ?? null} LIMIT ${sql.lit(ROWS_AT_A_TIME)}`.execute(
          db,
        ),
      10_000,
    );
    if (numAffectedRows < BigInt(ROWS_AT_A_TIME)) return;
  }
}
