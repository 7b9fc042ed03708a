-- Orders of the shop, their payments, parcels and refunds (docs/decisions/orders.md). Idempotent. Tables that grow are
-- extended by 4 MB (017-reserve-space.sql). Nothing refers to product: an order outlives what it sold.

-- What orders hold of a product, with three decimals. `reserved` is that, rounded up, for the levels of stock.
SET @add_exact = IF(
  EXISTS (
    SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'product' AND column_name = 'exact_reserved'
  ),
  'DO 0',
  'ALTER TABLE product ADD COLUMN exact_reserved DECIMAL(13,3) NOT NULL DEFAULT 0, ALGORITHM = INSTANT'
);
PREPARE add_exact FROM @add_exact;
EXECUTE add_exact;
DEALLOCATE PREPARE add_exact;

CREATE TABLE IF NOT EXISTS cart (
  id           BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  -- Of the cookie's token, so that a leaked row opens no cart.
  token_sha256 BINARY(32)      NOT NULL UNIQUE,
  customer_id  INT UNSIGNED    NULL DEFAULT NULL,
  -- Counts its changes: an order names the version that its customer saw.
  version      INT UNSIGNED    NOT NULL DEFAULT 1,
  expires_at   DATETIME(3)     NOT NULL,
  updated_at   DATETIME(3)     NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  KEY (customer_id),
  KEY (expires_at)
) AUTOEXTEND_SIZE = 4M;

CREATE TABLE IF NOT EXISTS cart_line (
  cart_id    BIGINT UNSIGNED NOT NULL,
  product_id INT UNSIGNED    NOT NULL,
  quantity   DECIMAL(13,3)   NOT NULL CHECK (quantity > 0),
  PRIMARY KEY (cart_id, product_id),
  FOREIGN KEY (cart_id) REFERENCES cart (id) ON DELETE CASCADE
) AUTOEXTEND_SIZE = 4M;

-- Amounts are in minor units of the currency, and all totals include taxes (docs/decisions/money.md).
CREATE TABLE IF NOT EXISTS shop_order (
  id             BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  number         VARCHAR(20)     NOT NULL COLLATE ascii_bin,
  -- Of the form that placed it: an order is placed once, however often the form is sent.
  placed_key     CHAR(36)        NOT NULL COLLATE ascii_bin,
  state          ENUM ('awaiting_payment', 'confirmed', 'in_progress', 'completed', 'cancelled', 'expired') NOT NULL,
  customer_id    INT UNSIGNED    NULL DEFAULT NULL,
  email          VARCHAR(254)    NOT NULL,
  name           VARCHAR(100)    NOT NULL,
  phone          VARCHAR(50)     NOT NULL DEFAULT '',
  language       VARCHAR(5)      NOT NULL,
  -- Of the secret in the link to the order.
  link_sha256    BINARY(32)      NOT NULL,
  currency       CHAR(3)         NOT NULL COLLATE ascii_bin,
  items_total    BIGINT          NOT NULL,
  delivery_total BIGINT          NOT NULL,
  -- The part of `tax_total` that is not of a line.
  delivery_tax   BIGINT          NOT NULL DEFAULT 0,
  tax_total      BIGINT          NOT NULL,
  total          BIGINT          NOT NULL,
  -- At the price of its lines: what was cancelled after other parts had left.
  cancelled_total BIGINT         NOT NULL DEFAULT 0,
  address        JSON            NULL,
  -- The method as it was when the order was placed.
  delivery       JSON            NULL,
  -- NULL: the stock is held until it is shipped or the order cancelled.
  hold_until     DATETIME(3)     NULL DEFAULT NULL,
  created_at     DATETIME(3)     NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  updated_at     DATETIME(3)     NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  UNIQUE KEY number (number),
  UNIQUE KEY placed_key (placed_key),
  KEY due (state, hold_until),
  KEY recent (created_at, id),
  KEY customer (customer_id, id),
  KEY email (email, state)
) AUTOEXTEND_SIZE = 4M;

CREATE TABLE IF NOT EXISTS order_line (
  id              BIGINT UNSIGNED   NOT NULL AUTO_INCREMENT PRIMARY KEY,
  order_id        BIGINT UNSIGNED   NOT NULL,
  position        SMALLINT UNSIGNED NOT NULL,
  product_id      INT UNSIGNED      NOT NULL,
  -- As the product was when the order was placed.
  code            VARCHAR(50)       NOT NULL,
  name            VARCHAR(100)      NOT NULL,
  unit            VARCHAR(30)       NOT NULL,
  quantity        DECIMAL(13,3)     NOT NULL CHECK (quantity > 0),
  unit_price      BIGINT            NOT NULL,
  -- In hundredths of a percent.
  tax_rate        INT               NOT NULL,
  line_total      BIGINT            NOT NULL,
  tax             BIGINT            NOT NULL,
  seller_id       INT UNSIGNED      NULL DEFAULT NULL,
  commission_rate INT               NOT NULL DEFAULT 0,
  -- Now held of `product.exact_reserved`.
  held            DECIMAL(13,3)     NOT NULL DEFAULT 0 CHECK (held >= 0),
  shipped         DECIMAL(13,3)     NOT NULL DEFAULT 0,
  returned        DECIMAL(13,3)     NOT NULL DEFAULT 0 CHECK (returned >= 0),
  -- Never sent, while other parts of the order were.
  cancelled       DECIMAL(13,3)     NOT NULL DEFAULT 0 CHECK (cancelled >= 0),
  UNIQUE KEY in_order (order_id, position),
  -- The open holds of a product.
  KEY holds (product_id, held),
  KEY seller (seller_id, order_id),
  CHECK (shipped >= returned AND held + shipped + cancelled <= quantity),
  FOREIGN KEY (order_id) REFERENCES shop_order (id)
) AUTOEXTEND_SIZE = 4M;

CREATE TABLE IF NOT EXISTS payment (
  id                 BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  order_id           BIGINT UNSIGNED NOT NULL,
  method             VARCHAR(30)     NOT NULL COLLATE ascii_bin,
  -- `surplus`: the money came, but another payment had paid the order; all of it is to be refunded.
  state              ENUM ('pending', 'captured', 'failed', 'cancelled', 'expired', 'surplus') NOT NULL,
  -- What is asked for, and what has come.
  amount             BIGINT          NOT NULL,
  captured_amount    BIGINT          NULL DEFAULT NULL,
  currency           CHAR(3)         NOT NULL COLLATE ascii_bin,
  -- Sent with every call to the provider, which thereby recognises a repeat.
  attempt_key        CHAR(36)        NOT NULL COLLATE ascii_bin,
  provider_reference VARCHAR(100)    NULL DEFAULT NULL COLLATE utf8mb4_0900_bin,
  expires_at         DATETIME(3)     NULL DEFAULT NULL,
  created_at         DATETIME(3)     NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  updated_at         DATETIME(3)     NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  is_live            TINYINT AS (IF(state IN ('pending', 'captured'), 1, NULL)) STORED,
  UNIQUE KEY attempt_key (attempt_key),
  -- At most one live payment of an order.
  UNIQUE KEY live (order_id, is_live),
  KEY reference (method, provider_reference),
  KEY open (state, method),
  FOREIGN KEY (order_id) REFERENCES shop_order (id)
) AUTOEXTEND_SIZE = 4M;

-- Each message of a provider, once.
CREATE TABLE IF NOT EXISTS payment_notification (
  id          BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  provider    VARCHAR(30)     NOT NULL COLLATE ascii_bin,
  event_id    VARCHAR(100)    NOT NULL COLLATE utf8mb4_0900_bin,
  payload     JSON            NOT NULL,
  received_at DATETIME(3)     NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  UNIQUE KEY event (provider, event_id),
  KEY (received_at)
) AUTOEXTEND_SIZE = 4M;

CREATE TABLE IF NOT EXISTS refund (
  id         BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  order_id   BIGINT UNSIGNED NOT NULL,
  payment_id BIGINT UNSIGNED NOT NULL,
  amount     BIGINT          NOT NULL CHECK (amount > 0),
  state      ENUM ('due', 'requested', 'done', 'failed') NOT NULL,
  -- Sent to the provider, which thereby refunds once.
  refund_key CHAR(36)        NOT NULL COLLATE ascii_bin,
  reason     VARCHAR(30)     NOT NULL COLLATE ascii_bin,
  -- The user who made it; NULL: the system.
  made_by    INT UNSIGNED    NULL DEFAULT NULL,
  created_at DATETIME(3)     NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  UNIQUE KEY refund_key (refund_key),
  KEY open (state, id),
  FOREIGN KEY (order_id) REFERENCES shop_order (id),
  FOREIGN KEY (payment_id) REFERENCES payment (id)
) AUTOEXTEND_SIZE = 4M;

CREATE TABLE IF NOT EXISTS parcel (
  id              BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  order_id        BIGINT UNSIGNED NOT NULL,
  seller_id       INT UNSIGNED    NULL DEFAULT NULL,
  state           ENUM ('open', 'packed', 'shipped', 'delivered', 'cancelled') NOT NULL,
  tracking_number VARCHAR(100)    NOT NULL DEFAULT '',
  carrier         VARCHAR(50)     NOT NULL DEFAULT '',
  created_at      DATETIME(3)     NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  shipped_at      DATETIME(3)     NULL DEFAULT NULL,
  KEY open (state, id),
  FOREIGN KEY (order_id) REFERENCES shop_order (id)
) AUTOEXTEND_SIZE = 4M;

CREATE TABLE IF NOT EXISTS parcel_line (
  parcel_id     BIGINT UNSIGNED NOT NULL,
  order_line_id BIGINT UNSIGNED NOT NULL,
  quantity      DECIMAL(13,3)   NOT NULL CHECK (quantity > 0),
  PRIMARY KEY (parcel_id, order_line_id),
  FOREIGN KEY (parcel_id) REFERENCES parcel (id),
  FOREIGN KEY (order_line_id) REFERENCES order_line (id)
) AUTOEXTEND_SIZE = 4M;

-- Append-only: who moved what from which state to which, when and why.
CREATE TABLE IF NOT EXISTS order_event (
  id         BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  order_id   BIGINT UNSIGNED NOT NULL,
  subject    ENUM ('order', 'payment', 'parcel', 'refund') NOT NULL,
  subject_id BIGINT UNSIGNED NOT NULL,
  -- NULL: it begins in `to_state`.
  from_state VARCHAR(20)     NULL COLLATE ascii_bin,
  to_state   VARCHAR(20)     NOT NULL COLLATE ascii_bin,
  actor_kind ENUM ('user', 'customer', 'token', 'system') NOT NULL,
  actor_id   INT UNSIGNED    NULL DEFAULT NULL,
  note       VARCHAR(200)    NULL DEFAULT NULL,
  -- The e-mail that tells the customer, in the outbox since the same transaction; NULL: none.
  mail       VARCHAR(20)     NULL DEFAULT NULL COLLATE ascii_bin,
  created_at DATETIME(3)     NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  KEY history (order_id, id),
  -- None is told the same twice.
  UNIQUE KEY mail (subject, subject_id, mail),
  FOREIGN KEY (order_id) REFERENCES shop_order (id)
) AUTOEXTEND_SIZE = 4M;
