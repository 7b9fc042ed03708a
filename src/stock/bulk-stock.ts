import { sql, type RawBuilder, type Transaction } from 'kysely';
import type { Catalogue, PriceKind } from '../database/tables.ts';
import { listed, type StoredColumn } from './deleted-products.ts';
import { PRICE_COLUMNS, PRICED } from './price-history.ts';
import { actorColumns, type MovementActor, type MovementDocument } from './stock-movements.ts';

/** JSON has a collation of its own, which the names of categories do not compare with. */
const FORMER_CATEGORY = sql`CONVERT(r.was->>'$.category' USING utf8mb4) COLLATE utf8mb4_es_0900_ai_ci`;

/** The quantity that a product had before an import, of which MySQL would make a floating-point number. */
const FORMER_QUANTITY = sql`CAST(r.was->>'$.quantity' AS DECIMAL(13,3))`;
const FORMER_WHOLE = sql`CEILING(${FORMER_QUANTITY})`;
const FORMER_ROUNDED_UP = sql`(CEILING(${FORMER_QUANTITY}) - ${FORMER_QUANTITY})`;
const FORMER_YEAR = sql`JSON_VALUE(r.was, '$.year' RETURNING UNSIGNED)`;
const FORMER_PAGES = sql`JSON_VALUE(r.was, '$.pages' RETURNING UNSIGNED)`;
/** The row was read by a version that knows books, so that `r.was` has them, too. */
const HAS_BOOK_CELL = sql`
  COALESCE(r.authors, r.publisher, r.language, r.binding, r.year, r.pages) IS NOT NULL`;
const FORMER_SUPPLIER = sql`CONVERT(r.was->>'$.supplier' USING utf8mb4) COLLATE utf8mb4_es_0900_ai_ci`;

/** A condition on `product_import_row AS r`, with the cause to record. */
export interface BulkRows {
  rows: RawBuilder<unknown>;
  actor: MovementActor;
  document: MovementDocument;
}

export type BulkStep = (trx: Transaction<Catalogue>, bulk: BulkRows) => Promise<bigint>;

export function insertNewProducts(defaults: { category: string; unit: string }): BulkStep {
  return (trx, { rows }) =>
    runStatement(
      trx,
      sql`
        INSERT INTO product
          (code, name, description, category_id, quantity, rounded_up, unit, price, cost, tax_rate, barcodes,
           location, minimum_stock, order_quantity, supplier_id, supplier_code, tags, notes, on_sale, weight)
        SELECT r.code, r.name, COALESCE(r.description, ''), COALESCE(m.target_id, c.id), COALESCE(r.quantity, 0),
          r.rounded_up, COALESCE(r.unit, ${defaults.unit}), r.price, r.cost, r.tax_rate, COALESCE(r.barcodes, ''),
          COALESCE(r.location, ''), COALESCE(r.minimum_stock, 0), COALESCE(r.order_quantity, 0), s.id,
          COALESCE(r.supplier_code, ''), COALESCE(r.tags, ''), COALESCE(r.notes, ''), COALESCE(r.on_sale, 0), r.weight
        FROM product_import_row AS r JOIN category AS c ON c.name = COALESCE(r.category, ${defaults.category})
        LEFT JOIN category_merge AS m ON m.source_id = c.id
        LEFT JOIN supplier AS s ON s.name = r.supplier
        WHERE ${rows} AND r.kind = 'new'`,
    );
}

export const recordInitialStock: BulkStep = (trx, { rows, ...cause }) =>
  runStatement(
    trx,
    sql`
      INSERT INTO stock_movement (product_id, ${CHANGE_COLUMNS}, ${CAUSE_COLUMNS})
      SELECT p.id, p.quantity, p.rounded_up, p.quantity, p.rounded_up, ${causeValues(cause)}
      FROM product_import_row AS r JOIN product AS p ON p.code = r.code
      WHERE ${rows} AND r.kind = 'new' AND p.quantity > 0`,
  );

/** So that the import can be undone. */
export const noteNewProducts: BulkStep = (trx, { rows }) =>
  runStatement(
    trx,
    sql`
      UPDATE product_import_row AS r STRAIGHT_JOIN product AS p ON p.code = r.code
      SET r.product_id = p.id, r.version = p.version
      WHERE ${rows} AND r.kind = 'new'`,
  );

/** Takes the old quantity from the preview; `updateProducts`, which runs next, checks the version. */
export const recordMovements: BulkStep = (trx, { rows, ...cause }) =>
  runStatement(
    trx,
    sql`
      INSERT INTO stock_movement (product_id, ${CHANGE_COLUMNS}, ${CAUSE_COLUMNS})
      SELECT r.product_id, r.quantity - ${FORMER_WHOLE}, r.rounded_up - ${FORMER_ROUNDED_UP}, r.quantity, r.rounded_up,
        ${causeValues(cause)}
      FROM product_import_row AS r
      WHERE ${rows} AND r.kind = 'changed' AND r.on_hand <> ${FORMER_QUANTITY}`,
  );

/** Of products that `insertNewProducts` has added. */
export const recordInitialPrices: BulkStep = (trx, { rows, ...cause }) =>
  forEachPrice(
    trx,
    ({ what, name }) => sql`
      INSERT INTO price_history (${PRICE_COLUMNS})
      SELECT p.id, ${what}, NULL, p.${name}, ${priceCause(cause)}
      FROM product_import_row AS r JOIN product AS p ON p.code = r.code
      WHERE ${rows} AND r.kind = 'new' AND p.${name} IS NOT NULL`,
  );

/** Like `recordMovements`. */
export const recordPrices: BulkStep = (trx, { rows, ...cause }) =>
  forEachPrice(
    trx,
    ({ what, name }) => sql`
      INSERT INTO price_history (${PRICE_COLUMNS})
      SELECT r.product_id, ${what}, ${formerAmount(what)}, r.${name}, ${priceCause(cause)}
      FROM product_import_row AS r
      WHERE ${rows} AND r.kind = 'changed' AND r.${name} IS NOT NULL AND NOT (r.${name} <=> ${formerAmount(what)})`,
  );

/** Like `recordMovementsBack`. */
export const recordPricesBack: BulkStep = (trx, { rows, ...cause }) =>
  forEachPrice(
    trx,
    ({ what, name }) => sql`
      INSERT INTO price_history (${PRICE_COLUMNS})
      SELECT r.product_id, ${what}, r.${name}, ${formerAmount(what)}, ${priceCause(cause)}
      FROM product_import_row AS r
      WHERE ${rows} AND r.kind = 'changed' AND r.${name} IS NOT NULL AND NOT (r.${name} <=> ${formerAmount(what)})`,
  );

async function forEachPrice(
  trx: Transaction<Catalogue>,
  statementFor: (price: { what: PriceKind; name: RawBuilder<unknown> }) => RawBuilder<unknown>,
): Promise<bigint> {
  let written = 0n;
  for (const what of PRICED) written += await runStatement(trx, statementFor({ what, name: sql.raw(what) }));
  return written;
}

function formerAmount(what: PriceKind) {
  return sql`JSON_VALUE(r.was, ${sql.lit(`$.${what}`)} RETURNING SIGNED)`;
}

function priceCause({ actor, document }: Omit<BulkRows, 'rows'>) {
  return sql`${actor.kind}, ${actor.id}, ${document.kind}, ${document.id}`;
}

/** Skips products that have changed since the preview. */
export const updateProducts: BulkStep = (trx, { rows }) =>
  runStatement(
    trx,
    sql`
      UPDATE product_import_row AS r
      STRAIGHT_JOIN product AS p ON p.id = r.product_id AND p.version = r.version
      LEFT JOIN category AS c ON c.name = r.category
      LEFT JOIN category_merge AS m ON m.source_id = c.id
      LEFT JOIN supplier AS s ON s.name = r.supplier
      SET p.name = COALESCE(r.name, p.name),
        p.description = COALESCE(r.description, p.description),
        p.category_id = COALESCE(m.target_id, c.id, p.category_id),
        p.quantity = COALESCE(r.quantity, p.quantity),
        p.rounded_up = IF(r.quantity IS NULL, p.rounded_up, r.rounded_up),
        p.unit = COALESCE(r.unit, p.unit),
        p.price = COALESCE(r.price, p.price),
        p.cost = COALESCE(r.cost, p.cost),
        p.tax_rate = COALESCE(r.tax_rate, p.tax_rate),
        p.barcodes = COALESCE(r.barcodes, p.barcodes),
        p.location = COALESCE(r.location, p.location),
        p.minimum_stock = COALESCE(r.minimum_stock, p.minimum_stock),
        p.order_quantity = COALESCE(r.order_quantity, p.order_quantity),
        p.supplier_id = COALESCE(s.id, IF(r.supplier = '', NULL, p.supplier_id)),
        p.supplier_code = COALESCE(r.supplier_code, p.supplier_code),
        p.tags = COALESCE(r.tags, p.tags),
        p.notes = COALESCE(r.notes, p.notes),
        p.on_sale = COALESCE(r.on_sale, p.on_sale),
        p.weight = COALESCE(r.weight, p.weight),
        p.version = p.version + 1,
        p.updated_at = CURRENT_TIMESTAMP(3)
      WHERE ${rows} AND r.kind = 'changed'`,
  );

/** Of products that `noteNewProducts` has noted, and those that `updateProducts` has changed. */
export const saveBooks: BulkStep = (trx, { rows }) =>
  runStatement(
    trx,
    sql`
      INSERT INTO book (product_id, authors, publisher, year, language, binding, pages)
      SELECT r.product_id, COALESCE(r.authors, ''), COALESCE(r.publisher, ''), COALESCE(r.year, 0),
        COALESCE(r.language, ''), COALESCE(r.binding, ''), COALESCE(r.pages, 0)
      FROM product_import_row AS r
      WHERE ${rows} AND r.kind IN ('new', 'changed') AND ${HAS_BOOK_CELL}
      ON DUPLICATE KEY UPDATE
        authors = COALESCE(r.authors, book.authors),
        publisher = COALESCE(r.publisher, book.publisher),
        year = COALESCE(r.year, book.year),
        language = COALESCE(r.language, book.language),
        binding = COALESCE(r.binding, book.binding),
        pages = COALESCE(r.pages, book.pages)`,
  );

/** Of products that `setBackProducts` has set back. */
export const setBackBooks: BulkStep = (trx, { rows }) =>
  runStatement(
    trx,
    sql`
      INSERT INTO book (product_id, authors, publisher, year, language, binding, pages)
      SELECT r.product_id, r.was->>'$.authors', r.was->>'$.publisher', ${FORMER_YEAR}, r.was->>'$.language',
        r.was->>'$.binding', ${FORMER_PAGES}
      FROM product_import_row AS r
      WHERE ${rows} AND r.kind = 'changed' AND ${HAS_BOOK_CELL}
      ON DUPLICATE KEY UPDATE
        authors = r.was->>'$.authors',
        publisher = r.was->>'$.publisher',
        year = ${FORMER_YEAR},
        language = r.was->>'$.language',
        binding = r.was->>'$.binding',
        pages = ${FORMER_PAGES}`,
  );

/** After `saveBooks` or `setBackBooks`: a product without any such value is no book. */
export const dropEmptyBooks: BulkStep = (trx, { rows }) =>
  runStatement(
    trx,
    sql`
      DELETE b
      FROM product_import_row AS r JOIN book AS b ON b.product_id = r.product_id
      WHERE ${rows} AND r.kind IN ('new', 'changed') AND b.authors = '' AND b.publisher = '' AND b.year = 0
        AND b.language = '' AND b.binding = '' AND b.pages = 0`,
  );

/** Skips products that have changed since the import, or are held. `deleteAdded` has to follow, and to find as many. */
export function copyAddedToDeleted(columns: readonly StoredColumn[]): BulkStep {
  return (trx, { rows, actor }) =>
    runStatement(
      trx,
      sql`
        INSERT INTO deleted_product (id, ${listed(columns)}, version, created_at, idle_since, deleted_by)
        SELECT p.id, ${listed(columns, 'p')}, p.version, p.created_at, p.idle_since, ${actor.id}
        FROM product_import_row AS r STRAIGHT_JOIN product AS p ON p.id = r.product_id AND p.version = r.version
        WHERE ${rows} AND r.kind = 'new' AND p.exact_reserved = 0`,
    );
}

export const deleteAdded: BulkStep = (trx, { rows }) =>
  runStatement(
    trx,
    sql`
      DELETE p
      FROM product_import_row AS r STRAIGHT_JOIN product AS p ON p.id = r.product_id AND p.version = r.version
      WHERE ${rows} AND r.kind = 'new' AND p.exact_reserved = 0`,
  );

/** `setBackProducts`, which runs next, checks the version. */
export const recordMovementsBack: BulkStep = (trx, { rows, ...cause }) =>
  runStatement(
    trx,
    sql`
      INSERT INTO stock_movement (product_id, ${CHANGE_COLUMNS}, ${CAUSE_COLUMNS})
      SELECT r.product_id, ${FORMER_WHOLE} - r.quantity, ${FORMER_ROUNDED_UP} - r.rounded_up, ${FORMER_WHOLE},
        ${FORMER_ROUNDED_UP}, ${causeValues(cause)}
      FROM product_import_row AS r
      WHERE ${rows} AND r.kind = 'changed' AND r.on_hand <> ${FORMER_QUANTITY}`,
  );

/** Skips products that have changed since the import, and those whose former category is missing. */
export const setBackProducts: BulkStep = (trx, { rows }) =>
  runStatement(
    trx,
    sql`
      UPDATE product_import_row AS r
      STRAIGHT_JOIN product AS p ON p.id = r.product_id AND p.version = r.version + 1
      STRAIGHT_JOIN category AS c ON c.name = ${FORMER_CATEGORY}
      LEFT JOIN supplier AS s ON s.name = ${FORMER_SUPPLIER}
      SET p.name = r.was->>'$.name',
        p.description = r.was->>'$.description',
        p.category_id = c.id,
        p.quantity = ${FORMER_WHOLE},
        p.rounded_up = ${FORMER_ROUNDED_UP},
        p.unit = r.was->>'$.unit',
        p.price = IF(r.price IS NULL, p.price, JSON_VALUE(r.was, '$.price' RETURNING SIGNED)),
        p.cost = IF(r.cost IS NULL, p.cost, JSON_VALUE(r.was, '$.cost' RETURNING SIGNED)),
        p.tax_rate = IF(r.tax_rate IS NULL, p.tax_rate, JSON_VALUE(r.was, '$.taxRate' RETURNING SIGNED)),
        p.barcodes = COALESCE(r.was->>'$.barcodes', p.barcodes),
        p.location = COALESCE(r.was->>'$.location', p.location),
        p.minimum_stock = COALESCE(r.was->>'$.minimumStock', p.minimum_stock),
        p.order_quantity = COALESCE(r.was->>'$.orderQuantity', p.order_quantity),
        p.supplier_id = IF(r.supplier IS NULL, p.supplier_id, s.id),
        p.supplier_code = COALESCE(r.was->>'$.supplierCode', p.supplier_code),
        p.tags = COALESCE(r.was->>'$.tags', p.tags),
        p.notes = COALESCE(r.was->>'$.notes', p.notes),
        p.on_sale = COALESCE(r.was->>'$.onSale', p.on_sale),
        p.weight = IF(r.weight IS NULL, p.weight, JSON_VALUE(r.was, '$.weight' RETURNING SIGNED)),
        p.version = p.version + 1,
        p.updated_at = CURRENT_TIMESTAMP(3)
      WHERE ${rows} AND r.kind = 'changed'`,
  );

/** Those that were renamed or merged since. @param all the rows of the import, as a condition */
export async function createFormerCategories(
  trx: Transaction<Catalogue>,
  all: RawBuilder<unknown>,
): Promise<void> {
  await sql`
    INSERT IGNORE INTO category (name)
    SELECT DISTINCT ${FORMER_CATEGORY}
    FROM product_import_row AS r LEFT JOIN category AS c ON c.name = ${FORMER_CATEGORY}
    WHERE ${all} AND r.kind = 'changed' AND c.id IS NULL`.execute(trx);
}

const CHANGE_COLUMNS = sql.raw('delta, delta_rounded, quantity_after, after_rounded');
/** Those that were renamed or deleted since. */
export async function createFormerSuppliers(
  trx: Transaction<Catalogue>,
  all: RawBuilder<unknown>,
): Promise<void> {
  await sql`
    INSERT IGNORE INTO supplier (name)
    SELECT DISTINCT ${FORMER_SUPPLIER}
    FROM product_import_row AS r LEFT JOIN supplier AS s ON s.name = ${FORMER_SUPPLIER}
    WHERE ${all} AND r.kind = 'changed' AND r.supplier IS NOT NULL AND r.was->>'$.supplier' <> ''
      AND s.id IS NULL`.execute(trx);
}

const CAUSE_COLUMNS = sql.raw('reason, actor_kind, actor_id, user_id, document_kind, document_id');

function causeValues({ actor, document }: Omit<BulkRows, 'rows'>) {
  const { actor_kind, actor_id, user_id } = actorColumns(actor);
  return sql`'import', ${actor_kind}, ${actor_id}, ${user_id}, ${document.kind}, ${document.id}`;
}

async function runStatement(trx: Transaction<Catalogue>, statement: RawBuilder<unknown>): Promise<bigint> {
  const { numAffectedRows = 0n } = await statement.execute(trx);
  return numAffectedRows;
}
