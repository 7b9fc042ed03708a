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

-- The previous version does not know the decimals of a quantity (docs/decisions/decimal-quantities.md): it must not take
-- the last whole unit of a fraction.
CREATE DEFINER = inventario_migrator@'%' TRIGGER IF NOT EXISTS quantity_not_below_zero
BEFORE UPDATE ON product FOR EACH ROW
IF NEW.quantity = 0 AND NEW.rounded_up > 0 THEN
  SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'A quantity must not be below zero';
END IF;

-- Nor does it know these columns, which what it deletes and restores must keep.
CREATE DEFINER = inventario_migrator@'%' TRIGGER IF NOT EXISTS deleted_whole
BEFORE INSERT ON deleted_product FOR EACH ROW
IF EXISTS (SELECT 1 FROM product WHERE id = NEW.id) THEN
  SET NEW.rounded_up = (SELECT rounded_up FROM product WHERE id = NEW.id),
    NEW.price = (SELECT price FROM product WHERE id = NEW.id),
    NEW.cost = (SELECT cost FROM product WHERE id = NEW.id),
    NEW.tax_rate = (SELECT tax_rate FROM product WHERE id = NEW.id),
    NEW.location = (SELECT location FROM product WHERE id = NEW.id),
    NEW.minimum_stock = (SELECT minimum_stock FROM product WHERE id = NEW.id),
    NEW.order_quantity = (SELECT order_quantity FROM product WHERE id = NEW.id),
    NEW.supplier_id = (SELECT supplier_id FROM product WHERE id = NEW.id),
    NEW.supplier_code = (SELECT supplier_code FROM product WHERE id = NEW.id),
    NEW.tags = (SELECT tags FROM product WHERE id = NEW.id),
    NEW.notes = (SELECT notes FROM product WHERE id = NEW.id),
    NEW.barcodes = (SELECT barcodes FROM product WHERE id = NEW.id);
END IF;

CREATE DEFINER = inventario_migrator@'%' TRIGGER IF NOT EXISTS restored_whole
BEFORE INSERT ON product FOR EACH ROW
IF NEW.id > 0 AND EXISTS (SELECT 1 FROM deleted_product WHERE id = NEW.id) THEN
  SET NEW.rounded_up = (SELECT rounded_up FROM deleted_product WHERE id = NEW.id),
    NEW.price = (SELECT price FROM deleted_product WHERE id = NEW.id),
    NEW.cost = (SELECT cost FROM deleted_product WHERE id = NEW.id),
    NEW.tax_rate = (SELECT tax_rate FROM deleted_product WHERE id = NEW.id),
    NEW.location = (SELECT location FROM deleted_product WHERE id = NEW.id),
    NEW.minimum_stock = (SELECT minimum_stock FROM deleted_product WHERE id = NEW.id),
    NEW.order_quantity = (SELECT order_quantity FROM deleted_product WHERE id = NEW.id),
    NEW.supplier_id = (SELECT supplier_id FROM deleted_product WHERE id = NEW.id),
    NEW.supplier_code = (SELECT supplier_code FROM deleted_product WHERE id = NEW.id),
    NEW.tags = (SELECT tags FROM deleted_product WHERE id = NEW.id),
    NEW.notes = (SELECT notes FROM deleted_product WHERE id = NEW.id),
    NEW.barcodes = (SELECT barcodes FROM deleted_product WHERE id = NEW.id);
END IF;

-- The photos of a product that leaves the trash for good; one that is restored is a product again by then.
CREATE DEFINER = inventario_migrator@'%' TRIGGER IF NOT EXISTS photos_dropped
AFTER DELETE ON deleted_product FOR EACH ROW
IF NOT EXISTS (SELECT 1 FROM product WHERE id = OLD.id) THEN
  UPDATE photo JOIN product_photo ON product_photo.photo = photo.sha256
  SET photo.unused_since = UTC_TIMESTAMP(3)
  WHERE product_photo.product_id = OLD.id;
  DELETE FROM product_photo WHERE product_id = OLD.id;
END IF;

-- The columns of product that come from its row in book, and its place in the search index.
CREATE DEFINER = inventario_migrator@'%' TRIGGER IF NOT EXISTS book_added
AFTER INSERT ON book FOR EACH ROW
BEGIN
  UPDATE product
  SET is_book = TRUE, credits = CONCAT_WS('\n', NULLIF(NEW.authors, ''), NULLIF(NEW.publisher, ''))
  WHERE id = NEW.product_id;
  INSERT INTO search_pending (product_id) VALUES (NEW.product_id);
END;

CREATE DEFINER = inventario_migrator@'%' TRIGGER IF NOT EXISTS book_changed
AFTER UPDATE ON book FOR EACH ROW
IF NEW.authors COLLATE utf8mb4_0900_bin <> OLD.authors OR NEW.publisher COLLATE utf8mb4_0900_bin <> OLD.publisher
  OR NEW.year <> OLD.year OR NEW.language <> OLD.language OR NEW.binding <> OLD.binding THEN
  UPDATE product
  SET credits = CONCAT_WS('\n', NULLIF(NEW.authors, ''), NULLIF(NEW.publisher, ''))
  WHERE id = NEW.product_id;
  INSERT INTO search_pending (product_id) VALUES (NEW.product_id);
END IF;

CREATE DEFINER = inventario_migrator@'%' TRIGGER IF NOT EXISTS book_removed
AFTER DELETE ON book FOR EACH ROW
UPDATE product SET is_book = FALSE, credits = '' WHERE id = OLD.product_id;

-- A product in the trash keeps its row in book, also if an instance of the previous version deletes or restores it.
CREATE DEFINER = inventario_migrator@'%' TRIGGER IF NOT EXISTS restored_as_book
BEFORE INSERT ON product FOR EACH ROW
IF NEW.id > 0 AND EXISTS (SELECT 1 FROM book WHERE product_id = NEW.id) THEN
  SET NEW.is_book = TRUE,
    NEW.credits = (
      SELECT CONCAT_WS('\n', NULLIF(authors, ''), NULLIF(publisher, '')) FROM book WHERE product_id = NEW.id
    );
END IF;

CREATE DEFINER = inventario_migrator@'%' TRIGGER IF NOT EXISTS book_dropped
AFTER DELETE ON deleted_product FOR EACH ROW
IF NOT EXISTS (SELECT 1 FROM product WHERE id = OLD.id) THEN
  DELETE FROM book WHERE product_id = OLD.id;
END IF;

-- The barcodes of a product, in the form by which they are compared (src/products/barcodes.ts). One that another
-- product has fails the statement.
CREATE DEFINER = inventario_migrator@'%' TRIGGER IF NOT EXISTS barcodes_added
AFTER INSERT ON product FOR EACH ROW
IF NEW.barcodes <> '' THEN
  INSERT INTO product_barcode (barcode, product_id)
  SELECT IF(value REGEXP '^([0-9]{8}|[0-9]{12,14})$', LPAD(value, 14, '0'), UPPER(REPLACE(value, '*', ''))), NEW.id
  FROM JSON_TABLE(CONCAT('["', REPLACE(NEW.barcodes, ', ', '","'), '"]'), '$[*]' COLUMNS (value VARCHAR(50) PATH '$'))
    AS typed;
END IF;

CREATE DEFINER = inventario_migrator@'%' TRIGGER IF NOT EXISTS barcodes_removed
AFTER DELETE ON product FOR EACH ROW
IF OLD.barcodes <> '' THEN
  DELETE FROM product_barcode WHERE product_id = OLD.id;
END IF;

CREATE DEFINER = inventario_migrator@'%' TRIGGER IF NOT EXISTS barcodes_changed
AFTER UPDATE ON product FOR EACH ROW
IF OLD.barcodes COLLATE utf8mb4_0900_bin <> NEW.barcodes THEN
  DELETE FROM product_barcode WHERE product_id = OLD.id;
  IF NEW.barcodes <> '' THEN
    INSERT INTO product_barcode (barcode, product_id)
    SELECT IF(value REGEXP '^([0-9]{8}|[0-9]{12,14})$', LPAD(value, 14, '0'), UPPER(REPLACE(value, '*', ''))), NEW.id
    FROM JSON_TABLE(CONCAT('["', REPLACE(NEW.barcodes, ', ', '","'), '"]'), '$[*]' COLUMNS (value VARCHAR(50) PATH '$'))
      AS typed;
  END IF;
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
