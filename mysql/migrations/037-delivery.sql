-- Delivery, and what carts and checkouts need besides (docs/decisions/checkout.md). Idempotent. Amounts are in minor units
-- of the currency, weights in grams.

CREATE TABLE IF NOT EXISTS delivery_zone (
  id      INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name    VARCHAR(100) NOT NULL,
  version INT UNSIGNED NOT NULL DEFAULT 1,
  UNIQUE KEY name (name)
);

-- Where a zone is. A place is in one zone: that of its region, else that of its country, else that of everywhere.
CREATE TABLE IF NOT EXISTS delivery_area (
  -- ISO 3166; empty: everywhere else.
  country CHAR(2)      NOT NULL COLLATE ascii_bin,
  -- Department or province; empty: the rest of the country.
  region  VARCHAR(80)  NOT NULL DEFAULT '',
  zone_id INT UNSIGNED NOT NULL,
  PRIMARY KEY (country, region),
  KEY zone (zone_id),
  FOREIGN KEY (zone_id) REFERENCES delivery_zone (id) ON DELETE CASCADE
);

CREATE TABLE IF NOT EXISTS delivery_method (
  id           INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  zone_id      INT UNSIGNED NOT NULL,
  name         VARCHAR(100) NOT NULL,
  carrier      VARCHAR(50)  NOT NULL,
  -- With {number} in place of the tracking number.
  tracking_url VARCHAR(300) NOT NULL DEFAULT '',
  days_from    SMALLINT UNSIGNED NULL DEFAULT NULL,
  days_to      SMALLINT UNSIGNED NULL DEFAULT NULL,
  -- From this amount on it costs nothing; NULL: never.
  free_from    BIGINT       NULL DEFAULT NULL,
  -- Whether the carrier collects money at the door.
  takes_cash   TINYINT(1)   NOT NULL DEFAULT 0,
  is_offered   TINYINT(1)   NOT NULL DEFAULT 1,
  version      INT UNSIGNED NOT NULL DEFAULT 1,
  UNIQUE KEY name (zone_id, name),
  FOREIGN KEY (zone_id) REFERENCES delivery_zone (id) ON DELETE CASCADE
);

CREATE TABLE IF NOT EXISTS delivery_rate (
  method_id  INT UNSIGNED      NOT NULL,
  position   SMALLINT UNSIGNED NOT NULL,
  -- NULL: any weight.
  max_weight INT UNSIGNED      NULL DEFAULT NULL,
  min_amount BIGINT            NOT NULL DEFAULT 0,
  price      BIGINT            NOT NULL,
  PRIMARY KEY (method_id, position),
  FOREIGN KEY (method_id) REFERENCES delivery_method (id) ON DELETE CASCADE
);

-- One row, which administrators edit.
CREATE TABLE IF NOT EXISTS shop_setting (
  id                TINYINT UNSIGNED NOT NULL PRIMARY KEY,
  -- How to pay by bank transfer; empty: it is not offered.
  transfer_text     VARCHAR(1000)    NOT NULL DEFAULT '',
  -- Where orders are picked up; empty: they are not.
  pick_up_text      VARCHAR(500)     NOT NULL DEFAULT '',
  -- Of a product without a weight.
  default_weight    INT UNSIGNED     NOT NULL DEFAULT 500,
  -- In hundredths of a percent, and included in the prices of delivery.
  delivery_tax_rate INT UNSIGNED     NOT NULL DEFAULT 0,
  version           INT UNSIGNED     NOT NULL DEFAULT 1
);

INSERT IGNORE INTO shop_setting (id) VALUES (1);

-- What a customer wants to send back; a person answers it.
CREATE TABLE IF NOT EXISTS return_request (
  id         BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  order_id   BIGINT UNSIGNED NOT NULL,
  state      ENUM ('asked', 'accepted', 'refused', 'received') NOT NULL DEFAULT 'asked',
  reason     VARCHAR(500)    NOT NULL DEFAULT '',
  created_at DATETIME(3)     NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  -- One request of an order waits for an answer.
  is_open    TINYINT AS (IF(state IN ('asked', 'accepted'), 1, NULL)) STORED,
  UNIQUE KEY open_one (order_id, is_open),
  KEY open (state, id),
  FOREIGN KEY (order_id) REFERENCES shop_order (id)
) AUTOEXTEND_SIZE = 4M;

CREATE TABLE IF NOT EXISTS return_request_line (
  request_id    BIGINT UNSIGNED NOT NULL,
  order_line_id BIGINT UNSIGNED NOT NULL,
  quantity      DECIMAL(13,3)   NOT NULL CHECK (quantity > 0),
  PRIMARY KEY (request_id, order_line_id),
  FOREIGN KEY (request_id) REFERENCES return_request (id),
  FOREIGN KEY (order_line_id) REFERENCES order_line (id)
) AUTOEXTEND_SIZE = 4M;

-- The last addition to a cart, so that one that is sent twice is carried out once; a customer has one cart.
SET @add_change = IF(
  EXISTS (
    SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'cart' AND column_name = 'last_change'
  ),
  'DO 0',
  'ALTER TABLE cart ADD COLUMN last_change BINARY(32) NULL DEFAULT NULL, ADD UNIQUE KEY owner (customer_id)'
);
PREPARE add_change FROM @add_change;
EXECUTE add_change;
DEALLOCATE PREPARE add_change;

-- The price when its owner last set the line, so that a change is said.
SET @add_seen = IF(
  EXISTS (
    SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'cart_line' AND column_name = 'seen_price'
  ),
  'DO 0',
  'ALTER TABLE cart_line ADD COLUMN seen_price BIGINT NULL DEFAULT NULL, ALGORITHM = INSTANT'
);
PREPARE add_seen FROM @add_seen;
EXECUTE add_seen;
DEALLOCATE PREPARE add_seen;

-- 1: its customer has deleted the account, so their data go as soon as the order is over.
SET @add_forgotten = IF(
  EXISTS (
    SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'shop_order' AND column_name = 'is_forgotten'
  ),
  'DO 0',
  'ALTER TABLE shop_order ADD COLUMN is_forgotten TINYINT(1) NOT NULL DEFAULT 0, ADD KEY forgotten (is_forgotten, state)'
);
PREPARE add_forgotten FROM @add_forgotten;
EXECUTE add_forgotten;
DEALLOCATE PREPARE add_forgotten;
