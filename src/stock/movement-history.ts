import { sql, type Kysely } from 'kysely';
import type { ActorKind, Catalogue, MovementReason } from '../database/tables.ts';

export interface StockMovement {
  id: number;
  delta: number;
  quantityAfter: number;
  reason: MovementReason;
  actorKind: ActorKind;
  actorId: number | null;
  createdAt: Date;
}

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
      // The previous version writes only user_id.
      sql<number | null>`COALESCE(actor_id, user_id)`.as('actorId'),
      'created_at as createdAt',
    ])
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
}
