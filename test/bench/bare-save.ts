import { createConnection, type RowDataPacket } from 'mysql2/promise';
import type { StackData } from '../support/stack-data.ts';

/** Adds `delta` to a product and writes its ledger row. @returns milliseconds */
export type BareSave = (productId: number, delta: number) => Promise<number>;

/** The floor of a save: plain mysql2 on one connection, with the application's rights. */
export async function withBareSave<T>(data: StackData, work: (save: BareSave) => Promise<T>): Promise<T> {
  const connection = await createConnection(await data.address('primary', 'inventario_app', 'APP_PASSWORD'));
  try {
    const [[admin]] = await connection.query<RowDataPacket[]>("SELECT id FROM user WHERE username = 'admin'");
    return await work(async (productId, delta) => {
      const began = performance.now();
      await connection.beginTransaction();
      const [[product]] = await connection.query<RowDataPacket[]>(
        'SELECT quantity, version FROM product WHERE id = ? FOR UPDATE',
        [productId],
      );
      const quantity = (product!.quantity as number) + delta;
      await connection.query(
        'UPDATE product SET quantity = ?, version = version + 1, updated_at = CURRENT_TIMESTAMP(3) WHERE id = ?',
        [quantity, productId],
      );
      await connection.query(
        'INSERT INTO stock_movement (product_id, delta, quantity_after, reason, user_id) VALUES (?)',
        [[productId, delta, quantity, 'adjustment', admin!.id]],
      );
      await connection.commit();
      return performance.now() - began;
    });
  } finally {
    await connection.end();
  }
}
