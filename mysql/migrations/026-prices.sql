-- Prices, costs and tax rates (docs/decisions/money.md), with the history of prices and costs. Idempotent.

-- In minor units of the installation's currency, and hundredths of a percent; NULL: not known. `price_order` stands for
-- the price in orders, which cannot go on from a NULL.
SET @add_prices = IF(
  EXISTS (
    SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'product' AND column_name = 'price'
  ),
  'DO 0',
  'ALTER TABLE product
     ADD COLUMN price    BIGINT NULL DEFAULT NULL,
     ADD COLUMN cost     BIGINT NULL DEFAULT NULL,
     ADD COLUMN tax_rate INT    NULL DEFAULT NULL,
     ALGORITHM = INSTANT'
);
PREPARE add_prices FROM @add_prices;
EXECUTE add_prices;
DEALLOCATE PREPARE add_prices;

SET @add_order = IF(
  EXISTS (
    SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'product' AND column_name = 'price_order'
  ),
  'DO 0',
  'ALTER TABLE product ADD COLUMN price_order BIGINT AS (COALESCE(price, -1)) VIRTUAL NOT NULL, ALGORITHM = INSTANT'
);
PREPARE add_order FROM @add_order;
EXECUTE add_order;
DEALLOCATE PREPARE add_order;

SET @add_keys = IF(
  EXISTS (
    SELECT 1 FROM information_schema.statistics
    WHERE table_schema = DATABASE() AND table_name = 'product' AND index_name = 'filtered_price'
  ),
  'DO 0',
  'ALTER TABLE product
     ADD KEY price          (price_order),
     ADD KEY filtered_price (category_id, available, price_order),
     ALGORITHM = INPLACE, LOCK = NONE'
);
PREPARE add_keys FROM @add_keys;
EXECUTE add_keys;
DEALLOCATE PREPARE add_keys;

SET @add_deleted_prices = IF(
  EXISTS (
    SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'deleted_product' AND column_name = 'price'
  ),
  'DO 0',
  'ALTER TABLE deleted_product
     ADD COLUMN price    BIGINT NULL DEFAULT NULL,
     ADD COLUMN cost     BIGINT NULL DEFAULT NULL,
     ADD COLUMN tax_rate INT    NULL DEFAULT NULL,
     ALGORITHM = INSTANT'
);
PREPARE add_deleted_prices FROM @add_deleted_prices;
EXECUTE add_deleted_prices;
DEALLOCATE PREPARE add_deleted_prices;

SET @add_row_prices = IF(
  EXISTS (
    SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'product_import_row' AND column_name = 'price'
  ),
  'DO 0',
  'ALTER TABLE product_import_row
     ADD COLUMN price    BIGINT NULL DEFAULT NULL,
     ADD COLUMN cost     BIGINT NULL DEFAULT NULL,
     ADD COLUMN tax_rate INT    NULL DEFAULT NULL,
     ALGORITHM = INSTANT'
);
PREPARE add_row_prices FROM @add_row_prices;
EXECUTE add_row_prices;
DEALLOCATE PREPARE add_row_prices;

-- Append-only, like stock_movement: the application may insert and read. No foreign key: it outlives its product.
CREATE TABLE IF NOT EXISTS price_history (
  id            BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  product_id    INT UNSIGNED    NOT NULL,
  what          ENUM ('price', 'cost') NOT NULL,
  -- NULL: not known.
  old_amount    BIGINT          NULL,
  new_amount    BIGINT          NULL,
  actor_kind    ENUM ('user', 'customer', 'token', 'system') NOT NULL DEFAULT 'user',
  actor_id      INT UNSIGNED    NULL,
  document_kind VARCHAR(30)     NULL DEFAULT NULL COLLATE ascii_bin,
  document_id   BIGINT UNSIGNED NULL DEFAULT NULL,
  created_at    DATETIME(3)     NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  KEY product (product_id, id)
) AUTOEXTEND_SIZE = 4M;
