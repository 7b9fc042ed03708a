-- Where products lie, who delivers them and when to order them (docs/decisions/product-details.md). Idempotent.

CREATE TABLE IF NOT EXISTS supplier (
  id             INT UNSIGNED      NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name           VARCHAR(100)      NOT NULL UNIQUE,
  contact        VARCHAR(100)      NOT NULL DEFAULT '',
  email          VARCHAR(254)      NOT NULL DEFAULT '',
  phone          VARCHAR(50)       NOT NULL DEFAULT '',
  -- From an order to its delivery.
  lead_time_days SMALLINT UNSIGNED NULL DEFAULT NULL,
  version        INT UNSIGNED      NOT NULL DEFAULT 1
);

SET @add_columns = IF(
  EXISTS (
    SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'product' AND column_name = 'minimum_stock'
  ),
  'DO 0',
  "ALTER TABLE product
     ADD COLUMN location       VARCHAR(50)   NOT NULL DEFAULT '',
     ADD COLUMN minimum_stock  DECIMAL(13,3) NOT NULL DEFAULT 0,
     ADD COLUMN order_quantity DECIMAL(13,3) NOT NULL DEFAULT 0,
     ADD COLUMN supplier_id    INT UNSIGNED  NULL DEFAULT NULL,
     ADD COLUMN supplier_code  VARCHAR(50)   NOT NULL DEFAULT '',
     ADD COLUMN tags           VARCHAR(200)  NOT NULL DEFAULT '',
     ADD COLUMN notes          VARCHAR(2000) NOT NULL DEFAULT '',
     -- 0: none on hand, 1: low, 2: enough (src/stock/stock-level.ts). Computed, so adding it changes no row.
     ADD COLUMN stock_level    TINYINT AS (
       CASE
         WHEN quantity <= 0 THEN 0
         WHEN quantity - rounded_up <= minimum_stock + reserved THEN 1
         ELSE 2
       END
     ) VIRTUAL,
     ALGORITHM = INSTANT"
);
PREPARE add_columns FROM @add_columns;
EXECUTE add_columns;
DEALLOCATE PREPARE add_columns;

SET @add_deleted = IF(
  EXISTS (
    SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'deleted_product' AND column_name = 'minimum_stock'
  ),
  'DO 0',
  "ALTER TABLE deleted_product
     ADD COLUMN location       VARCHAR(50)   NOT NULL DEFAULT '',
     ADD COLUMN minimum_stock  DECIMAL(13,3) NOT NULL DEFAULT 0,
     ADD COLUMN order_quantity DECIMAL(13,3) NOT NULL DEFAULT 0,
     ADD COLUMN supplier_id    INT UNSIGNED  NULL DEFAULT NULL,
     ADD COLUMN supplier_code  VARCHAR(50)   NOT NULL DEFAULT '',
     ADD COLUMN tags           VARCHAR(200)  NOT NULL DEFAULT '',
     ADD COLUMN notes          VARCHAR(2000) NOT NULL DEFAULT '',
     ALGORITHM = INSTANT"
);
PREPARE add_deleted FROM @add_deleted;
EXECUTE add_deleted;
DEALLOCATE PREPARE add_deleted;

SET @add_rows = IF(
  EXISTS (
    SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'product_import_row' AND column_name = 'minimum_stock'
  ),
  'DO 0',
  "ALTER TABLE product_import_row
     ADD COLUMN location       VARCHAR(50)   NULL DEFAULT NULL,
     ADD COLUMN minimum_stock  DECIMAL(13,3) NULL DEFAULT NULL,
     ADD COLUMN order_quantity DECIMAL(13,3) NULL DEFAULT NULL,
     ADD COLUMN supplier       VARCHAR(100)  NULL DEFAULT NULL,
     ADD COLUMN supplier_code  VARCHAR(50)   NULL DEFAULT NULL,
     ADD COLUMN tags           VARCHAR(200)  NULL DEFAULT NULL,
     ADD COLUMN notes          VARCHAR(2000) NULL DEFAULT NULL,
     ALGORITHM = INSTANT"
);
PREPARE add_rows FROM @add_rows;
EXECUTE add_rows;
DEALLOCATE PREPARE add_rows;

-- Lists of what is low, also in a category; the suggestions for locations; whether a supplier is in use.
SET @add_keys = IF(
  EXISTS (
    SELECT 1 FROM information_schema.statistics
    WHERE table_schema = DATABASE() AND table_name = 'product' AND index_name = 'stock_level'
  ),
  'DO 0',
  'ALTER TABLE product
     ADD KEY stock_level    (stock_level),
     ADD KEY filtered_level (category_id, stock_level),
     ADD KEY location       (location),
     ADD KEY supplier_id    (supplier_id),
     ALGORITHM = INPLACE, LOCK = NONE'
);
PREPARE add_keys FROM @add_keys;
EXECUTE add_keys;
DEALLOCATE PREPARE add_keys;

SET @add_deleted_key = IF(
  EXISTS (
    SELECT 1 FROM information_schema.statistics
    WHERE table_schema = DATABASE() AND table_name = 'deleted_product' AND index_name = 'supplier_id'
  ),
  'DO 0',
  'ALTER TABLE deleted_product ADD KEY supplier_id (supplier_id), ALGORITHM = INPLACE, LOCK = NONE'
);
PREPARE add_deleted_key FROM @add_deleted_key;
EXECUTE add_deleted_key;
DEALLOCATE PREPARE add_deleted_key;

-- Without the check, which no product needs yet, the keys are added while products are saved.
SET foreign_key_checks = 0;
SET @add_reference = IF(
  EXISTS (
    SELECT 1 FROM information_schema.table_constraints
    WHERE table_schema = DATABASE() AND table_name = 'product' AND constraint_name = 'product_supplier'
  ),
  'DO 0',
  'ALTER TABLE product
     ADD CONSTRAINT product_supplier FOREIGN KEY (supplier_id) REFERENCES supplier (id),
     ALGORITHM = INPLACE, LOCK = NONE'
);
PREPARE add_reference FROM @add_reference;
EXECUTE add_reference;
DEALLOCATE PREPARE add_reference;

SET @add_deleted_reference = IF(
  EXISTS (
    SELECT 1 FROM information_schema.table_constraints
    WHERE table_schema = DATABASE() AND table_name = 'deleted_product'
      AND constraint_name = 'deleted_product_supplier'
  ),
  'DO 0',
  'ALTER TABLE deleted_product
     ADD CONSTRAINT deleted_product_supplier FOREIGN KEY (supplier_id) REFERENCES supplier (id),
     ALGORITHM = INPLACE, LOCK = NONE'
);
PREPARE add_deleted_reference FROM @add_deleted_reference;
EXECUTE add_deleted_reference;
DEALLOCATE PREPARE add_deleted_reference;
SET foreign_key_checks = 1;

-- The search index also has levels, suppliers, tags and locations. No product has any yet, so none is indexed again;
-- but an instance of an earlier version finds no row to lock, so it indexes nothing without them.
UPDATE search_indexer SET id = 4 WHERE id = 3;
