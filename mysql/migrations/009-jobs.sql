-- Background work (docs/decisions/jobs.md). Idempotent.

-- Jobs that run on one instance at a time. A job may be claimed from due_at on: the end of the lease, which
-- the owner keeps extending while the job runs, then the next run.
CREATE TABLE IF NOT EXISTS job_lease (
  name    VARCHAR(40)  NOT NULL COLLATE ascii_bin PRIMARY KEY,
  owner   VARCHAR(40)  NULL COLLATE ascii_bin,
  -- Fencing token: a replaced owner has an older number.
  attempt INT UNSIGNED NOT NULL DEFAULT 0,
  due_at  DATETIME(3)  NOT NULL
);

-- Effects to run after a transaction commits. Rows are deleted on success; failing ones stay.
CREATE TABLE IF NOT EXISTS outbox (
  -- Random: a promoted replica that lacks the last rows would reuse an AUTO_INCREMENT value.
  id         CHAR(36)     NOT NULL COLLATE ascii_bin PRIMARY KEY,
  kind       VARCHAR(60)  NOT NULL COLLATE ascii_bin,
  payload    JSON         NOT NULL,
  -- As in job_lease; after a failure, the next attempt.
  due_at     DATETIME(3)  NOT NULL,
  owner      VARCHAR(40)  NULL COLLATE ascii_bin,
  attempts   INT UNSIGNED NOT NULL DEFAULT 0,
  -- The kind of the last error, never its message.
  last_error VARCHAR(60)  NULL,
  created_at DATETIME(3)  NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  KEY (due_at)
);
