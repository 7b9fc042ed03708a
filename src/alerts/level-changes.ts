import { sql, type Transaction } from 'kysely';
import type { Catalogue } from '../database/tables.ts';
import { NOW } from '../jobs/lease.ts';
import { enqueue } from '../jobs/outbox.ts';
import { STOCK_LEVELS } from '../stock/stock-level.ts';
import { PRODUCTS_PER_MESSAGE, STOCK_LEVEL_DROPPED, type DroppedProduct } from './webhook.ts';

export const AT_ONCE = 1000;
const KEPT_DAYS = 7;
const DELETED_AT_ONCE = 1000;

export const hasNewChanges = sql<boolean>`EXISTS (SELECT 1 FROM level_change WHERE batch = 0)`;

/** Numbers new changes and passes them on to the webhook. @returns how many; below `AT_ONCE`, none are left */
export async function collectChanges(
  trx: Transaction<Catalogue>,
  { hasWebhook }: { hasWebhook: boolean },
): Promise<number> {
  // Instances take turns at this row.
  const { batch } = await trx
    .selectFrom('alert_state')
    .select('batch')
    .where('id', '=', 1)
    .forUpdate()
    .executeTakeFirstOrThrow();
  const changes = await findNewChanges(trx);
  if (changes.length === 0) return 0;
  if (hasWebhook) await announce(trx, changes);
  await trx
    .updateTable('level_change')
    .set({ batch: batch + 1 })
    .where(
      'id',
      'in',
      changes.map(({ id }) => id),
    )
    .execute();
  await trx
    .updateTable('alert_state')
    .set({ batch: batch + 1, look_at: NOW })
    .where('id', '=', 1)
    .execute();
  return changes.length;
}

type Change = Awaited<ReturnType<typeof findNewChanges>>[number];

async function findNewChanges(trx: Transaction<Catalogue>) {
  return trx
    .selectFrom('level_change')
    .leftJoin('product', 'product.id', 'level_change.product_id')
    .select([
      'level_change.id',
      'level_change.product_id as productId',
      'level_change.from_level as from',
      'level_change.to_level as to',
      'level_change.changed_at as at',
      'product.code',
      'product.name',
      'product.unit',
      'product.on_hand as quantity',
      'product.minimum_stock as minimumStock',
    ])
    .where('level_change.batch', '=', 0)
    .orderBy('level_change.product_id')
    .limit(AT_ONCE)
    .execute();
}

async function announce(trx: Transaction<Catalogue>, changes: Change[]): Promise<void> {
  for (let i = 0; i < changes.length; i += PRODUCTS_PER_MESSAGE) {
    const products = changes.slice(i, i + PRODUCTS_PER_MESSAGE).map(toDropped);
    await enqueue(trx, STOCK_LEVEL_DROPPED, { at: new Date().toISOString(), products });
  }
}

function toDropped({
  productId,
  from,
  to,
  at,
  code,
  name,
  unit,
  quantity,
  minimumStock,
}: Change): DroppedProduct {
  return {
    id: productId,
    code,
    name,
    from: from === null ? null : STOCK_LEVELS[from]!,
    to: STOCK_LEVELS[to]!,
    at: at.toISOString(),
    quantity,
    minimumStock,
    unit,
  };
}

/** By then everyone has been told, and a digest that could not be sent for so long is no news. */
export function deleteOldChanges(trx: Transaction<Catalogue>) {
  return sql`
    DELETE FROM level_change
    WHERE batch > 0 AND changed_at < CURRENT_TIMESTAMP(3) - INTERVAL ${sql.lit(KEPT_DAYS)} DAY
    ORDER BY changed_at LIMIT ${sql.lit(DELETED_AT_ONCE)}`.execute(trx);
}
