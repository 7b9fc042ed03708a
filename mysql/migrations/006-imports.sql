-- Products from spreadsheets. Can be run again.

-- An uploaded file, in parts: any instance can read it, from the beginning or from anywhere, whichever
-- took it. No foreign key to product_import, which is written once all parts are there.
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
  -- Why the file was refused, or why it is in preview again.
  notice      JSON         NULL,
  -- What stands in the file, and which column is which field.
  findings    JSON         NULL,
  totals      JSON         NULL,
  -- The attempt whose rows in product_import_row count.
  reading     INT UNSIGNED NULL,
  -- In thousandths.
  progress    SMALLINT UNSIGNED NOT NULL DEFAULT 0,
  applied_by  INT UNSIGNED NULL,
  applied_at  DATETIME(3)  NULL,
  -- Of the request that asked for it to be applied, for the audit trail.
  address     VARCHAR(45)  NOT NULL DEFAULT '' COLLATE ascii_bin,
  request_id  VARCHAR(64)  NOT NULL DEFAULT '' COLLATE ascii_bin,
  -- There is work to do while lease_until is set; whoever finds it in the past takes the work over, under
  -- the next number: what comes from an earlier attempt does not count any more.
  lease_until DATETIME(3)  NULL,
  owner       VARCHAR(40)  NULL COLLATE ascii_bin,
  attempt     INT UNSIGNED NOT NULL DEFAULT 0,
  -- Attempts at the present work.
  tries       INT UNSIGNED NOT NULL DEFAULT 0,
  created_at  DATETIME(3)  NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  -- Its rows and its file are kept until then.
  expires_at  DATETIME(3)  NULL,
  KEY (lease_until),
  KEY (expires_at),
  FOREIGN KEY (user_id) REFERENCES user (id)
);

-- One row of the spreadsheet, compared with the product of its code when it was read. A field is NULL when
-- the file has no such column, or nothing that could be stored in it.
CREATE TABLE IF NOT EXISTS product_import_row (
  import_id   INT UNSIGNED NOT NULL,
  reading     INT UNSIGNED NOT NULL,
  -- From 1, through all sheets.
  number      INT UNSIGNED NOT NULL,
  -- Where it stands in the file, as a spreadsheet program counts.
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
  -- The product as it was, of a changed one.
  was         JSON         NULL,
  problems    JSON         NULL,
  PRIMARY KEY (import_id, reading, number),
  KEY (import_id, reading, kind, number),
  KEY (import_id, reading, code)
);

ALTER TABLE stock_movement
  MODIFY COLUMN reason ENUM ('initial', 'edit', 'count', 'adjustment', 'import') NOT NULL;
