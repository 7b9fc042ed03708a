-- Idempotent: MySQL commits each CREATE separately, so an interrupted run starts over.

CREATE TABLE IF NOT EXISTS user (
  id                   INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  username             VARCHAR(50)  NOT NULL UNIQUE,
  password_hash        CHAR(60)     NOT NULL COLLATE ascii_bin,
  must_change_password BOOLEAN      NOT NULL DEFAULT FALSE,
  created_at           DATETIME(3)  NOT NULL DEFAULT CURRENT_TIMESTAMP(3)
);

-- The GTID of each user's last write: a replica that has not executed it must not serve the user. Not in
-- user, whose rows other transactions lock for their foreign keys.
CREATE TABLE IF NOT EXISTS last_write (
  user_id  INT UNSIGNED NOT NULL PRIMARY KEY,
  source   CHAR(36)     NOT NULL COLLATE ascii_bin,
  sequence BIGINT       NOT NULL
);

CREATE TABLE IF NOT EXISTS session (
  -- SHA-256 of the session id, so a leaked row opens no session.
  id         BINARY(32)   NOT NULL PRIMARY KEY,
  user_id    INT UNSIGNED NULL,
  data       JSON         NOT NULL,
  expires_at DATETIME(3)  NOT NULL,
  KEY (expires_at),
  FOREIGN KEY (user_id) REFERENCES user (id) ON DELETE CASCADE
);

CREATE TABLE IF NOT EXISTS category (
  id   INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name VARCHAR(50)  NOT NULL UNIQUE
);

INSERT IGNORE INTO category (name)
VALUES ('Electrónicos'), ('Ropa'), ('Alimentos'), ('Hogar'), ('Deportes'), ('Libros'), ('Otros');

CREATE TABLE IF NOT EXISTS product (
  id          INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  code        VARCHAR(50)  NOT NULL UNIQUE,
  name        VARCHAR(100) NOT NULL,
  description VARCHAR(500) NOT NULL DEFAULT '',
  category_id INT UNSIGNED NOT NULL,
  -- Signed, so that a result below zero fails the CHECK instead of overflowing.
  quantity    INT          NOT NULL CHECK (quantity >= 0),
  available   BOOLEAN      AS (quantity > 0) STORED NOT NULL,
  unit        VARCHAR(30)  NOT NULL,
  version     INT UNSIGNED NOT NULL DEFAULT 1,
  created_at  DATETIME(3)  NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  updated_at  DATETIME(3)  NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  KEY (name),
  KEY (category_id),
  KEY (quantity),
  KEY (available),
  KEY (unit),
  FOREIGN KEY (category_id) REFERENCES category (id)
);

-- Deleted products move here and keep their id until restored; the code becomes free.
CREATE TABLE IF NOT EXISTS deleted_product (
  id          INT UNSIGNED NOT NULL PRIMARY KEY,
  code        VARCHAR(50)  NOT NULL,
  name        VARCHAR(100) NOT NULL,
  description VARCHAR(500) NOT NULL,
  category_id INT UNSIGNED NOT NULL,
  quantity    INT          NOT NULL,
  unit        VARCHAR(30)  NOT NULL,
  version     INT UNSIGNED NOT NULL,
  created_at  DATETIME(3)  NOT NULL,
  deleted_at  DATETIME(3)  NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  deleted_by  INT UNSIGNED NOT NULL,
  FOREIGN KEY (category_id) REFERENCES category (id),
  FOREIGN KEY (deleted_by) REFERENCES user (id)
);

-- Append-only: the application may insert and read. No foreign key, because movements outlive their product.
CREATE TABLE IF NOT EXISTS stock_movement (
  id             BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  product_id     INT UNSIGNED    NOT NULL,
  delta          INT             NOT NULL CHECK (delta <> 0),
  quantity_after INT             NOT NULL CHECK (quantity_after >= 0),
  reason         ENUM ('initial', 'edit', 'count', 'adjustment') NOT NULL,
  user_id        INT UNSIGNED    NOT NULL,
  created_at     DATETIME(3)     NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  KEY (product_id, id),
  FOREIGN KEY (user_id) REFERENCES user (id)
);
