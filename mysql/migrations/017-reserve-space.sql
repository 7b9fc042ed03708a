-- On a full disk, MySQL ends when InnoDB cannot extend a table from which it is removing old versions of rows. InnoDB
-- keeps space free for that only in files of more than 1 MB, so tables that grow are extended by 4 MB. Idempotent.
ALTER TABLE completed_write AUTOEXTEND_SIZE = 4M, ALGORITHM = INPLACE, LOCK = NONE;
ALTER TABLE session AUTOEXTEND_SIZE = 4M, ALGORITHM = INPLACE, LOCK = NONE;
ALTER TABLE audit_event AUTOEXTEND_SIZE = 4M, ALGORITHM = INPLACE, LOCK = NONE;
ALTER TABLE product AUTOEXTEND_SIZE = 4M, ALGORITHM = INPLACE, LOCK = NONE;
ALTER TABLE stock_movement AUTOEXTEND_SIZE = 4M, ALGORITHM = INPLACE, LOCK = NONE;
ALTER TABLE product_event AUTOEXTEND_SIZE = 4M, ALGORITHM = INPLACE, LOCK = NONE;
ALTER TABLE search_posting AUTOEXTEND_SIZE = 4M, ALGORITHM = INPLACE, LOCK = NONE;
ALTER TABLE search_pending AUTOEXTEND_SIZE = 4M, ALGORITHM = INPLACE, LOCK = NONE;
