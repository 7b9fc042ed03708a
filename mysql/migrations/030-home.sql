-- Sums for the first page, which triggers keep (docs/decisions/home.md). Idempotent.

-- Of the products of each unit of measure. Each connection writes a row of its own (mysql/triggers.sql), like
-- category_count; a clean-up adds the rows up in that of writer 0.
CREATE TABLE IF NOT EXISTS stock_total (
  unit         VARCHAR(30)     NOT NULL,
  writer       BIGINT UNSIGNED NOT NULL DEFAULT 0,
  products     INT             NOT NULL DEFAULT 0,
  out_of_stock INT             NOT NULL DEFAULT 0,
  low          INT             NOT NULL DEFAULT 0,
  quantity     DECIMAL(25,3)   NOT NULL DEFAULT 0,
  -- Quantity × amount, in minor units of the currency and thousandths of them, so that nothing is rounded.
  price_value  DECIMAL(40,3)   NOT NULL DEFAULT 0,
  cost_value   DECIMAL(40,3)   NOT NULL DEFAULT 0,
  -- Products on hand without a price, or a cost.
  unpriced     INT             NOT NULL DEFAULT 0,
  uncosted     INT             NOT NULL DEFAULT 0,
  PRIMARY KEY (unit, writer),
  KEY (writer)
);

-- Movements of each quarter of an hour since 1970, so that they add up to days in every time zone.
CREATE TABLE IF NOT EXISTS movement_flow (
  quarter       INT UNSIGNED    NOT NULL,
  writer        BIGINT UNSIGNED NOT NULL DEFAULT 0,
  movements_in  INT             NOT NULL DEFAULT 0,
  movements_out INT             NOT NULL DEFAULT 0,
  -- At the cost of that moment, as cost_value above.
  value_in      DECIMAL(40,3)   NOT NULL DEFAULT 0,
  value_out     DECIMAL(40,3)   NOT NULL DEFAULT 0,
  PRIMARY KEY (quarter, writer),
  KEY (writer)
);

-- What people took out of a product on a day since 1970 (UTC), and in all the days that are kept.
CREATE TABLE IF NOT EXISTS product_outflow_day (
  day        SMALLINT UNSIGNED NOT NULL,
  product_id INT UNSIGNED      NOT NULL,
  quantity   DECIMAL(20,3)     NOT NULL DEFAULT 0,
  PRIMARY KEY (day, product_id)
);

CREATE TABLE IF NOT EXISTS product_outflow (
  product_id INT UNSIGNED  NOT NULL PRIMARY KEY,
  quantity   DECIMAL(20,3) NOT NULL DEFAULT 0,
  KEY (quantity)
);

-- How far the sums know what is older than the triggers.
CREATE TABLE IF NOT EXISTS kept_sums (
  id            TINYINT UNSIGNED NOT NULL PRIMARY KEY,
  -- Whether movement_flow does.
  knows_flow    BOOLEAN          NOT NULL DEFAULT FALSE,
  -- A clean-up looks up what was taken out of the products up to this one; NULL: not known yet.
  last_product  INT UNSIGNED     NULL DEFAULT NULL,
  -- It has come so far.
  looked_up_to  INT UNSIGNED     NOT NULL DEFAULT 0
);
INSERT IGNORE INTO kept_sums (id) VALUES (1);

-- Since when nothing has been taken out; it also begins when something comes to an empty shelf. Not computed from
-- created_at: MySQL computes columns before that has its default, and would refuse the row. Existing products get the
-- time of this statement until a clean-up has looked them up.
SET @add_idle = IF(
  EXISTS (
    SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'product' AND column_name = 'idle_since'
  ),
  'DO 0',
  'ALTER TABLE product
     ADD COLUMN idle_since DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3), ALGORITHM = INSTANT'
);
PREPARE add_idle FROM @add_idle;
EXECUTE add_idle;
DEALLOCATE PREPARE add_idle;

SET @add_deleted = IF(
  EXISTS (
    SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'deleted_product' AND column_name = 'idle_since'
  ),
  'DO 0',
  'ALTER TABLE deleted_product ADD COLUMN idle_since DATETIME(3) NULL DEFAULT NULL, ALGORITHM = INSTANT'
);
PREPARE add_deleted FROM @add_deleted;
EXECUTE add_deleted;
DEALLOCATE PREPARE add_deleted;

SET @add_key = IF(
  EXISTS (
    SELECT 1 FROM information_schema.statistics
    WHERE table_schema = DATABASE() AND table_name = 'product' AND index_name = 'idle'
  ),
  'DO 0',
  'ALTER TABLE product ADD KEY idle (available, idle_since), ALGORITHM = INPLACE, LOCK = NONE'
);
PREPARE add_key FROM @add_key;
EXECUTE add_key;
DEALLOCATE PREPARE add_key;
