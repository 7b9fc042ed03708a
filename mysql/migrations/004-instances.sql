-- The status of each web instance, updated every few seconds for the System page.
CREATE TABLE IF NOT EXISTS instance_heartbeat (
  instance      VARCHAR(40) NOT NULL COLLATE ascii_bin PRIMARY KEY,
  version       VARCHAR(40) NOT NULL,
  started_at    DATETIME(3) NOT NULL,
  seen_at       DATETIME(3) NOT NULL,
  -- The next update is due by then; a later instance counts as silent.
  due_at        DATETIME(3) NOT NULL,
  -- While the page is open, all instances update more often.
  watched_until DATETIME(3) NULL,
  state         JSON        NOT NULL
);
