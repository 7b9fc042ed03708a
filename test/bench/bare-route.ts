import express from 'express';
import { createPool } from 'mysql2/promise';

/** The floor: one Express route with one query, in its own process. Takes these as a JSON argument. */
export interface BareRouteSettings {
  port: number;
  database: object;
}

/** The same columns, order and hints as the first page of the product list. */
export const FIRST_PAGE = `
  SELECT /*+ JOIN_ORDER(product, category) INDEX(product PRIMARY) */
         product.id, product.code, product.name, product.description, product.barcodes, category.name AS category,
         product.on_hand AS quantity, product.unit, product.price, product.cost, product.tax_rate AS taxRate,
         product.location, product.minimum_stock AS minimumStock, product.order_quantity AS orderQuantity,
         COALESCE((SELECT name FROM supplier WHERE id = product.supplier_id), '') AS supplier,
         product.supplier_code AS supplierCode, product.tags, product.notes,
         IF(product.is_book, (SELECT authors FROM book WHERE product_id = product.id), NULL) AS authors,
         (SELECT photo FROM product_photo WHERE product_id = product.id AND position = 0) AS photo,
         product.available, product.stock_level AS level, product.updated_at AS updatedAt, product.version
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
