-- Products in the shop. Idempotent.

SET @add_on_sale = IF(
  EXISTS (
    SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'product' AND column_name = 'on_sale'
  ),
  'DO 0',
  'ALTER TABLE product ADD COLUMN on_sale BOOLEAN NOT NULL DEFAULT FALSE, ALGORITHM = INSTANT'
);
PREPARE add_on_sale FROM @add_on_sale;
EXECUTE add_on_sale;
DEALLOCATE PREPARE add_on_sale;
