import { sql, type Kysely, type Transaction } from 'kysely';
import type { Catalogue } from '../database/tables.ts';
import { enqueue } from '../jobs/outbox.ts';
import { DROP_FILE, DROP_ROWS } from './removal.ts';

const BATCH = 20;

export async function expireImports(trx: Transaction<Catalogue>): Promise<{ numAffectedRows: bigint }> {
  const expired = await trx
    .selectFrom('product_import')
    .select(['id', 'file'])
    .where('expires_at', '<', sql<Date>`UTC_TIMESTAMP(3)`)
    .where('lease_until', 'is', null)
    .limit(BATCH)
    .execute();
  for (const one of expired) await expire(trx, one);
  return { numAffectedRows: BigInt(expired.length) };
}

async function expire(
  trx: Transaction<Catalogue>,
  { id, file }: { id: number; file: Buffer },
): Promise<void> {
  const { numUpdatedRows } = await trx
    .updateTable('product_import')
    .set({ expires_at: null })
    .where('id', '=', id)
    // A user may have applied it since the SELECT.
    .where('expires_at', '<', sql<Date>`UTC_TIMESTAMP(3)`)
    .where('lease_until', 'is', null)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n) return;
  await enqueue(trx, DROP_ROWS, { id });
  await enqueue(trx, DROP_FILE, { file: file.toString('hex') });
}

export function deleteUnfinishedUploads(db: Kysely<Catalogue>) {
  return sql`
    DELETE FROM product_import_part
    WHERE created_at < UTC_TIMESTAMP(3) - INTERVAL 1 DAY
      AND file NOT IN (SELECT file FROM product_import WHERE expires_at IS NOT NULL)
    LIMIT 100`.execute(db);
}
