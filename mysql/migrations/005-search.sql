-- The search index (docs/decisions/search-index.md), and one list index per order and filter. Idempotent.

-- Products of a chunk that contain a gram. The chunk is the product id without its last 14 bits.
CREATE TABLE IF NOT EXISTS search_posting (
  gram     VARCHAR(30)     NOT NULL COLLATE utf8mb4_0900_bin,
  chunk    INT UNSIGNED    NOT NULL,
  -- A bitmap, or a list of members where that is shorter (src/search/posting.ts).
  products VARBINARY(2048) NOT NULL,
  PRIMARY KEY (gram, chunk)
);

-- Products waiting to be indexed; until then every search matches them. Rows are only inserted and deleted,
-- so saving a product never waits for the indexer.
CREATE TABLE IF NOT EXISTS search_pending (
  id         BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  product_id INT UNSIGNED    NOT NULL
);

-- One row; the instance that locks it is the indexer.
CREATE TABLE IF NOT EXISTS search_indexer (
  id        TINYINT UNSIGNED NOT NULL PRIMARY KEY,
  -- Set once products older than the index are queued (mysql/triggers.sql).
  knows_all BOOLEAN          NOT NULL DEFAULT FALSE
);
INSERT IGNORE INTO search_indexer (id) VALUES (1);

-- One statement: an interrupted run creates all of them or none.
SET @add_keys = IF(
  EXISTS (
    SELECT 1 FROM information_schema.statistics
    WHERE table_schema = DATABASE() AND table_name = 'product' AND index_name = 'filtered_number'
  ),
  'DO 0',
  'ALTER TABLE product
     ADD KEY (description),
     ADD KEY filtered_number      (category_id, available),
     ADD KEY filtered_name        (category_id, available, name),
     ADD KEY filtered_code        (category_id, available, code),
     ADD KEY filtered_description (category_id, available, description),
     ADD KEY filtered_quantity    (category_id, available, quantity),
     ADD KEY filtered_unit        (category_id, available, unit),
     DROP KEY category_id'
);
PREPARE add_keys FROM @add_keys;
EXECUTE add_keys;
DEALLOCATE PREPARE add_keys;
