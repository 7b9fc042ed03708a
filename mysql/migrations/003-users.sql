-- Roles, log-in limits and the audit trail. Idempotent: MySQL has no ADD COLUMN IF NOT EXISTS, so the
-- ALTER is conditional.

-- Existing users had all rights and keep them. A single statement, so an interrupted run leaves no
-- administrator without them.
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

-- New users get the fewest rights by default.
ALTER TABLE user ALTER COLUMN role SET DEFAULT 'viewer';

-- Failed log-ins per time window. The collation matches user.username, so all spellings that log in the
-- same user count as one.
CREATE TABLE IF NOT EXISTS login_attempt (
  -- "pair", "address" or "user", followed by its value
  subject        VARCHAR(300) NOT NULL PRIMARY KEY,
  attempts       INT UNSIGNED NOT NULL,
  -- attempts whose password is still being checked
  pending        INT UNSIGNED NOT NULL,
  window_ends_at DATETIME(3)  NOT NULL,
  reported       BOOLEAN      NOT NULL DEFAULT FALSE,
  KEY (window_ends_at)
);

-- Append-only, like stock_movement. No foreign keys: events outlive users and products.
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
