import type { Kysely, Transaction } from 'kysely';
import type { Catalogue } from '../database/tables.ts';

const MAX_SUGGESTED = 500;

export async function listSupplierNames(db: Kysely<Catalogue>): Promise<string[]> {
  const rows = await db.selectFrom('supplier').select('name').orderBy('name').limit(MAX_SUGGESTED).execute();
  return rows.map(({ name }) => name);
}

/** Read from the index by skipping from one to the next. */
export async function listLocations(db: Kysely<Catalogue>): Promise<string[]> {
  const rows = await db
    .selectFrom('product')
    .select('location')
    .distinct()
    .where('location', '>', '')
    .orderBy('location')
    .limit(MAX_SUGGESTED)
    .execute();
  return rows.map(({ location }) => location);
}

/** The collation ignores case and accents. @returns null for no supplier */
export async function findOrCreateSupplier(
  trx: Transaction<Catalogue>,
  name: string,
): Promise<number | null> {
  if (name === '') return null;
  const existing = await findSupplier(trx, name);
  if (existing !== undefined) return existing;
  await trx.insertInto('supplier').ignore().values({ name }).execute();
  const created = await findSupplier(trx, name);
  if (created === undefined) throw new Error(`Supplier "${name}" could not be created`);
  return created;
}

/** The product's foreign key takes the same lock later, when the supplier may be gone. */
async function findSupplier(trx: Transaction<Catalogue>, name: string): Promise<number | undefined> {
  const found = await trx
    .selectFrom('supplier')
    .select('id')
    .where('name', '=', name)
    .forShare()
    .executeTakeFirst();
  return found?.id;
}
