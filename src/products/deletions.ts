import { sql, type Kysely } from 'kysely';
import type { Catalogue } from '../database/tables.ts';
import type { DomainError } from '../errors/domain-error.ts';
import { ProductDeletedError, ProductNotFoundError, type Deletion } from './product-errors.ts';

export const UNDO_MINUTES = 60;

export const isWithinUndo = sql<boolean>`
  deleted_at > CURRENT_TIMESTAMP(3) - INTERVAL ${sql.lit(UNDO_MINUTES)} MINUTE`;

export async function findDeletion(db: Kysely<Catalogue>, id: number): Promise<Deletion | undefined> {
  const row = await db
    .selectFrom('deleted_product')
    .select(['id', 'name', 'deleted_by as deletedBy', 'deleted_at as deletedAt'])
    .select(sql<0 | 1>`${isWithinUndo}`.as('isRestorable'))
    .where('id', '=', id)
    .executeTakeFirst();
  return row && { ...row, isRestorable: row.isRestorable === 1 };
}

export async function findRestorable(db: Kysely<Catalogue>, ids: number[]): Promise<Set<number>> {
  if (ids.length === 0) return new Set();
  const rows = await db
    .selectFrom('deleted_product')
    .select('id')
    .where('id', 'in', ids)
    .where(isWithinUndo)
    .execute();
  return new Set(rows.map(({ id }) => id));
}

export async function missing(db: Kysely<Catalogue>, id: number): Promise<DomainError> {
  const deletion = await findDeletion(db, id);
  return deletion ? new ProductDeletedError(deletion) : new ProductNotFoundError();
}
