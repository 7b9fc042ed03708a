-- What staff look for among orders and customers, and the proofs of payments (docs/decisions/order-desk.md). Idempotent.

SET @add_order_keys = IF(
  EXISTS (
    SELECT 1 FROM information_schema.statistics
    WHERE table_schema = DATABASE() AND table_name = 'shop_order' AND index_name = 'by_state'
  ),
  'DO 0',
  'ALTER TABLE shop_order
     ADD KEY by_state (state, id),
     ADD KEY name (name),
     ADD KEY placed (created_at, state, total),
     ALGORITHM = INPLACE, LOCK = NONE'
);
PREPARE add_order_keys FROM @add_order_keys;
EXECUTE add_order_keys;
DEALLOCATE PREPARE add_order_keys;

-- The order of a line that still holds something: the index has nothing but work to do, however many orders are over.
SET @add_open_order = IF(
  EXISTS (
    SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'order_line' AND column_name = 'open_order'
  ),
  'DO 0',
  'ALTER TABLE order_line
     ADD COLUMN open_order BIGINT UNSIGNED AS (IF(held > 0, order_id, NULL)) VIRTUAL, ALGORITHM = INSTANT'
);
PREPARE add_open_order FROM @add_open_order;
EXECUTE add_open_order;
DEALLOCATE PREPARE add_open_order;

SET @add_open_key = IF(
  EXISTS (
    SELECT 1 FROM information_schema.statistics
    WHERE table_schema = DATABASE() AND table_name = 'order_line' AND index_name = 'open_order'
  ),
  'DO 0',
  'ALTER TABLE order_line ADD KEY open_order (open_order), ALGORITHM = INPLACE, LOCK = NONE'
);
PREPARE add_open_key FROM @add_open_key;
EXECUTE add_open_key;
DEALLOCATE PREPARE add_open_key;

SET @add_method_key = IF(
  EXISTS (
    SELECT 1 FROM information_schema.statistics
    WHERE table_schema = DATABASE() AND table_name = 'payment' AND index_name = 'by_method'
  ),
  'DO 0',
  'ALTER TABLE payment ADD KEY by_method (method, order_id), ALGORITHM = INPLACE, LOCK = NONE'
);
PREPARE add_method_key FROM @add_method_key;
EXECUTE add_method_key;
DEALLOCATE PREPARE add_method_key;

-- An event that changes no state of a payment: money that does not match, which a person has to look at.
SET @add_mismatch = IF(
  EXISTS (
    SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'order_event' AND column_name = 'mismatch_of'
  ),
  'DO 0',
  'ALTER TABLE order_event
     ADD COLUMN mismatch_of BIGINT UNSIGNED
       AS (IF(subject = ''payment'' AND from_state = to_state, order_id, NULL)) VIRTUAL, ALGORITHM = INSTANT'
);
PREPARE add_mismatch FROM @add_mismatch;
EXECUTE add_mismatch;
DEALLOCATE PREPARE add_mismatch;

SET @add_mismatch_key = IF(
  EXISTS (
    SELECT 1 FROM information_schema.statistics
    WHERE table_schema = DATABASE() AND table_name = 'order_event' AND index_name = 'mismatch_of'
  ),
  'DO 0',
  'ALTER TABLE order_event ADD KEY mismatch_of (mismatch_of), ALGORITHM = INPLACE, LOCK = NONE'
);
PREPARE add_mismatch_key FROM @add_mismatch_key;
EXECUTE add_mismatch_key;
DEALLOCATE PREPARE add_mismatch_key;

SET @add_name_key = IF(
  EXISTS (
    SELECT 1 FROM information_schema.statistics
    WHERE table_schema = DATABASE() AND table_name = 'customer' AND index_name = 'name'
  ),
  'DO 0',
  'ALTER TABLE customer ADD KEY name (name), ALGORITHM = INPLACE, LOCK = NONE'
);
PREPARE add_name_key FROM @add_name_key;
EXECUTE add_name_key;
DEALLOCATE PREPARE add_name_key;

-- What a person saw when they took a payment as made: a reference, and perhaps a picture or a PDF.
CREATE TABLE IF NOT EXISTS payment_proof (
  id         BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  payment_id BIGINT UNSIGNED NOT NULL,
  amount     BIGINT          NOT NULL,
  reference  VARCHAR(100)    NOT NULL DEFAULT '',
  -- NULL, as file_id: without a file.
  file_type  ENUM ('webp', 'pdf') NULL DEFAULT NULL,
  file_id    BINARY(16)      NULL DEFAULT NULL,
  added_by   INT UNSIGNED    NOT NULL,
  created_at DATETIME(3)     NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  KEY payment (payment_id),
  FOREIGN KEY (payment_id) REFERENCES payment (id)
) AUTOEXTEND_SIZE = 4M;

-- Apart, and with a random key: the comparison of replicas leaves out tables with binary keys (docs/decisions/replica-checks.md).
CREATE TABLE IF NOT EXISTS payment_proof_file (
  id   BINARY(16) NOT NULL PRIMARY KEY,
  data MEDIUMBLOB NOT NULL
) AUTOEXTEND_SIZE = 4M;
