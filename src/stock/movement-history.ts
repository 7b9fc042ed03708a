import { sql, type Kysely } from 'kysely';
import type { ActorKind, Catalogue, MovementReason } from '../database/tables.ts';

export interface StockMovement {
  id: number;
  delta: number;
  quantityAfter: number;
  reason: MovementReason;
  actorKind: ActorKind;
  /** Counts within its kind. */
  actorId: number | null;
  createdAt: Date;
}

/** The newest movements of a product, at most `limit`, older ones with `before` (a movement's id). */
export async function listStockMovements(
  db: Kysely<Catalogue>,
  productId: number,
  { limit, before }: { limit: number; before?: number | undefined },
): Promise<StockMovement[]> {
  return db
    .selectFrom('stock_movement')
    .where('product_id', '=', productId)
    .$if(before !== undefined, (query) => query.where('id', '<', before!))
    .select([
      'id',
      'delta',
      'quantity_after as quantityAfter',
      'reason',
      'actor_kind as actorKind',
      // A movement that the version before wrote names its user in user_id alone.
      sql<number | null>`COALESCE(actor_id, user_id)`.as('actorId'),
      'created_at as createdAt',
    ])
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
}
