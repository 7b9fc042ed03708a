import { sql, type Kysely, type Transaction } from 'kysely';
import { recordProductEvent, type NewProductEvent } from '../audit/audit-trail.ts';
import { isDuplicateKey, isReferenced } from '../database/mysql-errors.ts';
import type { Catalogue } from '../database/tables.ts';
import type { Category } from '../products/category-queries.ts';
import type { MovementActor } from '../stock/stock-movements.ts';
import {
  CategoryBusyError,
  CategoryNameTakenError,
  CategoryNotEmptyError,
  CategoryNotFoundError,
  CategoryRenamedError,
} from './category-errors.ts';

/** @throws CategoryNameTakenError */
export async function addCategory(
  trx: Transaction<Catalogue>,
  name: string,
  actor: MovementActor,
): Promise<Category> {
  const { insertId } = await throwIfNameTaken(trx, name, () =>
    trx.insertInto('category').values({ name }).executeTakeFirstOrThrow(),
  );
  await forgetFormerName(trx, name);
  const category = { id: Number(insertId), name };
  await recordChange(trx, 'category.added', category, actor);
  return category;
}

export interface Renaming {
  name: string;
  /** The name that the form was opened with. */
  was: string;
}

/** @throws CategoryNotFoundError, CategoryBusyError, CategoryRenamedError, CategoryNameTakenError */
export async function renameCategory(
  trx: Transaction<Catalogue>,
  id: number,
  { name, was }: Renaming,
  actor: MovementActor,
): Promise<void> {
  const current = await lockCategory(trx, id);
  if (current.name === name) return;
  if (await isMerging(trx, [id], 'source_id')) throw new CategoryBusyError(current);
  if (current.name !== was) throw new CategoryRenamedError(current);
  await throwIfNameTaken(trx, name, () =>
    trx.updateTable('category').set({ name }).where('id', '=', id).execute(),
  );
  await keepFormerName(trx, current.name, id);
  await forgetFormerName(trx, name);
  await sql`
    INSERT INTO category_rename (category_id) VALUES (${id})
    ON DUPLICATE KEY UPDATE revision = revision + 1, reindex_from = 0`.execute(trx);
  await recordChange(trx, 'category.renamed', current, actor, { to: name });
}

/** @throws CategoryNotFoundError, CategoryBusyError, CategoryNotEmptyError */
export async function deleteCategory(
  trx: Transaction<Catalogue>,
  id: number,
  actor: MovementActor,
): Promise<Category> {
  const category = await lockCategory(trx, id);
  if (await isMerging(trx, [id])) throw new CategoryBusyError(category);
  if (!(await removeCategory(trx, category, null))) throw new CategoryNotEmptyError(category);
  await recordChange(trx, 'category.deleted', category, actor);
  return category;
}

/** @returns false if products, also deleted ones, refer to it */
export async function removeCategory(
  trx: Transaction<Catalogue>,
  { id, name }: Category,
  mergedInto: number | null,
): Promise<boolean> {
  try {
    await trx.deleteFrom('category').where('id', '=', id).execute();
  } catch (error) {
    if (isReferenced(error)) return false;
    throw error;
  }
  await trx.deleteFrom('category_count').where('category_id', '=', id).execute();
  await trx.deleteFrom('category_rename').where('category_id', '=', id).execute();
  await trx
    .updateTable('former_category')
    .set({ category_id: mergedInto })
    .where('category_id', '=', id)
    .execute();
  await keepFormerName(trx, name, mergedInto);
  return true;
}

/** In the order of their numbers, so that two merges do not deadlock. */
export async function lockCategories(trx: Transaction<Catalogue>, ids: number[]): Promise<Category[]> {
  return trx
    .selectFrom('category')
    .select(['id', 'name'])
    .where('id', 'in', ids)
    .orderBy('id')
    .forUpdate()
    .execute();
}

async function lockCategory(trx: Transaction<Catalogue>, id: number): Promise<Category> {
  const [category] = await lockCategories(trx, [id]);
  if (!category) throw new CategoryNotFoundError();
  return category;
}

/** Whether one of them is being merged, or, unless only `source_id` is asked for, is merged into. */
export async function isMerging(
  trx: Transaction<Catalogue>,
  ids: number[],
  side?: 'source_id',
): Promise<boolean> {
  const merge = await trx
    .selectFrom('category_merge')
    .select('source_id')
    .where((eb) =>
      side ? eb(side, 'in', ids) : eb.or([eb('source_id', 'in', ids), eb('target_id', 'in', ids)]),
    )
    .limit(1)
    .executeTakeFirst();
  return merge !== undefined;
}

export async function recordChange(
  trx: Transaction<Catalogue>,
  action: Extract<NewProductEvent['action'], `category.${string}`>,
  { id, name }: Category,
  actor: MovementActor,
  details: object = {},
): Promise<void> {
  // The number is not the event's target: those of this trail are products.
  await recordProductEvent(trx, { action, actor, target: { name }, details: { category: id, ...details } });
}

async function throwIfNameTaken<T>(
  trx: Transaction<Catalogue>,
  name: string,
  save: () => Promise<T>,
): Promise<T> {
  try {
    return await save();
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
    const taken = await trx
      .selectFrom('category')
      .select(['id', 'name'])
      .where('name', '=', name)
      .executeTakeFirst();
    throw taken ? new CategoryNameTakenError(taken) : error;
  }
}

async function keepFormerName(
  trx: Transaction<Catalogue>,
  name: string,
  categoryId: number | null,
): Promise<void> {
  await sql`
    INSERT INTO former_category (name, category_id) VALUES (${name}, ${categoryId})
    ON DUPLICATE KEY UPDATE category_id = VALUES(category_id), changed_at = CURRENT_TIMESTAMP(3)`.execute(
    trx,
  );
}

async function forgetFormerName(trx: Transaction<Catalogue>, name: string): Promise<void> {
  await trx.deleteFrom('former_category').where('name', '=', name).execute();
}

const FORMER_NAMES_DAYS = 7;

export function deleteFormerNames(db: Kysely<Catalogue>) {
  return sql`
    DELETE FROM former_category
    WHERE changed_at < UTC_TIMESTAMP(3) - INTERVAL ${sql.lit(FORMER_NAMES_DAYS)} DAY LIMIT 1000`.execute(db);
}
