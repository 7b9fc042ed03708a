-- Work in the background (docs/decisions/jobs.md). Can be run again.

-- Jobs that one instance runs at a time. The job may be claimed from due_at on: while it runs that is the end
-- of the lease, which the owner keeps moving; afterwards it is the next run.
CREATE TABLE IF NOT EXISTS job_lease (
  name    VARCHAR(40)  NOT NULL COLLATE ascii_bin PRIMARY KEY,
  owner   VARCHAR(40)  NULL COLLATE ascii_bin,
  -- Fences off an owner that was taken over: it no longer has the current number.
  attempt INT UNSIGNED NOT NULL DEFAULT 0,
  due_at  DATETIME(3)  NOT NULL
);

-- What a transaction has caused and an instance is to carry out after the commit. A row is deleted once that
-- has succeeded; one that keeps failing stays.
CREATE TABLE IF NOT EXISTS outbox (
  -- Random: a promoted replica that lacks the last rows would give a number out twice.
  id         CHAR(36)     NOT NULL COLLATE ascii_bin PRIMARY KEY,
  kind       VARCHAR(60)  NOT NULL COLLATE ascii_bin,
  payload    JSON         NOT NULL,
  -- As in job_lease; after a failure, the next attempt.
  due_at     DATETIME(3)  NOT NULL,
  owner      VARCHAR(40)  NULL COLLATE ascii_bin,
  attempts   INT UNSIGNED NOT NULL DEFAULT 0,
  -- The kind of the last error, never its text.
  last_error VARCHAR(60)  NULL,
  created_at DATETIME(3)  NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  KEY (due_at)
);
