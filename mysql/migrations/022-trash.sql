-- The trash (docs/decisions/deleted-products.md), and undoing an import (docs/decisions/imports.md). Idempotent.

-- By time, code and name; without them, the previous version reads deleted products by number only.
SET @add_keys = IF(
  EXISTS (
    SELECT 1 FROM information_schema.statistics
    WHERE table_schema = DATABASE() AND table_name = 'deleted_product' AND index_name = 'deleted_at'
  ),
  'DO 0',
  'ALTER TABLE deleted_product ADD KEY (deleted_at), ADD KEY (code), ADD KEY (name), ALGORITHM = INPLACE, LOCK = NONE'
);
PREPARE add_keys FROM @add_keys;
EXECUTE add_keys;
DEALLOCATE PREPARE add_keys;

-- NULL until an instance of this version has applied the import, and for ever if one of an earlier version has: that
-- one does not note the numbers of new products, so its import cannot be undone.
SET @add_undo = IF(
  EXISTS (
    SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'product_import' AND column_name = 'undo_state'
  ),
  'DO 0',
  "ALTER TABLE product_import
     ADD COLUMN undo_state ENUM ('possible', 'asked', 'refused', 'done') NULL DEFAULT NULL,
     ADD COLUMN undone_by  INT UNSIGNED NULL DEFAULT NULL,
     ADD COLUMN undone_at  DATETIME(3)  NULL DEFAULT NULL,
     ALGORITHM = INSTANT"
);
PREPARE add_undo FROM @add_undo;
EXECUTE add_undo;
DEALLOCATE PREPARE add_undo;
