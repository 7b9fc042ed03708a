-- The outcome of each write, kept for a day: a request that comes again gets it again.
CREATE TABLE IF NOT EXISTS completed_write (
  -- HMAC of the user, the idempotency key, and all that was asked: the same key with other fields is
  -- another write.
  id         BINARY(32)   NOT NULL PRIMARY KEY,
  -- JSON, letter by letter as it was answered. NULL only inside the transaction that carries it out.
  outcome    MEDIUMTEXT   NULL,
  repeats    INT UNSIGNED NOT NULL DEFAULT 0,
  created_at DATETIME(3)  NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  KEY (created_at)
);

-- Which server has been the primary, one row for each promotion: the highest term counts. Every server
-- has it by replication, so that an old primary that comes back is known by its lower term.
CREATE TABLE IF NOT EXISTS primary_term (
  term        INT UNSIGNED NOT NULL PRIMARY KEY,
  server_uuid CHAR(36)     NOT NULL COLLATE ascii_bin,
  since       DATETIME(3)  NOT NULL DEFAULT CURRENT_TIMESTAMP(3)
);
