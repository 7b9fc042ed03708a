-- The catalogue refers to no table of the directory, so that different database groups can hold them
-- (docs/decisions/database-groups.md). Idempotent.

-- Product events: append-only, like audit_event, and written in the transaction of the change. Earlier events
-- and those of the previous version are in audit_event.
CREATE TABLE IF NOT EXISTS product_event (
  id          BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  created_at  DATETIME(3)     NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  action      VARCHAR(40)     NOT NULL COLLATE ascii_bin,
  actor_kind  ENUM ('user', 'customer', 'token', 'system') NOT NULL,
  actor_id    INT UNSIGNED    NULL,
  address     VARCHAR(45)     NOT NULL COLLATE ascii_bin,
  target_id   INT UNSIGNED    NULL,
  target_name VARCHAR(100)    NULL,
  details     JSON            NULL,
  request_id  VARCHAR(64)     NOT NULL COLLATE ascii_bin,
  KEY (actor_kind, actor_id, id)
);

-- One statement per table, as DROP FOREIGN KEY cannot be repeated.
SET @drop_deleted = (
  SELECT COALESCE(
    CONCAT('ALTER TABLE deleted_product DROP FOREIGN KEY ', GROUP_CONCAT(constraint_name SEPARATOR ', DROP FOREIGN KEY ')),
    'DO 0')
  FROM information_schema.key_column_usage
  WHERE table_schema = DATABASE() AND table_name = 'deleted_product' AND referenced_table_name = 'user'
);
PREPARE drop_deleted FROM @drop_deleted;
EXECUTE drop_deleted;
DEALLOCATE PREPARE drop_deleted;

SET @drop_import = (
  SELECT COALESCE(
    CONCAT('ALTER TABLE product_import DROP FOREIGN KEY ', GROUP_CONCAT(constraint_name SEPARATOR ', DROP FOREIGN KEY ')),
    'DO 0')
  FROM information_schema.key_column_usage
  WHERE table_schema = DATABASE() AND table_name = 'product_import' AND referenced_table_name = 'user'
);
PREPARE drop_import FROM @drop_import;
EXECUTE drop_import;
DEALLOCATE PREPARE drop_import;
