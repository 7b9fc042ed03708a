-- What an installation keeps as long as it has data: the currency of its amounts (docs/decisions/money.md). Idempotent.
CREATE TABLE IF NOT EXISTS installation (
  -- The set-up makes the only row.
  id       TINYINT UNSIGNED NOT NULL PRIMARY KEY DEFAULT 1 CHECK (id = 1),
  -- ISO 4217.
  currency CHAR(3)          NOT NULL COLLATE ascii_bin
);
