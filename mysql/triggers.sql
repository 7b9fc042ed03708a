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

-- Queues the products that are older than the triggers, once.
START TRANSACTION;
INSERT INTO search_pending (product_id)
SELECT product.id FROM search_indexer JOIN product WHERE NOT knows_all;
UPDATE search_indexer SET knows_all = TRUE;
COMMIT;
