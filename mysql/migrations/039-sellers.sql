-- Customers who sell in the shop, and what they are paid (docs/decisions/sellers.md). Idempotent. Amounts are in minor
-- units of the currency, rates in hundredths of a percent. Tables that grow are extended by 4 MB (017-reserve-space.sql).

CREATE TABLE IF NOT EXISTS seller (
  id              INT UNSIGNED  NOT NULL AUTO_INCREMENT PRIMARY KEY,
  -- Of the directory; it stays when the account is deleted, as their movements name it.
  customer_id     INT UNSIGNED  NOT NULL,
  -- What customers see.
  name            VARCHAR(100)  NOT NULL,
  contact         VARCHAR(200)  NOT NULL,
  -- The account to which payouts go.
  pay_to          VARCHAR(200)  NOT NULL DEFAULT '',
  -- What they want to sell.
  about           VARCHAR(500)  NOT NULL DEFAULT '',
  state           ENUM ('asked', 'approved', 'refused', 'suspended') NOT NULL DEFAULT 'asked',
  -- Why they were refused or suspended, for them to read.
  reason          VARCHAR(200)  NOT NULL DEFAULT '',
  -- Of new order lines.
  commission_rate INT UNSIGNED  NOT NULL DEFAULT 0 CHECK (commission_rate <= 10000),
  -- 1: the account is deleted, so their data go as soon as nothing is to be sent or paid.
  is_forgotten    TINYINT(1)    NOT NULL DEFAULT 0,
  version         INT UNSIGNED  NOT NULL DEFAULT 1,
  asked_at        DATETIME(3)   NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  UNIQUE KEY customer (customer_id),
  UNIQUE KEY name (name),
  KEY by_state (state, id),
  KEY forgotten (is_forgotten)
) AUTOEXTEND_SIZE = 4M;

SET @add_rate = IF(
  EXISTS (
    SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'shop_setting' AND column_name = 'commission_rate'
  ),
  'DO 0',
  'ALTER TABLE shop_setting ADD COLUMN commission_rate INT UNSIGNED NOT NULL DEFAULT 1000, ALGORITHM = INSTANT'
);
PREPARE add_rate FROM @add_rate;
EXECUTE add_rate;
DEALLOCATE PREPARE add_rate;

SET @add_product_key = IF(
  EXISTS (
    SELECT 1 FROM information_schema.statistics
    WHERE table_schema = DATABASE() AND table_name = 'product' AND index_name = 'seller'
  ),
  'DO 0',
  'ALTER TABLE product ADD KEY seller (seller_id), ALGORITHM = INPLACE, LOCK = NONE'
);
PREPARE add_product_key FROM @add_product_key;
EXECUTE add_product_key;
DEALLOCATE PREPARE add_product_key;

-- Of a line: what refunds that name it have promised back, and what payouts have paid its seller.
SET @add_amounts = IF(
  EXISTS (
    SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'order_line' AND column_name = 'paid_out'
  ),
  'DO 0',
  'ALTER TABLE order_line
     ADD COLUMN refunded BIGINT NOT NULL DEFAULT 0,
     ADD COLUMN paid_out BIGINT NOT NULL DEFAULT 0, ALGORITHM = INSTANT'
);
PREPARE add_amounts FROM @add_amounts;
EXECUTE add_amounts;
DEALLOCATE PREPARE add_amounts;

-- What was shipped, less what came back or was refunded, whichever is more: a refund for returned goods counts once.
-- Then the commission in it, rounded half up, and what is left for the seller. `due_seller` has only lines whose
-- payouts are not that, so that its index has nothing but what is to be paid.
SET @add_earned = IF(
  EXISTS (
    SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'order_line' AND column_name = 'due_seller'
  ),
  'DO 0',
  'ALTER TABLE order_line
     ADD COLUMN kept BIGINT AS (IF(seller_id IS NULL, 0, ROUND(shipped * unit_price)
       - LEAST(ROUND(shipped * unit_price), GREATEST(ROUND(returned * unit_price), refunded)))) VIRTUAL,
     ADD COLUMN commission BIGINT AS ((2 * kept * commission_rate + 10000) DIV 20000) VIRTUAL,
     ADD COLUMN earned BIGINT AS (kept - commission) VIRTUAL,
     ADD COLUMN due_seller INT UNSIGNED AS (IF(earned <> paid_out, seller_id, NULL)) VIRTUAL, ALGORITHM = INSTANT'
);
PREPARE add_earned FROM @add_earned;
EXECUTE add_earned;
DEALLOCATE PREPARE add_earned;

SET @add_due_key = IF(
  EXISTS (
    SELECT 1 FROM information_schema.statistics
    WHERE table_schema = DATABASE() AND table_name = 'order_line' AND index_name = 'due'
  ),
  'DO 0',
  'ALTER TABLE order_line ADD KEY due (due_seller), ALGORITHM = INPLACE, LOCK = NONE'
);
PREPARE add_due_key FROM @add_due_key;
EXECUTE add_due_key;
DEALLOCATE PREPARE add_due_key;

-- For which line of a seller; NULL: the shop bears it.
SET @add_refund_line = IF(
  EXISTS (
    SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'refund' AND column_name = 'order_line_id'
  ),
  'DO 0',
  'ALTER TABLE refund ADD COLUMN order_line_id BIGINT UNSIGNED NULL DEFAULT NULL, ALGORITHM = INSTANT'
);
PREPARE add_refund_line FROM @add_refund_line;
EXECUTE add_refund_line;
DEALLOCATE PREPARE add_refund_line;

SET @add_parcel_key = IF(
  EXISTS (
    SELECT 1 FROM information_schema.statistics
    WHERE table_schema = DATABASE() AND table_name = 'parcel' AND index_name = 'seller'
  ),
  'DO 0',
  'ALTER TABLE parcel ADD KEY seller (seller_id, order_id), ADD KEY seller_state (seller_id, state), ALGORITHM = INPLACE, LOCK = NONE'
);
PREPARE add_parcel_key FROM @add_parcel_key;
EXECUTE add_parcel_key;
DEALLOCATE PREPARE add_parcel_key;

-- Money that a person has paid a seller.
CREATE TABLE IF NOT EXISTS payout (
  id         BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  seller_id  INT UNSIGNED    NOT NULL,
  amount     BIGINT          NOT NULL CHECK (amount > 0),
  currency   CHAR(3)         NOT NULL COLLATE ascii_bin,
  -- Of the bank, for example.
  reference  VARCHAR(100)    NOT NULL,
  paid_on    DATE            NOT NULL,
  made_by    INT UNSIGNED    NOT NULL,
  created_at DATETIME(3)     NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  KEY seller (seller_id, id),
  FOREIGN KEY (seller_id) REFERENCES seller (id)
) AUTOEXTEND_SIZE = 4M;

-- What a line had earned beyond earlier payouts; below zero if something came back since.
CREATE TABLE IF NOT EXISTS payout_line (
  payout_id     BIGINT UNSIGNED NOT NULL,
  order_line_id BIGINT UNSIGNED NOT NULL,
  amount        BIGINT          NOT NULL,
  PRIMARY KEY (payout_id, order_line_id),
  KEY line (order_line_id),
  FOREIGN KEY (payout_id) REFERENCES payout (id),
  FOREIGN KEY (order_line_id) REFERENCES order_line (id)
) AUTOEXTEND_SIZE = 4M;
