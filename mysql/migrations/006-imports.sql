-- Spreadsheet imports. Idempotent.

-- Uploaded files in parts, so that any instance can read them from any offset. No foreign key to
-- product_import, which is inserted once all parts are stored.
CREATE TABLE IF NOT EXISTS product_import_part (
  file       BINARY(16)   NOT NULL,
  part       INT UNSIGNED NOT NULL,
  data       MEDIUMBLOB   NOT NULL,
  created_at DATETIME(3)  NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  PRIMARY KEY (file, part),
  KEY (created_at)
);

CREATE TABLE IF NOT EXISTS product_import (
  id          INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  user_id     INT UNSIGNED NOT NULL,
  file        BINARY(16)   NOT NULL UNIQUE,
  file_name   VARCHAR(200) NOT NULL,
  file_bytes  INT UNSIGNED NOT NULL,
  state       ENUM ('reading', 'unassigned', 'preview', 'applying', 'applied', 'refused') NOT NULL DEFAULT 'reading',
  -- Why the file was refused or returned to preview.
  notice      JSON         NULL,
  -- The file's columns and the fields assigned to them.
  findings    JSON         NULL,
  totals      JSON         NULL,
  -- The attempt whose rows in product_import_row are valid.
  reading     INT UNSIGNED NULL,
  -- In thousandths.
  progress    SMALLINT UNSIGNED NOT NULL DEFAULT 0,
  applied_by  INT UNSIGNED NULL,
  applied_at  DATETIME(3)  NULL,
  -- The request that applied it, for the audit trail.
  address     VARCHAR(45)  NOT NULL DEFAULT '' COLLATE ascii_bin,
  request_id  VARCHAR(64)  NOT NULL DEFAULT '' COLLATE ascii_bin,
  -- Work is pending while lease_until is set. Once it is past, another instance takes over with the next
  -- attempt; results of earlier attempts are ignored.
  lease_until DATETIME(3)  NULL,
  owner       VARCHAR(40)  NULL COLLATE ascii_bin,
  attempt     INT UNSIGNED NOT NULL DEFAULT 0,
  -- Tries of the current work.
  tries       INT UNSIGNED NOT NULL DEFAULT 0,
  created_at  DATETIME(3)  NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  -- Rows and file are kept until then.
  expires_at  DATETIME(3)  NULL,
  KEY (lease_until),
  KEY (expires_at),
  FOREIGN KEY (user_id) REFERENCES user (id)
);

-- A spreadsheet row, compared with the product of the same code at the time of reading. A field is NULL when
-- its column is missing or its value cannot be stored.
CREATE TABLE IF NOT EXISTS product_import_row (
  import_id   INT UNSIGNED NOT NULL,
  reading     INT UNSIGNED NOT NULL,
  -- From 1, across all sheets.
  number      INT UNSIGNED NOT NULL,
  -- Row number as the spreadsheet program shows it.
  sheet       TINYINT UNSIGNED NOT NULL,
  line        INT UNSIGNED NOT NULL,
  code        VARCHAR(50)  NULL,
  name        VARCHAR(100) NULL,
  description VARCHAR(500) NULL,
  category    VARCHAR(50)  NULL,
  quantity    INT          NULL,
  unit        VARCHAR(30)  NULL,
  kind        ENUM ('wrong', 'changed', 'new', 'unchanged') NOT NULL,
  product_id  INT UNSIGNED NULL,
  version     INT UNSIGNED NULL,
  -- The product before the change.
  was         JSON         NULL,
  problems    JSON         NULL,
  PRIMARY KEY (import_id, reading, number),
  KEY (import_id, reading, kind, number),
  KEY (import_id, reading, code)
);

ALTER TABLE stock_movement
  MODIFY COLUMN reason ENUM ('initial', 'edit', 'count', 'adjustment', 'import') NOT NULL;
