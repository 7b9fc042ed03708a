-- What each web instance says of itself, one row each, written over every few seconds: the page System
-- shows them all, whichever instance draws it.
CREATE TABLE IF NOT EXISTS instance_heartbeat (
  instance      VARCHAR(40) NOT NULL COLLATE ascii_bin PRIMARY KEY,
  version       VARCHAR(40) NOT NULL,
  started_at    DATETIME(3) NOT NULL,
  seen_at       DATETIME(3) NOT NULL,
  -- When it will write again at the latest: an instance that lets that pass is silent.
  due_at        DATETIME(3) NOT NULL,
  -- Somebody looks at the page until then, so all of them write more often.
  watched_until DATETIME(3) NULL,
  state         JSON        NOT NULL
);
