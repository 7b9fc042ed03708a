-- Triggers on every product change. The set-up runs this as root after the migrations, because with binary
-- logging MySQL lets no other account create triggers. Idempotent.

CREATE DEFINER = inventario_migrator@'%' TRIGGER IF NOT EXISTS product_inserted
AFTER INSERT ON product FOR EACH ROW
INSERT INTO search_pending (product_id) VALUES (NEW.id);

-- Compares bytes: words that collate as equal may still differ to the search.
CREATE DEFINER = inventario_migrator@'%' TRIGGER IF NOT EXISTS product_updated
AFTER UPDATE ON product FOR EACH ROW
INSERT INTO search_pending (product_id)
SELECT NEW.id
WHERE NEW.name COLLATE utf8mb4_0900_bin <> OLD.name
   OR NEW.code COLLATE utf8mb4_0900_bin <> OLD.code
   OR NEW.description COLLATE utf8mb4_0900_bin <> OLD.description
   OR NEW.category_id <> OLD.category_id
   OR NEW.available <> OLD.available;

-- What came later, in a trigger of its own: none is missing while products are saved.
CREATE DEFINER = inventario_migrator@'%' TRIGGER IF NOT EXISTS product_details_updated
AFTER UPDATE ON product FOR EACH ROW
INSERT INTO search_pending (product_id)
SELECT NEW.id
WHERE NEW.location COLLATE utf8mb4_0900_bin <> OLD.location
   OR NEW.tags COLLATE utf8mb4_0900_bin <> OLD.tags
   OR NEW.stock_level <> OLD.stock_level
   OR NOT NEW.supplier_id <=> OLD.supplier_id;

CREATE DEFINER = inventario_migrator@'%' TRIGGER IF NOT EXISTS product_sale_updated
AFTER UPDATE ON product FOR EACH ROW
IF NEW.on_sale <> OLD.on_sale THEN
  INSERT INTO search_pending (product_id) VALUES (NEW.id);
END IF;

-- The number of products of each category. A row of its own for each connection: no two wait for each other.
CREATE DEFINER = inventario_migrator@'%' TRIGGER IF NOT EXISTS category_gained
AFTER INSERT ON product FOR EACH ROW
INSERT INTO category_count (category_id, writer, products) VALUES (NEW.category_id, CONNECTION_ID(), 1)
ON DUPLICATE KEY UPDATE products = products + 1;

CREATE DEFINER = inventario_migrator@'%' TRIGGER IF NOT EXISTS category_lost
AFTER DELETE ON product FOR EACH ROW
INSERT INTO category_count (category_id, writer, products) VALUES (OLD.category_id, CONNECTION_ID(), -1)
ON DUPLICATE KEY UPDATE products = products - 1;

CREATE DEFINER = inventario_migrator@'%' TRIGGER IF NOT EXISTS category_changed
AFTER UPDATE ON product FOR EACH ROW
IF OLD.category_id <> NEW.category_id THEN
  INSERT INTO category_count (category_id, writer, products)
  VALUES (OLD.category_id, CONNECTION_ID(), -1), (NEW.category_id, CONNECTION_ID(), 1)
  ON DUPLICATE KEY UPDATE products = products + VALUES(products);
END IF;

-- The previous version does not know the decimals of a quantity (docs/decisions/decimal-quantities.md): it must not take
-- the last whole unit of a fraction.
CREATE DEFINER = inventario_migrator@'%' TRIGGER IF NOT EXISTS quantity_not_below_zero
BEFORE UPDATE ON product FOR EACH ROW
IF NEW.quantity = 0 AND NEW.rounded_up > 0 THEN
  SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'A quantity must not be below zero';
END IF;

-- Nor does it know these columns, which what it deletes and restores must keep.
CREATE DEFINER = inventario_migrator@'%' TRIGGER IF NOT EXISTS deleted_whole
BEFORE INSERT ON deleted_product FOR EACH ROW
IF EXISTS (SELECT 1 FROM product WHERE id = NEW.id) THEN
  SET NEW.rounded_up = (SELECT rounded_up FROM product WHERE id = NEW.id),
    NEW.price = (SELECT price FROM product WHERE id = NEW.id),
    NEW.cost = (SELECT cost FROM product WHERE id = NEW.id),
    NEW.tax_rate = (SELECT tax_rate FROM product WHERE id = NEW.id),
    NEW.location = (SELECT location FROM product WHERE id = NEW.id),
    NEW.minimum_stock = (SELECT minimum_stock FROM product WHERE id = NEW.id),
    NEW.order_quantity = (SELECT order_quantity FROM product WHERE id = NEW.id),
    NEW.supplier_id = (SELECT supplier_id FROM product WHERE id = NEW.id),
    NEW.supplier_code = (SELECT supplier_code FROM product WHERE id = NEW.id),
    NEW.tags = (SELECT tags FROM product WHERE id = NEW.id),
    NEW.notes = (SELECT notes FROM product WHERE id = NEW.id),
    NEW.barcodes = (SELECT barcodes FROM product WHERE id = NEW.id);
END IF;

CREATE DEFINER = inventario_migrator@'%' TRIGGER IF NOT EXISTS restored_whole
BEFORE INSERT ON product FOR EACH ROW
IF NEW.id > 0 AND EXISTS (SELECT 1 FROM deleted_product WHERE id = NEW.id) THEN
  SET NEW.rounded_up = (SELECT rounded_up FROM deleted_product WHERE id = NEW.id),
    NEW.price = (SELECT price FROM deleted_product WHERE id = NEW.id),
    NEW.cost = (SELECT cost FROM deleted_product WHERE id = NEW.id),
    NEW.tax_rate = (SELECT tax_rate FROM deleted_product WHERE id = NEW.id),
    NEW.location = (SELECT location FROM deleted_product WHERE id = NEW.id),
    NEW.minimum_stock = (SELECT minimum_stock FROM deleted_product WHERE id = NEW.id),
    NEW.order_quantity = (SELECT order_quantity FROM deleted_product WHERE id = NEW.id),
    NEW.supplier_id = (SELECT supplier_id FROM deleted_product WHERE id = NEW.id),
    NEW.supplier_code = (SELECT supplier_code FROM deleted_product WHERE id = NEW.id),
    NEW.tags = (SELECT tags FROM deleted_product WHERE id = NEW.id),
    NEW.notes = (SELECT notes FROM deleted_product WHERE id = NEW.id),
    NEW.barcodes = (SELECT barcodes FROM deleted_product WHERE id = NEW.id);
END IF;

-- Nor what the shop needs.
CREATE DEFINER = inventario_migrator@'%' TRIGGER IF NOT EXISTS deleted_with_sale
BEFORE INSERT ON deleted_product FOR EACH ROW
IF EXISTS (SELECT 1 FROM product WHERE id = NEW.id) THEN
  SET NEW.on_sale = (SELECT on_sale FROM product WHERE id = NEW.id),
    NEW.weight = (SELECT weight FROM product WHERE id = NEW.id),
    NEW.seller_id = (SELECT seller_id FROM product WHERE id = NEW.id);
END IF;

CREATE DEFINER = inventario_migrator@'%' TRIGGER IF NOT EXISTS restored_with_sale
BEFORE INSERT ON product FOR EACH ROW
IF NEW.id > 0 AND EXISTS (SELECT 1 FROM deleted_product WHERE id = NEW.id) THEN
  SET NEW.on_sale = (SELECT on_sale FROM deleted_product WHERE id = NEW.id),
    NEW.weight = (SELECT weight FROM deleted_product WHERE id = NEW.id),
    NEW.seller_id = (SELECT seller_id FROM deleted_product WHERE id = NEW.id);
END IF;

-- The photos of a product that leaves the trash for good; one that is restored is a product again by then.
CREATE DEFINER = inventario_migrator@'%' TRIGGER IF NOT EXISTS photos_dropped
AFTER DELETE ON deleted_product FOR EACH ROW
IF NOT EXISTS (SELECT 1 FROM product WHERE id = OLD.id) THEN
  UPDATE photo JOIN product_photo ON product_photo.photo = photo.sha256
  SET photo.unused_since = UTC_TIMESTAMP(3)
  WHERE product_photo.product_id = OLD.id;
  DELETE FROM product_photo WHERE product_id = OLD.id;
END IF;

-- The columns of product that come from its row in book, and its place in the search index.
CREATE DEFINER = inventario_migrator@'%' TRIGGER IF NOT EXISTS book_added
AFTER INSERT ON book FOR EACH ROW
BEGIN
  UPDATE product
  SET is_book = TRUE, credits = CONCAT_WS('\n', NULLIF(NEW.authors, ''), NULLIF(NEW.publisher, ''))
  WHERE id = NEW.product_id;
  INSERT INTO search_pending (product_id) VALUES (NEW.product_id);
END;

CREATE DEFINER = inventario_migrator@'%' TRIGGER IF NOT EXISTS book_changed
AFTER UPDATE ON book FOR EACH ROW
IF NEW.authors COLLATE utf8mb4_0900_bin <> OLD.authors OR NEW.publisher COLLATE utf8mb4_0900_bin <> OLD.publisher
  OR NEW.year <> OLD.year OR NEW.language <> OLD.language OR NEW.binding <> OLD.binding THEN
  UPDATE product
  SET credits = CONCAT_WS('\n', NULLIF(NEW.authors, ''), NULLIF(NEW.publisher, ''))
  WHERE id = NEW.product_id;
  INSERT INTO search_pending (product_id) VALUES (NEW.product_id);
END IF;

CREATE DEFINER = inventario_migrator@'%' TRIGGER IF NOT EXISTS book_removed
AFTER DELETE ON book FOR EACH ROW
UPDATE product SET is_book = FALSE, credits = '' WHERE id = OLD.product_id;

-- A product in the trash keeps its row in book, also if an instance of the previous version deletes or restores it.
CREATE DEFINER = inventario_migrator@'%' TRIGGER IF NOT EXISTS restored_as_book
BEFORE INSERT ON product FOR EACH ROW
IF NEW.id > 0 AND EXISTS (SELECT 1 FROM book WHERE product_id = NEW.id) THEN
  SET NEW.is_book = TRUE,
    NEW.credits = (
      SELECT CONCAT_WS('\n', NULLIF(authors, ''), NULLIF(publisher, '')) FROM book WHERE product_id = NEW.id
    );
END IF;

CREATE DEFINER = inventario_migrator@'%' TRIGGER IF NOT EXISTS book_dropped
AFTER DELETE ON deleted_product FOR EACH ROW
IF NOT EXISTS (SELECT 1 FROM product WHERE id = OLD.id) THEN
  DELETE FROM book WHERE product_id = OLD.id;
END IF;

-- The barcodes of a product, in the form by which they are compared (src/products/barcodes.ts). One that another
-- product has fails the statement.
CREATE DEFINER = inventario_migrator@'%' TRIGGER IF NOT EXISTS barcodes_added
AFTER INSERT ON product FOR EACH ROW
IF NEW.barcodes <> '' THEN
  INSERT INTO product_barcode (barcode, product_id)
  SELECT IF(value REGEXP '^([0-9]{8}|[0-9]{12,14})$', LPAD(value, 14, '0'), UPPER(REPLACE(value, '*', ''))), NEW.id
  FROM JSON_TABLE(CONCAT('["', REPLACE(NEW.barcodes, ', ', '","'), '"]'), '$[*]' COLUMNS (value VARCHAR(50) PATH '$'))
    AS typed;
END IF;

CREATE DEFINER = inventario_migrator@'%' TRIGGER IF NOT EXISTS barcodes_removed
AFTER DELETE ON product FOR EACH ROW
IF OLD.barcodes <> '' THEN
  DELETE FROM product_barcode WHERE product_id = OLD.id;
END IF;

CREATE DEFINER = inventario_migrator@'%' TRIGGER IF NOT EXISTS barcodes_changed
AFTER UPDATE ON product FOR EACH ROW
IF OLD.barcodes COLLATE utf8mb4_0900_bin <> NEW.barcodes THEN
  DELETE FROM product_barcode WHERE product_id = OLD.id;
  IF NEW.barcodes <> '' THEN
    INSERT INTO product_barcode (barcode, product_id)
    SELECT IF(value REGEXP '^([0-9]{8}|[0-9]{12,14})$', LPAD(value, 14, '0'), UPPER(REPLACE(value, '*', ''))), NEW.id
    FROM JSON_TABLE(CONCAT('["', REPLACE(NEW.barcodes, ', ', '","'), '"]'), '$[*]' COLUMNS (value VARCHAR(50) PATH '$'))
      AS typed;
  END IF;
END IF;

-- The sums of the first page (docs/decisions/home.md): products, quantities and values by unit of measure, in a row of
-- its own for each connection. An import, which sets @sums_apart, adds them up itself (src/stock/bulk-sums.ts).
CREATE DEFINER = inventario_migrator@'%' TRIGGER IF NOT EXISTS totals_gained
AFTER INSERT ON product FOR EACH ROW
IF @sums_apart IS NULL THEN
  INSERT INTO stock_total
    (unit, writer, products, out_of_stock, low, quantity, price_value, cost_value, unpriced, uncosted)
  VALUES (
    NEW.unit, CONNECTION_ID(), 1, NEW.stock_level = 0, NEW.stock_level = 1, NEW.on_hand,
    NEW.on_hand * COALESCE(NEW.price, 0), NEW.on_hand * COALESCE(NEW.cost, 0),
    NEW.on_hand > 0 AND NEW.price IS NULL, NEW.on_hand > 0 AND NEW.cost IS NULL
  )
  ON DUPLICATE KEY UPDATE products = products + VALUES(products), out_of_stock = out_of_stock + VALUES(out_of_stock),
    low = low + VALUES(low), quantity = quantity + VALUES(quantity), price_value = price_value + VALUES(price_value),
    cost_value = cost_value + VALUES(cost_value), unpriced = unpriced + VALUES(unpriced),
    uncosted = uncosted + VALUES(uncosted);
END IF;

CREATE DEFINER = inventario_migrator@'%' TRIGGER IF NOT EXISTS totals_lost
AFTER DELETE ON product FOR EACH ROW
IF @sums_apart IS NULL THEN
  INSERT INTO stock_total
    (unit, writer, products, out_of_stock, low, quantity, price_value, cost_value, unpriced, uncosted)
  VALUES (
    OLD.unit, CONNECTION_ID(), -1, -(OLD.stock_level = 0), -(OLD.stock_level = 1), -OLD.on_hand,
    -OLD.on_hand * COALESCE(OLD.price, 0), -OLD.on_hand * COALESCE(OLD.cost, 0),
    -(OLD.on_hand > 0 AND OLD.price IS NULL), -(OLD.on_hand > 0 AND OLD.cost IS NULL)
  )
  ON DUPLICATE KEY UPDATE products = products + VALUES(products), out_of_stock = out_of_stock + VALUES(out_of_stock),
    low = low + VALUES(low), quantity = quantity + VALUES(quantity), price_value = price_value + VALUES(price_value),
    cost_value = cost_value + VALUES(cost_value), unpriced = unpriced + VALUES(unpriced),
    uncosted = uncosted + VALUES(uncosted);
END IF;

CREATE DEFINER = inventario_migrator@'%' TRIGGER IF NOT EXISTS totals_changed
AFTER UPDATE ON product FOR EACH ROW
IF @sums_apart IS NOT NULL THEN
  DO 0;
ELSEIF NOT OLD.unit <=> NEW.unit THEN
  INSERT INTO stock_total
    (unit, writer, products, out_of_stock, low, quantity, price_value, cost_value, unpriced, uncosted)
  VALUES (
    OLD.unit, CONNECTION_ID(), -1, -(OLD.stock_level = 0), -(OLD.stock_level = 1), -OLD.on_hand,
    -OLD.on_hand * COALESCE(OLD.price, 0), -OLD.on_hand * COALESCE(OLD.cost, 0),
    -(OLD.on_hand > 0 AND OLD.price IS NULL), -(OLD.on_hand > 0 AND OLD.cost IS NULL)
  ), (
    NEW.unit, CONNECTION_ID(), 1, NEW.stock_level = 0, NEW.stock_level = 1, NEW.on_hand,
    NEW.on_hand * COALESCE(NEW.price, 0), NEW.on_hand * COALESCE(NEW.cost, 0),
    NEW.on_hand > 0 AND NEW.price IS NULL, NEW.on_hand > 0 AND NEW.cost IS NULL
  )
  ON DUPLICATE KEY UPDATE products = products + VALUES(products), out_of_stock = out_of_stock + VALUES(out_of_stock),
    low = low + VALUES(low), quantity = quantity + VALUES(quantity), price_value = price_value + VALUES(price_value),
    cost_value = cost_value + VALUES(cost_value), unpriced = unpriced + VALUES(unpriced),
    uncosted = uncosted + VALUES(uncosted);
ELSEIF NOT (
  OLD.quantity <=> NEW.quantity AND OLD.rounded_up <=> NEW.rounded_up AND OLD.price <=> NEW.price
  AND OLD.cost <=> NEW.cost AND OLD.stock_level <=> NEW.stock_level
) THEN
  INSERT INTO stock_total
    (unit, writer, out_of_stock, low, quantity, price_value, cost_value, unpriced, uncosted)
  VALUES (
    NEW.unit, CONNECTION_ID(), (NEW.stock_level = 0) - (OLD.stock_level = 0),
    (NEW.stock_level = 1) - (OLD.stock_level = 1), NEW.on_hand - OLD.on_hand,
    NEW.on_hand * COALESCE(NEW.price, 0) - OLD.on_hand * COALESCE(OLD.price, 0),
    NEW.on_hand * COALESCE(NEW.cost, 0) - OLD.on_hand * COALESCE(OLD.cost, 0),
    (NEW.on_hand > 0 AND NEW.price IS NULL) - (OLD.on_hand > 0 AND OLD.price IS NULL),
    (NEW.on_hand > 0 AND NEW.cost IS NULL) - (OLD.on_hand > 0 AND OLD.cost IS NULL)
  )
  ON DUPLICATE KEY UPDATE out_of_stock = out_of_stock + VALUES(out_of_stock), low = low + VALUES(low),
    quantity = quantity + VALUES(quantity), price_value = price_value + VALUES(price_value),
    cost_value = cost_value + VALUES(cost_value), unpriced = unpriced + VALUES(unpriced),
    uncosted = uncosted + VALUES(uncosted);
END IF;

-- Since when a product is idle: something was taken out, or came to an empty shelf.
CREATE DEFINER = inventario_migrator@'%' TRIGGER IF NOT EXISTS idle_since_changed
BEFORE UPDATE ON product FOR EACH ROW
IF NEW.quantity - NEW.rounded_up < OLD.quantity - OLD.rounded_up OR (OLD.quantity = 0 AND NEW.quantity > 0) THEN
  SET NEW.idle_since = CURRENT_TIMESTAMP(3);
END IF;

-- How many movements came in and went out, and what they were worth at the cost of that moment.
CREATE DEFINER = inventario_migrator@'%' TRIGGER IF NOT EXISTS flow_counted
AFTER INSERT ON stock_movement FOR EACH ROW
IF @sums_apart IS NULL THEN
  INSERT INTO movement_flow (quarter, writer, movements_in, movements_out, value_in, value_out)
  SELECT TIMESTAMPDIFF(MINUTE, '1970-01-01', NEW.created_at) DIV 15, CONNECTION_ID(), NEW.exact_delta > 0,
    NEW.exact_delta < 0, GREATEST(NEW.exact_delta, 0) * COALESCE(MAX(cost), 0),
    GREATEST(-NEW.exact_delta, 0) * COALESCE(MAX(cost), 0)
  FROM product WHERE id = NEW.product_id
  ON DUPLICATE KEY UPDATE movements_in = movements_in + VALUES(movements_in),
    movements_out = movements_out + VALUES(movements_out), value_in = value_in + VALUES(value_in),
    value_out = value_out + VALUES(value_out);
END IF;

-- What people take out, but for losses, returns and corrections. The row of the product is locked already.
CREATE DEFINER = inventario_migrator@'%' TRIGGER IF NOT EXISTS outflow_counted
AFTER INSERT ON stock_movement FOR EACH ROW
IF NEW.reason = 'adjustment' AND NEW.delta < NEW.delta_rounded
  AND COALESCE(NEW.purpose, 'sale') IN ('sale', 'other') THEN
  INSERT INTO product_outflow_day (day, product_id, quantity)
  VALUES (DATEDIFF(NEW.created_at, '1970-01-01'), NEW.product_id, NEW.delta_rounded - NEW.delta)
  ON DUPLICATE KEY UPDATE quantity = quantity + VALUES(quantity);
  INSERT INTO product_outflow (product_id, quantity) VALUES (NEW.product_id, NEW.delta_rounded - NEW.delta)
  ON DUPLICATE KEY UPDATE quantity = quantity + VALUES(quantity);
END IF;

-- Every drop of a level of stock, whatever writes it; the alerts are sent from these rows (src/alerts). A product that is
-- new, or back from the trash, counts if it is to be ordered.
CREATE DEFINER = inventario_migrator@'%' TRIGGER IF NOT EXISTS level_dropped
AFTER UPDATE ON product FOR EACH ROW
IF NEW.stock_level < OLD.stock_level THEN
  INSERT INTO level_change (product_id, from_level, to_level) VALUES (NEW.id, OLD.stock_level, NEW.stock_level);
END IF;

CREATE DEFINER = inventario_migrator@'%' TRIGGER IF NOT EXISTS level_begun
AFTER INSERT ON product FOR EACH ROW
IF NEW.order_from IS NOT NULL THEN
  INSERT INTO level_change (product_id, to_level) VALUES (NEW.id, NEW.stock_level);
END IF;

-- Adds what is older than the triggers. One snapshot of both tables, so writes at the same time do no harm; later
-- runs find no difference.
INSERT INTO category_count (category_id, writer, products)
SELECT category_id, 0, SUM(missing) FROM (
  SELECT category_id, COUNT(*) AS missing FROM product GROUP BY category_id
  UNION ALL
  SELECT category_id, -SUM(products) FROM category_count GROUP BY category_id
) AS counted
GROUP BY category_id HAVING SUM(missing) <> 0
ON DUPLICATE KEY UPDATE products = products + VALUES(products);

INSERT INTO stock_total
  (unit, writer, products, out_of_stock, low, quantity, price_value, cost_value, unpriced, uncosted)
SELECT unit, 0, SUM(n), SUM(n_out), SUM(n_low), SUM(held), SUM(priced), SUM(costed), SUM(n_unpriced), SUM(n_uncosted)
FROM (
  SELECT unit, COUNT(*) AS n, SUM(stock_level = 0) AS n_out, SUM(stock_level = 1) AS n_low, SUM(on_hand) AS held,
    SUM(on_hand * COALESCE(price, 0)) AS priced, SUM(on_hand * COALESCE(cost, 0)) AS costed,
    SUM(on_hand > 0 AND price IS NULL) AS n_unpriced, SUM(on_hand > 0 AND cost IS NULL) AS n_uncosted
  FROM product GROUP BY unit
  UNION ALL
  SELECT unit, -SUM(products), -SUM(out_of_stock), -SUM(low), -SUM(quantity), -SUM(price_value), -SUM(cost_value),
    -SUM(unpriced), -SUM(uncosted)
  FROM stock_total GROUP BY unit
) AS counted
GROUP BY unit
HAVING SUM(n) <> 0 OR SUM(n_out) <> 0 OR SUM(n_low) <> 0 OR SUM(held) <> 0 OR SUM(priced) <> 0 OR SUM(costed) <> 0
  OR SUM(n_unpriced) <> 0 OR SUM(n_uncosted) <> 0
ON DUPLICATE KEY UPDATE products = products + VALUES(products), out_of_stock = out_of_stock + VALUES(out_of_stock),
  low = low + VALUES(low), quantity = quantity + VALUES(quantity), price_value = price_value + VALUES(price_value),
  cost_value = cost_value + VALUES(cost_value), unpriced = unpriced + VALUES(unpriced),
  uncosted = uncosted + VALUES(uncosted);

-- The movements of the last 31 days, once, at the costs of today. A quarter of an hour that the triggers have begun
-- keeps their value.
INSERT INTO movement_flow (quarter, writer, movements_in, movements_out, value_in, value_out)
SELECT quarter, 0, SUM(n_in), SUM(n_out), IF(MAX(is_kept), 0, SUM(worth_in)), IF(MAX(is_kept), 0, SUM(worth_out))
FROM kept_sums JOIN (
  SELECT TIMESTAMPDIFF(MINUTE, '1970-01-01', stock_movement.created_at) DIV 15 AS quarter, 0 AS is_kept,
    exact_delta > 0 AS n_in, exact_delta < 0 AS n_out,
    GREATEST(exact_delta, 0) * COALESCE(cost, 0) AS worth_in, GREATEST(-exact_delta, 0) * COALESCE(cost, 0) AS worth_out
  FROM stock_movement LEFT JOIN product ON product.id = product_id
  WHERE stock_movement.created_at >= CURRENT_DATE - INTERVAL 31 DAY
  UNION ALL
  SELECT quarter, 1, -movements_in, -movements_out, 0, 0 FROM movement_flow
) AS counted
WHERE kept_sums.id = 1 AND NOT knows_flow
GROUP BY quarter HAVING SUM(n_in) > 0 OR SUM(n_out) > 0
ON DUPLICATE KEY UPDATE movements_in = movements_in + VALUES(movements_in),
  movements_out = movements_out + VALUES(movements_out), value_in = value_in + VALUES(value_in),
  value_out = value_out + VALUES(value_out);
UPDATE kept_sums
SET knows_flow = TRUE, last_product = COALESCE(last_product, (SELECT MAX(id) FROM product), 0)
WHERE id = 1 AND NOT knows_flow;

-- Queues the products that are older than the triggers, once.
START TRANSACTION;
INSERT INTO search_pending (product_id)
SELECT product.id FROM search_indexer JOIN product WHERE NOT knows_all;
UPDATE search_indexer SET knows_all = TRUE;
COMMIT;

-- Only a seller who is approved offers anything, whatever puts it on sale: the trash, an import or its undoing, a form.
CREATE DEFINER = inventario_migrator@'%' TRIGGER IF NOT EXISTS offered_by_approved_seller
BEFORE INSERT ON product FOR EACH ROW
IF NEW.seller_id IS NOT NULL AND NEW.on_sale
  AND NOT EXISTS (SELECT 1 FROM seller WHERE id = NEW.seller_id AND state = 'approved') THEN
  SET NEW.on_sale = FALSE;
END IF;

CREATE DEFINER = inventario_migrator@'%' TRIGGER IF NOT EXISTS offered_again_by_approved_seller
BEFORE UPDATE ON product FOR EACH ROW
IF NEW.seller_id IS NOT NULL AND NEW.on_sale AND NOT OLD.on_sale
  AND NOT EXISTS (SELECT 1 FROM seller WHERE id = NEW.seller_id AND state = 'approved') THEN
  SET NEW.on_sale = FALSE;
END IF;
