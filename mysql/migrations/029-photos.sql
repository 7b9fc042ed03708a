-- Photos of products (docs/decisions/photos.md). Idempotent. Tables that grow are extended by 4 MB (017-reserve-space.sql).

-- A photo is known by the SHA-256 of its largest rendition; several products may show the same one.
CREATE TABLE IF NOT EXISTS photo (
  sha256       BINARY(32)  NOT NULL PRIMARY KEY,
  created_at   DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  -- Set when a product has lost the photo; a clean-up then deletes it, unless another one has it.
  unused_since DATETIME(3) NULL DEFAULT NULL,
  KEY (unused_since)
) AUTOEXTEND_SIZE = 4M;

-- WebP files, where the photos are kept in MySQL (src/photos/mysql-photo-store.ts).
CREATE TABLE IF NOT EXISTS photo_rendition (
  photo BINARY(32)        NOT NULL,
  width SMALLINT UNSIGNED NOT NULL,
  data  MEDIUMBLOB        NOT NULL,
  PRIMARY KEY (photo, width)
) AUTOEXTEND_SIZE = 4M;

-- Positions of a product are 0, 1, 2, …; 0 is shown in lists. Without a foreign key to product: a product in the trash
-- keeps its photos, until a trigger on deleted_product deletes them with it (mysql/triggers.sql).
CREATE TABLE IF NOT EXISTS product_photo (
  product_id INT UNSIGNED     NOT NULL,
  position   TINYINT UNSIGNED NOT NULL DEFAULT 0,
  photo      BINARY(32)       NOT NULL,
  added_by   INT UNSIGNED     NULL DEFAULT NULL,
  added_at   DATETIME(3)      NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  PRIMARY KEY (product_id, position),
  KEY (photo),
  FOREIGN KEY (photo) REFERENCES photo (sha256)
) AUTOEXTEND_SIZE = 4M;
