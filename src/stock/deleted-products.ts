import { sql, type Transaction } from 'kysely';
import type { Catalogue } from '../database/tables.ts';

/** Moves a product that is locked, with its quantity, to the deleted ones; its movements stay. */
export async function moveToDeleted(trx: Transaction<Catalogue>, id: number, userId: number): Promise<void> {
  await sql`
    INSERT INTO deleted_product
      (id, code, name, description, category_id, quantity, unit, version, created_at, deleted_by)
    SELECT id, code, name, description, category_id, quantity, unit, version, created_at, ${userId}
    FROM product WHERE id = ${id}`.execute(trx);
  await trx.deleteFrom('product').where('id', '=', id).execute();
}

/** Moves a deleted product that is locked back, under its number and with its quantity. */
export async function moveBackFromDeleted(trx: Transaction<Catalogue>, id: number): Promise<void> {
  await sql`
    INSERT INTO product
      (id, code, name, description, category_id, quantity, unit, version, created_at)
    SELECT id, code, name, description, category_id, quantity, unit, version + 1, created_at
    FROM deleted_product WHERE id = ${id}`.execute(trx);
  await trx.deleteFrom('deleted_product').where('id', '=', id).execute();
}
