-- Barcodes of products (docs/decisions/barcodes.md). Idempotent.

-- The barcodes of the products in the list, each in the form by which barcodes are compared. Triggers on product keep it
-- (mysql/triggers.sql), so deleted products have none here, and their barcodes are free.
CREATE TABLE IF NOT EXISTS product_barcode (
  -- GTINs with 14 digits, others in capitals.
  barcode    VARCHAR(48)  NOT NULL DEFAULT '' COLLATE ascii_bin PRIMARY KEY,
  product_id INT UNSIGNED NOT NULL DEFAULT 0,
  KEY (product_id)
);

-- As shown: separated by a comma and a space, at most 20. The previous version leaves it empty.
SET @add_barcodes = IF(
  EXISTS (
    SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'product' AND column_name = 'barcodes'
  ),
  'DO 0',
  "ALTER TABLE product ADD COLUMN barcodes VARCHAR(1040) NOT NULL DEFAULT '', ALGORITHM = INSTANT"
);
PREPARE add_barcodes FROM @add_barcodes;
EXECUTE add_barcodes;
DEALLOCATE PREPARE add_barcodes;

SET @add_deleted_barcodes = IF(
  EXISTS (
    SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'deleted_product' AND column_name = 'barcodes'
  ),
  'DO 0',
  "ALTER TABLE deleted_product ADD COLUMN barcodes VARCHAR(1040) NOT NULL DEFAULT '', ALGORITHM = INSTANT"
);
PREPARE add_deleted_barcodes FROM @add_deleted_barcodes;
EXECUTE add_deleted_barcodes;
DEALLOCATE PREPARE add_deleted_barcodes;

SET @add_row_barcodes = IF(
  EXISTS (
    SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'product_import_row' AND column_name = 'barcodes'
  ),
  'DO 0',
  'ALTER TABLE product_import_row ADD COLUMN barcodes VARCHAR(1040) NULL DEFAULT NULL, ALGORITHM = INSTANT'
);
PREPARE add_row_barcodes FROM @add_row_barcodes;
EXECUTE add_row_barcodes;
DEALLOCATE PREPARE add_row_barcodes;
