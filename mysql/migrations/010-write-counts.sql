-- Writes per actor and database group, counted in each write's transaction: a replica that shows a lower
-- count must not serve the actor. The previous version uses last_write with GTIDs. Idempotent.
CREATE TABLE IF NOT EXISTS write_count (
  database_group VARCHAR(20)     NOT NULL COLLATE ascii_bin,
  actor_kind     ENUM ('user', 'customer', 'token', 'system') NOT NULL,
  actor_id       INT UNSIGNED    NOT NULL,
  writes         BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (actor_kind, actor_id, database_group)
);
