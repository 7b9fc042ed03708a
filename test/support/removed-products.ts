import type { Connection, RowDataPacket } from 'mysql2/promise';

/** Removes the products whose codes begin so, also from the trash, with what they have as books. */
export async function removeProducts(primary: Connection, codesBegin: string): Promise<void> {
  const [rows] = await primary.query<RowDataPacket[]>(
    'SELECT id FROM product WHERE code LIKE ? UNION SELECT id FROM deleted_product WHERE code LIKE ?',
    [`${codesBegin}%`, `${codesBegin}%`],
  );
  const ids = rows.map(({ id }) => Number(id));
  if (ids.length === 0) return;
  for (const table of ['book', 'product', 'deleted_product']) {
    const column = table === 'book' ? 'product_id' : 'id';
    await primary.query(`DELETE FROM ${table} WHERE ${column} IN (?)`, [ids]);
  }
}
