-- Finds who last saved a field of a product. Idempotent.
SET @add_target = IF(
  EXISTS (
    SELECT 1 FROM information_schema.statistics
    WHERE table_schema = DATABASE() AND table_name = 'product_event' AND index_name = 'target'
  ),
  'DO 0',
  'ALTER TABLE product_event ADD KEY target (target_id, id), ALGORITHM = INPLACE, LOCK = NONE'
);
PREPARE add_target FROM @add_target;
EXECUTE add_target;
DEALLOCATE PREPARE add_target;
