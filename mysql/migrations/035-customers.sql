-- Customers of the shop, and e-mails to them (docs/decisions/customers.md, mail.md). Idempotent.
-- Tables that grow are extended by 4 MB (017-reserve-space.sql).

CREATE TABLE IF NOT EXISTS customer (
  id            INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  -- In small letters, and confirmed: an account begins with the link in its first e-mail. Compared byte by byte, as in the
  -- other collation of this schema another address could pass for it.
  email         VARCHAR(254) NOT NULL COLLATE ascii_bin,
  name          VARCHAR(100) NOT NULL,
  phone         VARCHAR(50)  NOT NULL DEFAULT '',
  language      VARCHAR(5)   NOT NULL,
  password_hash VARCHAR(100) NOT NULL,
  -- Where the last log-in came from: wrong passwords from elsewhere do not lock its owner out.
  last_network  VARCHAR(50)  NOT NULL DEFAULT '',
  created_at    DATETIME(3)  NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  UNIQUE KEY email (email)
) AUTOEXTEND_SIZE = 4M;

-- What a link in an e-mail does, once. The link is the id with a signature, so the table does not open accounts.
CREATE TABLE IF NOT EXISTS customer_token (
  id          BINARY(16)   NOT NULL PRIMARY KEY,
  kind        ENUM ('register', 'reset', 'email') NOT NULL,
  -- 'asked' until the e-mail is queued: only then is it known whether there is an account.
  state       ENUM ('asked', 'open', 'used', 'refused') NOT NULL DEFAULT 'asked',
  -- To which the link is sent.
  email       VARCHAR(254) NOT NULL COLLATE ascii_bin,
  customer_id INT UNSIGNED NULL DEFAULT NULL,
  language    VARCHAR(5)   NOT NULL,
  -- Name and hash of the password of a new account, until the link is used.
  details     JSON         NULL DEFAULT NULL,
  created_at  DATETIME(3)  NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  expires_at  DATETIME(3)  NOT NULL,
  KEY email (email, kind, created_at),
  KEY customer (customer_id),
  KEY expires_at (expires_at)
) AUTOEXTEND_SIZE = 4M;

CREATE TABLE IF NOT EXISTS customer_address (
  id           INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  customer_id  INT UNSIGNED NOT NULL,
  -- Of the person who receives.
  name         VARCHAR(100) NOT NULL,
  phone        VARCHAR(50)  NOT NULL,
  -- ISO 3166.
  country      CHAR(2)      NOT NULL COLLATE ascii_bin,
  -- Department or province.
  region       VARCHAR(80)  NOT NULL,
  municipality VARCHAR(80)  NOT NULL,
  street       VARCHAR(200) NOT NULL,
  postal_code  VARCHAR(12)  NOT NULL DEFAULT '',
  -- For who delivers.
  directions   VARCHAR(200) NOT NULL DEFAULT '',
  version      INT UNSIGNED NOT NULL DEFAULT 1,
  KEY customer (customer_id)
) AUTOEXTEND_SIZE = 4M;

CREATE TABLE IF NOT EXISTS customer_session (
  -- SHA-256 of the cookie.
  id          BINARY(32)   NOT NULL PRIMARY KEY,
  customer_id INT UNSIGNED NOT NULL,
  created_at  DATETIME(3)  NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  expires_at  DATETIME(3)  NOT NULL,
  KEY customer (customer_id),
  KEY expires_at (expires_at)
) AUTOEXTEND_SIZE = 4M;

-- Every e-mail to a customer, once for its event.
CREATE TABLE IF NOT EXISTS mail (
  -- That of its outbox entry, and its Message-ID.
  id         CHAR(36)     NOT NULL COLLATE ascii_bin PRIMARY KEY,
  event_key  VARCHAR(100) NOT NULL COLLATE ascii_bin,
  recipient  VARCHAR(254) NOT NULL COLLATE ascii_bin,
  language   VARCHAR(5)   NOT NULL,
  template   VARCHAR(40)  NOT NULL COLLATE ascii_bin,
  data       JSON         NOT NULL,
  -- 'kept': there was no mail server when it was made.
  state      ENUM ('waiting', 'sent', 'kept', 'given_up') NOT NULL DEFAULT 'waiting',
  created_at DATETIME(3)  NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  sent_at    DATETIME(3)  NULL DEFAULT NULL,
  UNIQUE KEY event_key (event_key),
  KEY created_at (created_at, id),
  KEY recipient (recipient)
) AUTOEXTEND_SIZE = 4M;
