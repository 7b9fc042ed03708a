-- Lists of what is low are ordered by quantity, too. By number they come from the search index.
SET @add_quantity = IF(
  EXISTS (
    SELECT 1 FROM information_schema.statistics
    WHERE table_schema = DATABASE() AND table_name = 'product' AND index_name = 'stock_level'
      AND column_name = 'on_hand'
  ),
  'DO 0',
  'ALTER TABLE product
     DROP KEY stock_level, ADD KEY stock_level (stock_level, on_hand),
     DROP KEY filtered_level, ADD KEY filtered_level (category_id, stock_level, on_hand),
     ALGORITHM = INPLACE, LOCK = NONE'
);
PREPARE add_quantity FROM @add_quantity;
EXECUTE add_quantity;
DEALLOCATE PREPARE add_quantity;
