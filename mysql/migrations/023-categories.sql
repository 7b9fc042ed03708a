-- Categories are renamed, merged and deleted, and their products counted (docs/decisions/categories.md). Idempotent.

-- How many products each category has: the sum of its rows. Each connection writes a row of its own (the triggers in
-- mysql/triggers.sql), so that people who save products of one category do not wait for each other. A clean-up adds
-- the rows up in that of writer 0.
CREATE TABLE IF NOT EXISTS category_count (
  category_id INT UNSIGNED    NOT NULL,
  writer      BIGINT UNSIGNED NOT NULL DEFAULT 0,
  products    INT             NOT NULL DEFAULT 0,
  PRIMARY KEY (category_id, writer),
  KEY (writer)
);

-- Renamed categories whose products are being indexed under the new name. Not in category, whose rows other
-- transactions lock for their foreign keys.
CREATE TABLE IF NOT EXISTS category_rename (
  category_id  INT UNSIGNED NOT NULL PRIMARY KEY,
  -- Grows with each rename: a batch of an earlier one does not count.
  revision     INT UNSIGNED NOT NULL DEFAULT 1,
  -- Products from this number on are to be indexed.
  reindex_from INT UNSIGNED NOT NULL DEFAULT 0
);

-- Merges that are under way: products of the source are moving to the target.
CREATE TABLE IF NOT EXISTS category_merge (
  source_id  INT UNSIGNED NOT NULL PRIMARY KEY,
  target_id  INT UNSIGNED NOT NULL,
  started_at DATETIME(3)  NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  KEY (target_id)
);

-- Names that a category had until lately, for forms that were opened before. NULL: the category was deleted.
CREATE TABLE IF NOT EXISTS former_category (
  name        VARCHAR(50)  NOT NULL PRIMARY KEY,
  category_id INT UNSIGNED NULL,
  changed_at  DATETIME(3)  NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  KEY (changed_at),
  KEY (category_id)
);
