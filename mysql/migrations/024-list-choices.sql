-- What a person chose for the list of products: its columns, the size of a page, keys (src/product-list/list-choices.ts).
-- Null: nothing chosen yet. Idempotent, like 003.
SET @add_list_choices = IF(
  EXISTS (
    SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'user' AND column_name = 'list_choices'
  ),
  'DO 0',
  'ALTER TABLE user ADD COLUMN list_choices JSON NULL'
);
PREPARE add_list_choices FROM @add_list_choices;
EXECUTE add_list_choices;
DEALLOCATE PREPARE add_list_choices;
