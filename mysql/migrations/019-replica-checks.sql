-- Replicas out of use, and how far the comparison with the primary has come (docs/decisions/replica-checks.md).
-- Idempotent.

-- By position in the configuration, like the names of the servers. The set-up deletes the row once it has cloned
-- the replica anew.
CREATE TABLE IF NOT EXISTS replica_fault (
  server   VARCHAR(20) NOT NULL COLLATE ascii_bin PRIMARY KEY,
  fault    ENUM ('crashing', 'different', 'unreadable') NOT NULL,
  -- Where it was found, if in a table.
  in_table VARCHAR(64) NULL COLLATE ascii_bin,
  found_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3)
);

-- One row: the table and the key after which the comparison goes on. No row before the first one.
CREATE TABLE IF NOT EXISTS replica_check (
  id        TINYINT UNSIGNED NOT NULL PRIMARY KEY,
  in_table  VARCHAR(64)      NULL COLLATE ascii_bin,
  after_key JSON             NULL
);
