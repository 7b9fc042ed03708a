-- Separators do not matter in codes and part numbers (docs/decisions/search-index.md). Idempotent.

-- The code without separators: computed, so adding it changes no row, and its key is built while products are
-- saved. Compares n and ñ as equal.
SET @add_column = IF(
  EXISTS (
    SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'product' AND column_name = 'plain_code'
  ),
  'DO 0',
  'ALTER TABLE product
     ADD COLUMN plain_code VARCHAR(50) COLLATE utf8mb4_0900_ai_ci AS (
       REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(code, ''-'', ''''), ''_'', ''''), ''.'', ''''), ''/'', ''''), '' '', '''')
     ) VIRTUAL,
     ALGORITHM = INSTANT'
);
PREPARE add_column FROM @add_column;
EXECUTE add_column;
DEALLOCATE PREPARE add_column;

SET @add_key = IF(
  EXISTS (
    SELECT 1 FROM information_schema.statistics
    WHERE table_schema = DATABASE() AND table_name = 'product' AND index_name = 'plain_code'
  ),
  'DO 0',
  'ALTER TABLE product ADD KEY (plain_code), ALGORITHM = INPLACE, LOCK = NONE'
);
PREPARE add_key FROM @add_key;
EXECUTE add_key;
DEALLOCATE PREPARE add_key;

-- Products from this number on are to be indexed again, in the background; NULL once all are.
SET @add_progress = IF(
  EXISTS (
    SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'search_indexer' AND column_name = 'reindex_from'
  ),
  'DO 0',
  'ALTER TABLE search_indexer ADD COLUMN reindex_from INT UNSIGNED NULL'
);
PREPARE add_progress FROM @add_progress;
EXECUTE add_progress;
DEALLOCATE PREPARE add_progress;

-- The previous version locks row 1 to index. It finds none from now on, so it indexes no product without the
-- new grams; what it would have indexed stays pending, and is found, until an instance of this version runs.
UPDATE search_indexer SET id = 2, reindex_from = IF(EXISTS (SELECT 1 FROM product), 0, NULL) WHERE id = 1;
