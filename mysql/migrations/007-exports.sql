-- Export progress, updated every second by the exporting instance; the waiting page may ask any instance.
-- Rows are deleted after an hour.
CREATE TABLE IF NOT EXISTS export_progress (
  user_id      INT UNSIGNED NOT NULL,
  -- Random, chosen by the page.
  id           BINARY(16)   NOT NULL,
  state        ENUM ('running', 'done', 'failed', 'cancelled') NOT NULL,
  rows_written INT UNSIGNED NOT NULL,
  -- NULL where counting would take as long as exporting.
  total        INT UNSIGNED NULL,
  updated_at   DATETIME(3)  NOT NULL,
  PRIMARY KEY (user_id, id),
  KEY (updated_at)
);
