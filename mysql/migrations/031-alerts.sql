-- What to order, and alerts of low stock by e-mail and webhook (docs/decisions/alerts.md). Idempotent.

-- The supplier to order from, 0 for none; NULL: there is nothing to order. NULLs lie together in the index, in the order
-- of the products, so it costs an import little.
SET @add_order_from = IF(
  EXISTS (
    SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'product' AND column_name = 'order_from'
  ),
  'DO 0',
  'ALTER TABLE product
     ADD COLUMN order_from INT UNSIGNED AS (
       CASE
         WHEN (quantity <= 0 OR quantity - rounded_up <= minimum_stock + reserved)
           AND (minimum_stock > 0 OR order_quantity > 0)
         THEN COALESCE(supplier_id, 0)
       END
     ) VIRTUAL,
     ALGORITHM = INSTANT'
);
PREPARE add_order_from FROM @add_order_from;
EXECUTE add_order_from;
DEALLOCATE PREPARE add_order_from;

SET @add_key = IF(
  EXISTS (
    SELECT 1 FROM information_schema.statistics
    WHERE table_schema = DATABASE() AND table_name = 'product' AND index_name = 'order_from'
  ),
  'DO 0',
  'ALTER TABLE product ADD KEY order_from (order_from), ALGORITHM = INPLACE, LOCK = NONE'
);
PREPARE add_key FROM @add_key;
EXECUTE add_key;
DEALLOCATE PREPARE add_key;

-- Each drop of a level of stock (product.stock_level), written by triggers (mysql/triggers.sql).
CREATE TABLE IF NOT EXISTS level_change (
  id         BIGINT UNSIGNED  NOT NULL AUTO_INCREMENT PRIMARY KEY,
  product_id INT UNSIGNED     NOT NULL,
  -- NULL: the product is new, or back from the trash.
  from_level TINYINT UNSIGNED NULL DEFAULT NULL,
  to_level   TINYINT UNSIGNED NOT NULL,
  changed_at DATETIME(3)      NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  -- 0 until it is collected: numbers in the order of collection, as ids are not in the order of commits.
  batch      INT UNSIGNED     NOT NULL DEFAULT 0,
  KEY batch (batch, product_id),
  KEY (changed_at)
) AUTOEXTEND_SIZE = 4M;

-- One row: the last batch, and when digests are due; NULL: everyone has been told.
CREATE TABLE IF NOT EXISTS alert_state (
  id      TINYINT UNSIGNED NOT NULL PRIMARY KEY,
  batch   INT UNSIGNED     NOT NULL DEFAULT 0,
  look_at DATETIME(3)      NULL DEFAULT NULL
);
INSERT IGNORE INTO alert_state (id) VALUES (1);

-- Who wants a digest, how often, and how much of it they have had.
CREATE TABLE IF NOT EXISTS low_stock_subscription (
  user_id    INT UNSIGNED                   NOT NULL PRIMARY KEY,
  cadence    ENUM ('none', 'soon', 'daily') NOT NULL DEFAULT 'none',
  -- The last batch that they have been told of.
  told_batch INT UNSIGNED                   NOT NULL DEFAULT 0,
  -- A digest is in the outbox; the next one waits for it.
  is_pending BOOLEAN                        NOT NULL DEFAULT FALSE,
  due_at     DATETIME(3)                    NOT NULL DEFAULT CURRENT_TIMESTAMP(3)
);

SET @add_email = IF(
  EXISTS (
    SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'user' AND column_name = 'email'
  ),
  'DO 0',
  "ALTER TABLE user
     ADD COLUMN email         VARCHAR(254) NOT NULL DEFAULT '',
     ADD COLUMN mail_language VARCHAR(5)   NOT NULL DEFAULT 'es',
     ALGORITHM = INSTANT"
);
PREPARE add_email FROM @add_email;
EXECUTE add_email;
DEALLOCATE PREPARE add_email;
