-- Outcomes of writes, kept for a day to answer repeated requests.
CREATE TABLE IF NOT EXISTS completed_write (
  -- HMAC of the user, the idempotency key and the whole request: other fields make it another write.
  id         BINARY(32)   NOT NULL PRIMARY KEY,
  -- JSON, exactly as answered. NULL only inside the transaction that does the write.
  outcome    MEDIUMTEXT   NULL,
  repeats    INT UNSIGNED NOT NULL DEFAULT 0,
  created_at DATETIME(3)  NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  KEY (created_at)
);

-- The primaries so far, one row per promotion; the highest term is current. Replicated to every server, so
-- an old primary that comes back is recognised by its lower term.
CREATE TABLE IF NOT EXISTS primary_term (
  term        INT UNSIGNED NOT NULL PRIMARY KEY,
  server_uuid CHAR(36)     NOT NULL COLLATE ascii_bin,
  since       DATETIME(3)  NOT NULL DEFAULT CURRENT_TIMESTAMP(3)
);
