-- The search index (docs/decisions/search-index.md), and an index for every order of the list under every
-- filter. Can be run again.

-- Which products of a chunk contain a gram. The chunk of a product is its number without the last 14 bits.
CREATE TABLE IF NOT EXISTS search_posting (
  gram     VARCHAR(30)     NOT NULL COLLATE utf8mb4_0900_bin,
  chunk    INT UNSIGNED    NOT NULL,
  -- One bit for each product, or where that is shorter a list of those that are in it (src/search/posting.ts).
  products VARBINARY(2048) NOT NULL,
  PRIMARY KEY (gram, chunk)
);

-- Products to be put into the index, which until then count as found by everything. Rows are only ever
-- added and removed, so that whoever saves a product never waits for the indexer.
CREATE TABLE IF NOT EXISTS search_pending (
  id         BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  product_id INT UNSIGNED    NOT NULL
);

-- One row: the instance that has locked it is the indexer.
CREATE TABLE IF NOT EXISTS search_indexer (
  id        TINYINT UNSIGNED NOT NULL PRIMARY KEY,
  -- Products from before the index have been put among the pending ones (mysql/triggers.sql).
  knows_all BOOLEAN          NOT NULL DEFAULT FALSE
);
INSERT IGNORE INTO search_indexer (id) VALUES (1);

-- One statement, so that a start that is cut off has made all of them or none.
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
