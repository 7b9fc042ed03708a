-- Quantities with up to three decimals, and units of measure (docs/decisions/decimal-quantities.md). Idempotent.

-- Whole numbers, which the previous version reads and writes, stay where they are: `quantity` is rounded up, so that
-- `available` is right, and `rounded_up` says by how much. The quantity is `on_hand`. The whole numbers of movements
-- add up to `quantity`, the exact ones to `on_hand`. Nothing is copied or filled in, and writes go on.
SET @add_decimals = IF(
  EXISTS (
    SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'product' AND column_name = 'rounded_up'
  ),
  'DO 0',
  'ALTER TABLE product
     ADD COLUMN rounded_up DECIMAL(4,3) NOT NULL DEFAULT 0,
     ADD COLUMN on_hand    DECIMAL(13,3) AS (quantity - rounded_up) VIRTUAL,
     ALGORITHM = INSTANT'
);
PREPARE add_decimals FROM @add_decimals;
EXECUTE add_decimals;
DEALLOCATE PREPARE add_decimals;

SET @add_decimals = IF(
  EXISTS (
    SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'deleted_product' AND column_name = 'rounded_up'
  ),
  'DO 0',
  'ALTER TABLE deleted_product
     ADD COLUMN rounded_up DECIMAL(4,3) NOT NULL DEFAULT 0,
     ADD COLUMN on_hand    DECIMAL(13,3) AS (quantity - rounded_up) VIRTUAL,
     ALGORITHM = INSTANT'
);
PREPARE add_decimals FROM @add_decimals;
EXECUTE add_decimals;
DEALLOCATE PREPARE add_decimals;

SET @add_decimals = IF(
  EXISTS (
    SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'product_import_row' AND column_name = 'rounded_up'
  ),
  'DO 0',
  'ALTER TABLE product_import_row
     ADD COLUMN rounded_up DECIMAL(4,3) NOT NULL DEFAULT 0,
     ADD COLUMN on_hand    DECIMAL(13,3) AS (quantity - rounded_up) VIRTUAL,
     ALGORITHM = INSTANT'
);
PREPARE add_decimals FROM @add_decimals;
EXECUTE add_decimals;
DEALLOCATE PREPARE add_decimals;

SET @add_decimals = IF(
  EXISTS (
    SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'stock_movement' AND column_name = 'delta_rounded'
  ),
  'DO 0',
  'ALTER TABLE stock_movement
     ADD COLUMN delta_rounded DECIMAL(4,3) NOT NULL DEFAULT 0,
     ADD COLUMN after_rounded DECIMAL(4,3) NOT NULL DEFAULT 0,
     ADD COLUMN exact_delta   DECIMAL(13,3) AS (delta - delta_rounded) VIRTUAL,
     ADD COLUMN exact_after   DECIMAL(13,3) AS (quantity_after - after_rounded) VIRTUAL,
     ALGORITHM = INSTANT'
);
PREPARE add_decimals FROM @add_decimals;
EXECUTE add_decimals;
DEALLOCATE PREPARE add_decimals;

-- From 0.5 to 0.75, the whole number above stays 1.
SET @drop_check = (
  SELECT CONCAT('ALTER TABLE stock_movement DROP CHECK ', constraint_name)
  FROM information_schema.check_constraints JOIN information_schema.table_constraints
    USING (constraint_schema, constraint_name)
  WHERE constraint_schema = DATABASE() AND table_name = 'stock_movement' AND check_clause LIKE '%delta%<>%'
  LIMIT 1
);
SET @drop_check = COALESCE(@drop_check, 'DO 0');
PREPARE drop_check FROM @drop_check;
EXECUTE drop_check;
DEALLOCATE PREPARE drop_check;

-- The order by quantity; the previous version uses those of `quantity`.
SET @add_keys = IF(
  EXISTS (
    SELECT 1 FROM information_schema.statistics
    WHERE table_schema = DATABASE() AND table_name = 'product' AND index_name = 'on_hand'
  ),
  'DO 0',
  'ALTER TABLE product
     ADD KEY on_hand          (on_hand),
     ADD KEY filtered_on_hand (category_id, available, on_hand),
     ALGORITHM = INPLACE, LOCK = NONE'
);
PREPARE add_keys FROM @add_keys;
EXECUTE add_keys;
DEALLOCATE PREPARE add_keys;

-- Products name their unit by its code. Names that no row has are units without decimals: those that the previous
-- version saves while it still runs.
CREATE TABLE IF NOT EXISTS unit (
  code     VARCHAR(30) NOT NULL PRIMARY KEY,
  singular VARCHAR(30) NOT NULL,
  plural   VARCHAR(30) NOT NULL,
  decimals TINYINT UNSIGNED NOT NULL DEFAULT 0 CHECK (decimals <= 3)
);

INSERT IGNORE INTO unit (code, singular, plural, decimals) VALUES
  ('kg', 'kg', 'kg', 3), ('g', 'g', 'g', 3), ('l', 'l', 'l', 3), ('m', 'm', 'm', 3), ('m²', 'm²', 'm²', 3),
  ('m³', 'm³', 'm³', 3), ('ml', 'ml', 'ml', 0), ('cm', 'cm', 'cm', 0), ('u', 'u', 'u', 0),
  ('unidad', 'unidad', 'unidades', 0), ('caja', 'caja', 'cajas', 0), ('paquete', 'paquete', 'paquetes', 0),
  ('par', 'par', 'pares', 0), ('juego', 'juego', 'juegos', 0), ('bolsa', 'bolsa', 'bolsas', 0),
  ('botella', 'botella', 'botellas', 0), ('ejemplar', 'ejemplar', 'ejemplares', 0), ('rollo', 'rollo', 'rollos', 0),
  ('tarro', 'tarro', 'tarros', 0), ('blíster', 'blíster', 'blísteres', 0), ('docena', 'docena', 'docenas', 0),
  ('unit', 'unit', 'units', 0), ('box', 'box', 'boxes', 0), ('pack', 'pack', 'packs', 0), ('pair', 'pair', 'pairs', 0),
  ('set', 'set', 'sets', 0), ('bag', 'bag', 'bags', 0), ('bottle', 'bottle', 'bottles', 0), ('copy', 'copy', 'copies', 0),
  ('roll', 'roll', 'rolls', 0), ('piece', 'piece', 'pieces', 0), ('dozen', 'dozen', 'dozens', 0);

INSERT IGNORE INTO unit (code, singular, plural)
SELECT unit, unit, unit FROM product GROUP BY unit
UNION SELECT unit, unit, unit FROM deleted_product GROUP BY unit;
