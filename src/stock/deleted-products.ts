import { sql, type Transaction } from 'kysely';
import type { Catalogue } from '../database/tables.ts';

type Column = keyof Catalogue['product'] & keyof Catalogue['deleted_product'];

const listed = (columns: readonly Column[]) => sql.join(columns.map((column) => sql.ref(column)));

/** The product must be locked. Its movements stay. */
export async function moveToDeleted(
  trx: Transaction<Catalogue>,
  { id, userId }: { id: number; userId: number },
  columns: readonly Column[],
): Promise<void> {
  await sql`
    INSERT INTO deleted_product (id, ${listed(columns)}, version, created_at, deleted_by)
    SELECT id, ${listed(columns)}, version, created_at, ${userId} FROM product WHERE id = ${id}`.execute(trx);
  await trx.deleteFrom('product').where('id', '=', id).execute();
}

export async function moveBackFromDeleted(
  trx: Transaction<Catalogue>,
  id: number,
  columns: readonly Column[],
  changes: { code?: string } = {},
): Promise<void> {
  const values = columns.map((column) =>
    column === 'code' && changes.code !== undefined ? sql`${changes.code}` : sql.ref(column),
  );
  await sql`
    INSERT INTO product (id, ${listed(columns)}, version, created_at)
    SELECT id, ${sql.join(values)}, version + 1, created_at FROM deleted_product WHERE id = ${id}`.execute(
    trx,
  );
  await trx.deleteFrom('deleted_product').where('id', '=', id).execute();
}
