import { sql, type Kysely } from 'kysely';
import type { ActorKind, Database, MovementReason } from '../database/tables.ts';

export interface StockMovement {
  id: number;
  delta: number;
  quantityAfter: number;
  reason: MovementReason;
  actorKind: ActorKind;
  /** Null where no user did it. */
  username: string | null;
  createdAt: Date;
}

/** The newest movements of a product, at most `limit`, older ones with `before` (a movement's id). */
export async function listStockMovements(
  db: Kysely<Database>,
  productId: number,
  { limit, before }: { limit: number; before?: number | undefined },
): Promise<StockMovement[]> {
  return db
    .selectFrom('stock_movement')
    .leftJoin('user', (join) =>
      join
        // A movement that the version before wrote names its user in user_id alone.
        .on('user.id', '=', sql<number>`COALESCE(stock_movement.actor_id, stock_movement.user_id)`)
        .on('actor_kind', '=', 'user'),
    )
    .where('product_id', '=', productId)
    .$if(before !== undefined, (query) => query.where('stock_movement.id', '<', before!))
    .select([
      'stock_movement.id',
      'delta',
      'quantity_after as quantityAfter',
      'reason',
      'actor_kind as actorKind',
      'username',
      'stock_movement.created_at as createdAt',
    ])
    .orderBy('stock_movement.id', 'desc')
    .limit(limit)
    .execute();
}
