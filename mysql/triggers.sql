-- Triggers on every product change. The set-up runs this as root after the migrations, because with binary
-- logging MySQL lets no other account create triggers. Idempotent.

CREATE DEFINER = inventario_migrator@'%' TRIGGER IF NOT EXISTS product_inserted
AFTER INSERT ON product FOR EACH ROW
INSERT INTO search_pending (product_id) VALUES (NEW.id);

-- Compares bytes: words that collate as equal may still differ to the search.
CREATE DEFINER = inventario_migrator@'%' TRIGGER IF NOT EXISTS product_updated
AFTER UPDATE ON product FOR EACH ROW
INSERT INTO search_pending (product_id)
SELECT NEW.id
WHERE NEW.name COLLATE utf8mb4_0900_bin <> OLD.name
   OR NEW.code COLLATE utf8mb4_0900_bin <> OLD.code
   OR NEW.description COLLATE utf8mb4_0900_bin <> OLD.description
   OR NEW.category_id <> OLD.category_id
   OR NEW.available <> OLD.available;

-- What came later, in a trigger of its own: none is missing while products are saved.
CREATE DEFINER = inventario_migrator@'%' TRIGGER IF NOT EXISTS product_details_updated
AFTER UPDATE ON product FOR EACH ROW
INSERT INTO search_pending (product_id)
SELECT NEW.id
WHERE NEW.location COLLATE utf8mb4_0900_bin <> OLD.location
   OR NEW.tags COLLATE utf8mb4_0900_bin <> OLD.tags
   OR NEW.stock_level <> OLD.stock_level
   OR NOT NEW.supplier_id <=> OLD.supplier_id;

-- The number of products of each category. A row of its own for each connection: no two wait for each other.
CREATE DEFINER = inventario_migrator@'%' TRIGGER IF NOT EXISTS category_gained
AFTER INSERT ON product FOR EACH ROW
INSERT INTO category_count (category_id, writer, products) VALUES (NEW.category_id, CONNECTION_ID(), 1)
ON DUPLICATE KEY UPDATE products = products + 1;

CREATE DEFINER = inventario_migrator@'%' TRIGGER IF NOT EXISTS category_lost
AFTER DELETE ON product FOR EACH ROW
INSERT INTO category_count (category_id, writer, products) VALUES (OLD.category_id, CONNECTION_ID(), -1)
ON DUPLICATE KEY UPDATE products = products - 1;

CREATE DEFINER = inventario_migrator@'%' TRIGGER IF NOT EXISTS category_changed
AFTER UPDATE ON product FOR EACH ROW
IF OLD.category_id <> NEW.category_id THEN
  INSERT INTO category_count (category_id, writer, products)
  VALUES (OLD.category_id, CONNECTION_ID(), -1), (NEW.category_id, CONNECTION_ID(), 1)
  ON DUPLICATE KEY UPDATE products = products + VALUES(products);
END IF;

-- Adds what is older than the triggers. One snapshot of both tables, so writes at the same time do no harm; later
-- runs find no difference.
INSERT INTO category_count (category_id, writer, products)
SELECT category_id, 0, SUM(missing) FROM (
  SELECT category_id, COUNT(*) AS missing FROM product GROUP BY category_id
  UNION ALL
  SELECT category_id, -SUM(products) FROM category_count GROUP BY category_id
) AS counted
GROUP BY category_id HAVING SUM(missing) <> 0
ON DUPLICATE KEY UPDATE products = products + VALUES(products);

-- Queues the products that are older than the triggers, once.
START TRANSACTION;
INSERT INTO search_pending (product_id)
SELECT product.id FROM search_indexer JOIN product WHERE NOT knows_all;
UPDATE search_indexer SET knows_all = TRUE;
COMMIT;
