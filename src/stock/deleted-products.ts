import { sql, type Kysely, type Transaction } from 'kysely';
import type { Catalogue } from '../database/tables.ts';

const EXPIRED_AT_ONCE = 500;

export type StoredColumn = keyof Catalogue['product'] & keyof Catalogue['deleted_product'];

export function listed(columns: readonly StoredColumn[], table?: string) {
  return sql.join(columns.map((column) => sql.ref(table ? `${table}.${column}` : column)));
}

/** The product must be locked. Its movements stay. */
export async function moveToDeleted(
  trx: Transaction<Catalogue>,
  { id, userId }: { id: number; userId: number },
  columns: readonly StoredColumn[],
): Promise<void> {
  await moveAllToDeleted(trx, { ids: [id], userId }, columns);
}

/** The products must be locked, and a few hundred at most. */
export async function moveAllToDeleted(
  trx: Transaction<Catalogue>,
  { ids, userId }: { ids: number[]; userId: number },
  columns: readonly StoredColumn[],
): Promise<void> {
  await sql`
    INSERT INTO deleted_product (id, ${listed(columns)}, version, created_at, idle_since, deleted_by)
    SELECT id, ${listed(columns)}, version, created_at, idle_since, ${userId} FROM product WHERE id IN (${sql.join(ids)})`.execute(
    trx,
  );
  await trx.deleteFrom('product').where('id', 'in', ids).execute();
}

export async function moveBackFromDeleted(
  trx: Transaction<Catalogue>,
  id: number,
  columns: readonly StoredColumn[],
  changes: Partial<Record<StoredColumn, string>> = {},
): Promise<void> {
  const values = columns.map((column) =>
    changes[column] === undefined ? sql.ref(column) : sql`${changes[column]}`,
  );
  await sql`
    INSERT INTO product (id, ${listed(columns)}, version, created_at, idle_since)
    SELECT id, ${sql.join(values)}, version + 1, created_at, COALESCE(idle_since, created_at) FROM deleted_product WHERE id = ${id}`.execute(
    trx,
  );
  await trx.deleteFrom('deleted_product').where('id', '=', id).execute();
}

/** Deletes some of those that were deleted more than `days` ago, for good. Their movements stay. */
export function deleteExpired(db: Kysely<Catalogue>, days: number) {
  return sql`
    DELETE FROM deleted_product
    WHERE deleted_at < CURRENT_TIMESTAMP(3) - INTERVAL ${sql.lit(days)} DAY
    ORDER BY deleted_at LIMIT ${sql.lit(EXPIRED_AT_ONCE)}`.execute(db);
}
