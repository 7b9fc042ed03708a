-- Movement actors and documents, and reserved quantities. Idempotent through conditional ALTERs. The previous
-- version keeps inserting movements with `user_id` only.

-- `actor_id` names the user; rows of the previous version have `user_id` only.
SET @add_actor = IF(
  EXISTS (
    SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'stock_movement' AND column_name = 'actor_kind'
  ),
  'DO 0',
  "ALTER TABLE stock_movement
     ADD COLUMN actor_kind    ENUM ('user', 'customer', 'token', 'system') NOT NULL DEFAULT 'user',
     ADD COLUMN actor_id      INT UNSIGNED    NULL,
     ADD COLUMN document_kind VARCHAR(30)     NULL COLLATE ascii_bin,
     ADD COLUMN document_id   BIGINT UNSIGNED NULL,
     ALGORITHM = INSTANT"
);
PREPARE add_actor FROM @add_actor;
EXECUTE add_actor;
DEALLOCATE PREPARE add_actor;

-- Not every actor is a user. Without the foreign key, inserts no longer lock user rows.
SET @drop_user_key = (
  SELECT CONCAT('ALTER TABLE stock_movement DROP FOREIGN KEY ', constraint_name)
  FROM information_schema.key_column_usage
  WHERE table_schema = DATABASE() AND table_name = 'stock_movement' AND column_name = 'user_id'
    AND referenced_table_name = 'user'
);
SET @drop_user_key = COALESCE(@drop_user_key, 'DO 0');
PREPARE drop_user_key FROM @drop_user_key;
EXECUTE drop_user_key;
DEALLOCATE PREPARE drop_user_key;

-- Conditional, because it rebuilds the whole table, although inserts can continue.
SET @free_user_id = IF(
  EXISTS (
    SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'stock_movement' AND column_name = 'user_id'
      AND is_nullable = 'YES'
  ),
  'DO 0',
  'ALTER TABLE stock_movement MODIFY COLUMN user_id INT UNSIGNED NULL, ALGORITHM = INPLACE, LOCK = NONE'
);
PREPARE free_user_id FROM @free_user_id;
EXECUTE free_user_id;
DEALLOCATE PREPARE free_user_id;

-- The promised part of `quantity`. Unsigned instead of a CHECK, which would copy the table and block writes.
-- Nothing reserves yet.
SET @add_reserved = IF(
  EXISTS (
    SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'product' AND column_name = 'reserved'
  ),
  'DO 0',
  'ALTER TABLE product ADD COLUMN reserved INT UNSIGNED NOT NULL DEFAULT 0, ALGORITHM = INSTANT'
);
PREPARE add_reserved FROM @add_reserved;
EXECUTE add_reserved;
DEALLOCATE PREPARE add_reserved;
