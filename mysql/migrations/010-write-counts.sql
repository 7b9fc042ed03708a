-- How many writes each person has made in a group of databases, raised in the transaction of each write: a
-- replica that shows a lower count must not serve the person. last_write, with GTIDs, is what the version
-- before goes by. Can be run again.
CREATE TABLE IF NOT EXISTS write_count (
  database_group VARCHAR(20)     NOT NULL COLLATE ascii_bin,
  actor_kind     ENUM ('user', 'customer', 'token', 'system') NOT NULL,
  actor_id       INT UNSIGNED    NOT NULL,
  writes         BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (actor_kind, actor_id, database_group)
);
