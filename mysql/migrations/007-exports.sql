-- How far an export is, written by the instance that makes it every second: the page that waits for it may
-- ask any other. Rows are deleted after an hour.
CREATE TABLE IF NOT EXISTS export_progress (
  user_id      INT UNSIGNED NOT NULL,
  -- Chosen by the page, at random.
  id           BINARY(16)   NOT NULL,
  state        ENUM ('running', 'done', 'failed', 'cancelled') NOT NULL,
  rows_written INT UNSIGNED NOT NULL,
  -- NULL where counting would take as long as the export.
  total        INT UNSIGNED NULL,
  updated_at   DATETIME(3)  NOT NULL,
  PRIMARY KEY (user_id, id),
  KEY (updated_at)
);
