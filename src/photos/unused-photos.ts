import { sql, type Transaction } from 'kysely';
import type { Catalogue } from '../database/tables.ts';
import type { PhotoStore } from './photo-store.ts';

/** Pages that are still open, and replicas that lag, may ask for a photo that was removed. */
const KEPT_HOURS = 24;
const AT_ONCE = 50;

export async function deleteUnusedPhotos(
  trx: Transaction<Catalogue>,
  store: PhotoStore,
): Promise<{ numAffectedRows: bigint }> {
  const old = await trx
    .selectFrom('photo')
    .select('sha256 as id')
    .where('unused_since', '<', sql<Date>`UTC_TIMESTAMP(3) - INTERVAL ${sql.lit(KEPT_HOURS)} HOUR`)
    .limit(AT_ONCE)
    .forUpdate()
    .execute();
  if (old.length === 0) return { numAffectedRows: 0n };
  const ids = old.map(({ id }) => id);
  const rows = await trx
    .selectFrom('product_photo')
    .select('photo')
    .distinct()
    .where('photo', 'in', ids)
    .execute();
  const shown = rows.map(({ photo }) => photo);
  const unused = ids.filter((id) => !shown.some((other) => other.equals(id)));
  if (shown.length > 0) {
    await trx.updateTable('photo').set({ unused_since: null }).where('sha256', 'in', shown).execute();
  }
  if (unused.length > 0) {
    await store.remove(trx, unused);
    await trx.deleteFrom('photo').where('sha256', 'in', unused).execute();
  }
  return { numAffectedRows: BigInt(old.length) };
}
