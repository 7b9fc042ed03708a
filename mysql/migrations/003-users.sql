-- Roles, limits for log-ins, and the audit trail. Can be run again: MySQL has no ADD COLUMN IF NOT
-- EXISTS, so the one ALTER that could not be repeated asks first.

-- Who was there before had every right and keeps it. That is one statement, so no start that is cut off
-- leaves an administrator without it.
SET @add_roles = IF(
  EXISTS (
    SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'user' AND column_name = 'role'
  ),
  'DO 0',
  "ALTER TABLE user
     ADD COLUMN role ENUM ('viewer', 'clerk', 'administrator') NOT NULL DEFAULT 'administrator',
     ADD COLUMN disabled_at DATETIME(3) NULL"
);
PREPARE add_roles FROM @add_roles;
EXECUTE add_roles;
DEALLOCATE PREPARE add_roles;

-- From now on, nobody gets more rights by being forgotten.
ALTER TABLE user ALTER COLUMN role SET DEFAULT 'viewer';

-- Wrong log-ins in a window of time. The collation is that of user.username: two spellings that log the
-- same person in count as one.
CREATE TABLE IF NOT EXISTS login_attempt (
  -- "pair", "address" or "user", and which one
  subject        VARCHAR(300) NOT NULL PRIMARY KEY,
  attempts       INT UNSIGNED NOT NULL,
  -- of which this many have not been compared yet
  pending        INT UNSIGNED NOT NULL,
  window_ends_at DATETIME(3)  NOT NULL,
  reported       BOOLEAN      NOT NULL DEFAULT FALSE,
  KEY (window_ends_at)
);

-- Append-only, like stock_movement. No foreign keys: what happened stays true whatever becomes of the
-- user or product.
CREATE TABLE IF NOT EXISTS audit_event (
  id          BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  created_at  DATETIME(3)     NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  action      VARCHAR(40)     NOT NULL COLLATE ascii_bin,
  kind        VARCHAR(40)     COLLATE ascii_bin AS (SUBSTRING_INDEX(action, '.', 1)) STORED NOT NULL,
  user_id     INT UNSIGNED    NULL,
  address     VARCHAR(45)     NOT NULL COLLATE ascii_bin,
  target_id   INT UNSIGNED    NULL,
  target_name VARCHAR(100)    NULL,
  details     JSON            NULL,
  request_id  VARCHAR(64)     NOT NULL COLLATE ascii_bin,
  KEY (user_id, id),
  KEY (user_id, action, created_at),
  KEY (kind, id)
);
