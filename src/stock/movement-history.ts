import { sql, type Kysely } from 'kysely';
import type { ActorKind, Catalogue, MovementReason } from '../database/tables.ts';
import type { MovementPurpose } from './movement-purposes.ts';

export interface StockMovement {
  id: number;
  delta: number;
  quantityAfter: number;
  reason: MovementReason | MovementPurpose;
  documentKind: string | null;
  documentId: number | null;
  documentNumber: string | null;
  note: string | null;
  actorKind: ActorKind;
  actorId: number | null;
  createdAt: Date;
}

export const MOVEMENT_COLUMNS = [
  'stock_movement.id',
  'stock_movement.exact_delta as delta',
  'stock_movement.exact_after as quantityAfter',
  'stock_movement.document_kind as documentKind',
  'stock_movement.document_id as documentId',
  'stock_movement.document_number as documentNumber',
  'stock_movement.note',
  'stock_movement.actor_kind as actorKind',
  'stock_movement.created_at as createdAt',
] as const;

/** Two columns of different collations, which COALESCE refuses. */
export const shownReason = sql<StockMovement['reason']>`
  IF(stock_movement.purpose IS NULL, CAST(stock_movement.reason AS CHAR), CAST(stock_movement.purpose AS CHAR))`;

/** The previous version writes only user_id. */
export const movementActorId = sql<number | null>`COALESCE(stock_movement.actor_id, stock_movement.user_id)`;

export async function listStockMovements(
  db: Kysely<Catalogue>,
  productId: number,
  { limit, before }: { limit: number; before?: number | undefined },
): Promise<StockMovement[]> {
  return db
    .selectFrom('stock_movement')
    .where('product_id', '=', productId)
    .$if(before !== undefined, (query) => query.where('id', '<', before!))
    .select([...MOVEMENT_COLUMNS, shownReason.as('reason'), movementActorId.as('actorId')])
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
}
