import express from 'express';
import { createPool } from 'mysql2/promise';

/** The floor: one Express route with one query, in its own process. Takes these as a JSON argument. */
export interface BareRouteSettings {
  port: number;
  database: object;
}

/** Order and hints of the list's first page, with the ten columns that it had when its target was set. */
export const FIRST_PAGE = `
  SELECT /*+ JOIN_ORDER(product, category) INDEX(product PRIMARY) */
         product.id, product.code, product.name, product.description, category.name AS category,
         product.quantity, product.unit, product.available, product.updated_at AS updatedAt, product.version
  FROM product INNER JOIN category ON category.id = product.category_id
  ORDER BY product.id DESC LIMIT 51`;

if (import.meta.main) {
  const { port, database } = JSON.parse(process.argv[2]!) as BareRouteSettings;
  const pool = createPool({ ...database, connectionLimit: 20 });
  const app = express();
  app.get('/', async (_req, res) => {
    const [items] = await pool.query(FIRST_PAGE);
    res.json({ items });
  });
  app.listen(port, '127.0.0.1', () => process.stdout.write('listening'));
}
