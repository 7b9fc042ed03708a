-- What must happen with every change of a product, whoever makes it. Run by the set-up as root, after the
-- migrations: while there is a binary log, MySQL lets no other account create triggers. Can be run again.

CREATE DEFINER = inventario_migrator@'%' TRIGGER IF NOT EXISTS product_inserted
AFTER INSERT ON product FOR EACH ROW
INSERT INTO search_pending (product_id) VALUES (NEW.id);

-- Letter by letter: what counts as the same word may yet be found by something else.
CREATE DEFINER = inventario_migrator@'%' TRIGGER IF NOT EXISTS product_updated
AFTER UPDATE ON product FOR EACH ROW
INSERT INTO search_pending (product_id)
SELECT NEW.id
WHERE NEW.name COLLATE utf8mb4_0900_bin <> OLD.name
   OR NEW.code COLLATE utf8mb4_0900_bin <> OLD.code
   OR NEW.description COLLATE utf8mb4_0900_bin <> OLD.description
   OR NEW.category_id <> OLD.category_id
   OR NEW.available <> OLD.available;

-- Products from before there were triggers, once.
START TRANSACTION;
INSERT INTO search_pending (product_id)
SELECT product.id FROM search_indexer JOIN product WHERE NOT knows_all;
UPDATE search_indexer SET knows_all = TRUE;
COMMIT;
