-- History rows that a replaced primary had written and sent to no one. They are copied here before the server
-- is cloned from its successor, which lacks them (docs/replication.md).
CREATE TABLE IF NOT EXISTS unsent_row (
  -- SHA-256 of `source` and `content`: a copy that is repeated adds nothing.
  id          BINARY(32)   NOT NULL PRIMARY KEY,
  kept_at     DATETIME(3)  NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  server_uuid CHAR(36)     NOT NULL COLLATE ascii_bin,
  -- The table it is from.
  source      VARCHAR(64)  NOT NULL COLLATE ascii_bin,
  content     JSON         NOT NULL
);
