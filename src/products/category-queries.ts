import type { Kysely, Transaction } from 'kysely';
import type { Catalogue } from '../database/tables.ts';

/** There are few: people choose one from a list. */
export async function listCategories(db: Kysely<Catalogue>): Promise<string[]> {
  const rows = await db.selectFrom('category').select('name').orderBy('name').limit(1000).execute();
  return rows.map(({ name }) => name);
}

/** The collation ignores case and accents. */
export async function findOrCreateCategory(trx: Transaction<Catalogue>, name: string): Promise<number> {
  const find = () => trx.selectFrom('category').select('id').where('name', '=', name).executeTakeFirst();
  const existing = await find();
  if (existing) return existing.id;
  await trx.insertInto('category').ignore().values({ name }).execute();
  const created = await find();
  if (!created) throw new Error(`Category "${name}" could not be created`);
  return created.id;
}
