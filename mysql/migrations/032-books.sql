-- Books (docs/decisions/books.md). Idempotent. Tables that grow are extended by 4 MB (017-reserve-space.sql).

-- What a product has besides if it is a book. Without a foreign key to product: a product in the trash keeps its row,
-- until a trigger on deleted_product deletes it with it (mysql/triggers.sql).
CREATE TABLE IF NOT EXISTS book (
  product_id INT UNSIGNED       NOT NULL DEFAULT 0 PRIMARY KEY,
  -- In order, separated by a semicolon and a space.
  authors    VARCHAR(300)       NOT NULL DEFAULT '',
  publisher  VARCHAR(100)       NOT NULL DEFAULT '',
  -- 0, as in pages: not known.
  year       SMALLINT UNSIGNED  NOT NULL DEFAULT 0,
  -- A code of ISO 639.
  language   VARCHAR(3)         NOT NULL DEFAULT '',
  binding    VARCHAR(10)        NOT NULL DEFAULT '',
  pages      MEDIUMINT UNSIGNED NOT NULL DEFAULT 0,
  KEY authors (authors),
  KEY publisher (publisher)
) AUTOEXTEND_SIZE = 4M;

-- Kept by triggers on book: whether the product has a row there, and its authors and publisher, which searches compare.
SET @add_columns = IF(
  EXISTS (
    SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'product' AND column_name = 'is_book'
  ),
  'DO 0',
  "ALTER TABLE product
     ADD COLUMN is_book BOOLEAN      NOT NULL DEFAULT FALSE,
     ADD COLUMN credits VARCHAR(401) NOT NULL DEFAULT '',
     ALGORITHM = INSTANT"
);
PREPARE add_columns FROM @add_columns;
EXECUTE add_columns;
DEALLOCATE PREPARE add_columns;

SET @add_row_columns = IF(
  EXISTS (
    SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'product_import_row' AND column_name = 'authors'
  ),
  'DO 0',
  'ALTER TABLE product_import_row
     ADD COLUMN authors   VARCHAR(300)       NULL DEFAULT NULL,
     ADD COLUMN publisher VARCHAR(100)       NULL DEFAULT NULL,
     ADD COLUMN year      SMALLINT UNSIGNED  NULL DEFAULT NULL,
     ADD COLUMN language  VARCHAR(3)         NULL DEFAULT NULL,
     ADD COLUMN binding   VARCHAR(10)        NULL DEFAULT NULL,
     ADD COLUMN pages     MEDIUMINT UNSIGNED NULL DEFAULT NULL,
     ALGORITHM = INSTANT'
);
PREPARE add_row_columns FROM @add_row_columns;
EXECUTE add_row_columns;
DEALLOCATE PREPARE add_row_columns;

-- The search index also has books. No product is one yet, so none is indexed again; but an instance of an earlier
-- version finds no row to lock, so it indexes nothing without them.
UPDATE search_indexer SET id = 5 WHERE id = 4;
