-- What people receive and take out, and lists of all movements. Idempotent.

-- The previous version writes and shows such movements by their reason, `adjustment`.
SET @add_purpose = IF(
  EXISTS (
    SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'stock_movement' AND column_name = 'purpose'
  ),
  'DO 0',
  "ALTER TABLE stock_movement
     ADD COLUMN purpose         VARCHAR(20)  NULL DEFAULT NULL COLLATE ascii_bin,
     -- Of a document outside of Inventario, with `document_kind` 'external'.
     ADD COLUMN document_number VARCHAR(50)  NULL DEFAULT NULL,
     ADD COLUMN note            VARCHAR(200) NULL DEFAULT NULL,
     ALGORITHM = INSTANT"
);
PREPARE add_purpose FROM @add_purpose;
EXECUTE add_purpose;
DEALLOCATE PREPARE add_purpose;

-- One for each filter, in the order of the list. A person may have millions of movements, so reasons are kept apart.
SET @add_keys = IF(
  EXISTS (
    SELECT 1 FROM information_schema.statistics
    WHERE table_schema = DATABASE() AND table_name = 'stock_movement' AND index_name = 'reason'
  ),
  'DO 0',
  'ALTER TABLE stock_movement
     ADD KEY created_at    (created_at, id),
     ADD KEY product       (product_id, created_at, id),
     ADD KEY reason        (reason, purpose, created_at, id),
     ADD KEY person        (user_id, created_at, id),
     ADD KEY person_reason (user_id, reason, purpose, created_at, id),
     ADD KEY document      (document_kind, document_id, document_number, created_at, id),
     ALGORITHM = INPLACE, LOCK = NONE'
);
PREPARE add_keys FROM @add_keys;
EXECUTE add_keys;
DEALLOCATE PREPARE add_keys;

-- The key that the foreign key of 001-products.sql had made: MySQL drops it for `person`, unless the table was rebuilt
-- from a dump, in which it looks like any other key.
SET @drop_user_key = IF(
  EXISTS (
    SELECT 1 FROM information_schema.statistics
    WHERE table_schema = DATABASE() AND table_name = 'stock_movement' AND index_name = 'user_id'
  ),
  'ALTER TABLE stock_movement DROP KEY user_id, ALGORITHM = INPLACE, LOCK = NONE',
  'DO 0'
);
PREPARE drop_user_key FROM @drop_user_key;
EXECUTE drop_user_key;
DEALLOCATE PREPARE drop_user_key;
