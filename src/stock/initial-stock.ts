import type { Insertable, Transaction } from 'kysely';
import type { Connection, ResultSetHeader } from 'mysql2/promise';
import type { Catalogue } from '../database/tables.ts';
import { PRICED, recordPriceChanges } from './price-history.ts';
import { movementColumns, quantityColumns } from './quantities.ts';
import { writeLedgerRow, type MovementActor } from './stock-movements.ts';

export type NewProduct = Omit<
  Insertable<Catalogue['product']>,
  'id' | 'rounded_up' | 'version' | 'reserved' | 'exact_reserved' | 'created_at' | 'updated_at'
>;

export async function insertProduct(
  trx: Transaction<Catalogue>,
  product: NewProduct,
  actor: MovementActor,
): Promise<number> {
  const { quantity } = product;
  const { insertId } = await trx
    .insertInto('product')
    .values({ ...product, ...quantityColumns(quantity) })
    .executeTakeFirstOrThrow();
  const productId = Number(insertId);
  if (quantity > 0) {
    await writeLedgerRow(trx, { productId, reason: 'initial', actor }, movementColumns(0, quantity));
  }
  await recordPriceChanges(trx, productId, { before: {}, after: product, actor });
  return productId;
}

/** Of whole quantities. The connection must be in a transaction. */
export async function insertFirstProducts(
  connection: Connection,
  products: NewProduct[],
  username: string,
): Promise<number> {
  const [{ affectedRows }] = await connection.query<ResultSetHeader>(
    `INSERT INTO product
       (code, name, description, category_id, quantity, unit, price, cost, tax_rate, barcodes, on_sale, weight)
     VALUES ?`,
    [
      products.map((product) => [
        product.code,
        product.name,
        product.description,
        product.category_id,
        product.quantity,
        product.unit,
        product.price ?? null,
        product.cost ?? null,
        product.tax_rate ?? null,
        product.barcodes ?? '',
        product.on_sale ?? 0,
        product.weight ?? null,
      ]),
    ],
  );
  await connection.query(
    `INSERT INTO stock_movement (product_id, delta, quantity_after, reason, actor_kind, actor_id, user_id)
     SELECT product.id, quantity, quantity, 'initial', 'user', user.id, user.id
     FROM product JOIN user ON user.username = ?
     WHERE quantity > 0`,
    [username],
  );
  for (const what of PRICED) {
    await connection.query(
      `INSERT INTO price_history (product_id, what, new_amount, actor_kind, actor_id)
       SELECT product.id, '${what}', product.${what}, 'user', user.id
       FROM product JOIN user ON user.username = ?
       WHERE product.${what} IS NOT NULL`,
      [username],
    );
  }
  return affectedRows;
}
