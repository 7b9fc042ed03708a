-- The public catalogue (docs/decisions/shop-catalogue.md). Idempotent.

-- Whether the shop offers it, and what it weighs in grams; NULL: not known. The seller is somebody else than the house.
SET @add_columns = IF(
  EXISTS (
    SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'product' AND column_name = 'on_sale'
  ),
  'DO 0',
  'ALTER TABLE product
     ADD COLUMN on_sale   TINYINT(1)   NOT NULL DEFAULT 0,
     ADD COLUMN weight    INT UNSIGNED NULL DEFAULT NULL,
     ADD COLUMN seller_id INT UNSIGNED NULL DEFAULT NULL,
     ALGORITHM = INSTANT'
);
PREPARE add_columns FROM @add_columns;
EXECUTE add_columns;
DEALLOCATE PREPARE add_columns;

-- What the shop lists and sorts by; NULL for what it does not offer. NULLs lie together in the indexes, in the order of
-- the products, so that those cost little where nothing is on sale.
SET @add_offered = IF(
  EXISTS (
    SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'product' AND column_name = 'offered_state'
  ),
  'DO 0',
  'ALTER TABLE product
     ADD COLUMN offered_state    TINYINT      AS (IF(on_sale = 1 AND price IS NOT NULL, IF(quantity > 0, 1, 0), NULL)) VIRTUAL,
     ADD COLUMN offered_category INT UNSIGNED AS (IF(on_sale = 1 AND price IS NOT NULL, category_id, NULL)) VIRTUAL,
     ADD COLUMN offered_name     VARCHAR(100) AS (IF(on_sale = 1 AND price IS NOT NULL, name, NULL)) VIRTUAL,
     ADD COLUMN offered_price    BIGINT       AS (IF(on_sale = 1, price, NULL)) VIRTUAL,
     ALGORITHM = INSTANT'
);
PREPARE add_offered FROM @add_offered;
EXECUTE add_offered;
DEALLOCATE PREPARE add_offered;

SET @add_keys = IF(
  EXISTS (
    SELECT 1 FROM information_schema.statistics
    WHERE table_schema = DATABASE() AND table_name = 'product' AND index_name = 'offered_number'
  ),
  'DO 0',
  'ALTER TABLE product
     ADD KEY offered_number          (offered_state),
     ADD KEY offered_name            (offered_state, offered_name),
     ADD KEY offered_price           (offered_state, offered_price),
     ADD KEY offered_category_number (offered_category, offered_state),
     ADD KEY offered_category_name   (offered_category, offered_state, offered_name),
     ADD KEY offered_category_price  (offered_category, offered_state, offered_price),
     ALGORITHM = INPLACE, LOCK = NONE'
);
PREPARE add_keys FROM @add_keys;
EXECUTE add_keys;
DEALLOCATE PREPARE add_keys;

SET @add_deleted = IF(
  EXISTS (
    SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'deleted_product' AND column_name = 'on_sale'
  ),
  'DO 0',
  'ALTER TABLE deleted_product
     ADD COLUMN on_sale   TINYINT(1)   NOT NULL DEFAULT 0,
     ADD COLUMN weight    INT UNSIGNED NULL DEFAULT NULL,
     ADD COLUMN seller_id INT UNSIGNED NULL DEFAULT NULL,
     ALGORITHM = INSTANT'
);
PREPARE add_deleted FROM @add_deleted;
EXECUTE add_deleted;
DEALLOCATE PREPARE add_deleted;

SET @add_row = IF(
  EXISTS (
    SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'product_import_row' AND column_name = 'on_sale'
  ),
  'DO 0',
  'ALTER TABLE product_import_row
     ADD COLUMN on_sale TINYINT(1)   NULL DEFAULT NULL,
     ADD COLUMN weight  INT UNSIGNED NULL DEFAULT NULL,
     ALGORITHM = INSTANT'
);
PREPARE add_row FROM @add_row;
EXECUTE add_row;
DEALLOCATE PREPARE add_row;

-- The search index also has what is on sale. No product is yet, so none is indexed again; but an instance of an earlier
-- version finds no row to lock, so it indexes nothing without it.
UPDATE search_indexer SET id = 6 WHERE id = 5;
