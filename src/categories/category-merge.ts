import { setTimeout as sleep } from 'node:timers/promises';
import { sql, type Kysely, type Transaction } from 'kysely';
import { z } from 'zod';
import type { Databases } from '../database/databases.ts';
import type { Catalogue } from '../database/tables.ts';
import { LeaseLostError } from '../jobs/lease.ts';
import { enqueue, type OutboxKind } from '../jobs/outbox.ts';
import type { Category } from '../products/category-queries.ts';
import type { MovementActor } from '../stock/stock-movements.ts';
import { isMerging, lockCategories, recordChange, removeCategory } from './category-changes.ts';
import { CategoryBusyError, CategoryNotFoundError, MergeTargetError } from './category-errors.ts';
import { productsOf } from './category-list.ts';

/** A tenth of a second of locks, and a commit that delays no other for long. */
const BATCH = 500;
const BATCH_LIMIT_MS = 10_000;
/** A moved product waits to be indexed, and each search checks those that wait. */
const MAX_PENDING = 5000;
const PAUSE_MS = 500;

export const MERGE_CATEGORY = {
  name: 'merge-category',
  payload: z.object({ source: z.number() }),
} satisfies OutboxKind<unknown>;

/** Products follow in the background. @throws CategoryNotFoundError, MergeTargetError, CategoryBusyError */
export async function startMerge(
  trx: Transaction<Catalogue>,
  sourceId: number,
  targetId: number,
  actor: MovementActor,
): Promise<Category> {
  const locked = await lockCategories(trx, [sourceId, targetId]);
  const source = locked.find(({ id }) => id === sourceId);
  const target = locked.find(({ id }) => id === targetId);
  if (!source) throw new CategoryNotFoundError();
  if (!target || target === source) throw new MergeTargetError();
  if (await isMerging(trx, [sourceId])) throw new CategoryBusyError(source);
  if (await isMerging(trx, [targetId], 'source_id')) throw new CategoryBusyError(target);
  await trx.insertInto('category_merge').values({ source_id: sourceId, target_id: targetId }).execute();
  const { products } = await trx
    .selectNoFrom(productsOf(sql`${sourceId}`).as('products'))
    .executeTakeFirstOrThrow();
  await recordChange(trx, 'category.merged', source, actor, { to: target.name, products });
  await enqueue(trx, MERGE_CATEGORY, { source: sourceId });
  return target;
}

/** Goes on where an earlier attempt ended. @throws LeaseLostError */
export async function finishMerge(
  { catalogue }: Pick<Databases, 'catalogue'>,
  source: number,
  signal: AbortSignal,
): Promise<void> {
  const step = <T>(work: (trx: Transaction<Catalogue>) => Promise<T>) => {
    if (signal.aborted) throw new LeaseLostError();
    return catalogue.transact(work, { limitMs: BATCH_LIMIT_MS });
  };
  for (;;) {
    const began = Date.now();
    const moved = await step((trx) => moveSome(trx, source));
    if (moved === 0 && (await step((trx) => endMerge(trx, source)))) return;
    // Rests as long as it works: others save at the same time, and replicas have to follow.
    const isFull = await catalogue.readPrimary(hasManyPending);
    await sleep(moved === 0 || isFull ? PAUSE_MS : Date.now() - began);
  }
}

/** Leaves rows that others have locked to a later turn. @returns how many products it moved */
async function moveSome(trx: Transaction<Catalogue>, source: number): Promise<number> {
  const target = await findTarget(trx, source);
  if (target === undefined) return 0;
  const products = await lockSome(trx, 'product', source);
  const deleted = await lockSome(trx, 'deleted_product', source);
  if (products.length > 0) {
    await trx
      .updateTable('product')
      .set({ category_id: target, version: sql`version + 1`, updated_at: sql`CURRENT_TIMESTAMP(3)` })
      .where('id', 'in', products)
      .execute();
  }
  if (deleted.length > 0) {
    await trx
      .updateTable('deleted_product')
      .set({ category_id: target })
      .where('id', 'in', deleted)
      .execute();
  }
  return products.length + deleted.length;
}

async function lockSome(
  trx: Transaction<Catalogue>,
  table: 'product' | 'deleted_product',
  source: number,
): Promise<number[]> {
  const rows = await trx
    .selectFrom(table)
    .select('id')
    .where('category_id', '=', source)
    .limit(BATCH)
    .forUpdate()
    .skipLocked()
    .execute();
  return rows.map(({ id }) => id);
}

/** @returns false while a product is in the source */
async function endMerge(trx: Transaction<Catalogue>, source: number): Promise<boolean> {
  const target = await findTarget(trx, source);
  if (target === undefined) return true;
  const [category] = await lockCategories(trx, [source]);
  if (category && !(await removeCategory(trx, category, target))) return false;
  await trx.deleteFrom('category_merge').where('source_id', '=', source).execute();
  return true;
}

async function findTarget(db: Kysely<Catalogue>, source: number): Promise<number | undefined> {
  const merge = await db
    .selectFrom('category_merge')
    .select('target_id')
    .where('source_id', '=', source)
    .executeTakeFirst();
  return merge?.target_id;
}

async function hasManyPending(db: Kysely<Catalogue>): Promise<boolean> {
  const { count } = await db
    .selectFrom(
      db
        .selectFrom('search_pending')
        .select('id')
        .limit(MAX_PENDING + 1)
        .as('some'),
    )
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return count > MAX_PENDING;
}
