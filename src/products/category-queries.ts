import type { Kysely, Transaction } from 'kysely';
import type { Catalogue } from '../database/tables.ts';
import { CategoryGoneError } from './product-errors.ts';

export interface Category {
  id: number;
  name: string;
}

/** There are few: people choose one from a list. `toSave` leaves out those that are being merged into another. */
export async function listCategories(db: Kysely<Catalogue>, { toSave = false } = {}): Promise<string[]> {
  const rows = await db
    .selectFrom('category')
    .$if(toSave, (query) =>
      query.where((eb) =>
        eb.not(
          eb.exists(
            eb.selectFrom('category_merge').select('source_id').whereRef('source_id', '=', 'category.id'),
          ),
        ),
      ),
    )
    .select('name')
    .orderBy('name')
    .limit(1000)
    .execute();
  return rows.map(({ name }) => name);
}

/**
 * The collation ignores case and accents. A category being merged gives its target. @throws CategoryGoneError
 * @param isTyped a new name; otherwise one from a list that may be older than a rename, a merge or a deletion
 */
export async function findOrCreateCategory(
  trx: Transaction<Catalogue>,
  name: string,
  { isTyped = false } = {},
): Promise<Category> {
  const existing = (await findCategory(trx, name)) ?? (isTyped ? undefined : await findRenamed(trx, name));
  if (existing) return existing;
  await trx.insertInto('category').ignore().values({ name }).execute();
  await trx.deleteFrom('former_category').where('name', '=', name).execute();
  const created = await findCategory(trx, name);
  if (!created) throw new Error(`Category "${name}" could not be created`);
  return created;
}

async function findCategory(trx: Transaction<Catalogue>, name: string): Promise<Category | undefined> {
  return (
    trx
      .selectFrom('category')
      .leftJoin('category_merge', 'source_id', 'category.id')
      .leftJoin('category as target', 'target.id', 'target_id')
      .select(({ fn }) => [
        fn.coalesce('target.id', 'category.id').as('id'),
        fn.coalesce('target.name', 'category.name').as('name'),
      ])
      .where('category.name', '=', name)
      // The product's foreign key takes the same lock later, when the category may be gone.
      .forShare('category')
      .executeTakeFirst()
  );
}

async function findRenamed(trx: Transaction<Catalogue>, name: string): Promise<Category | undefined> {
  const former = await trx
    .selectFrom('former_category')
    .leftJoin('category', 'category.id', 'category_id')
    .select(['category.id', 'category.name'])
    .where('former_category.name', '=', name)
    .executeTakeFirst();
  if (!former) return undefined;
  if (former.id === null || former.name === null) throw new CategoryGoneError(name);
  return { id: former.id, name: former.name };
}
