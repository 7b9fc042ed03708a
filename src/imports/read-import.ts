import { sql, type Kysely } from 'kysely';
import type { Databases } from '../database/databases.ts';
import type { NumberMark } from '../locales/typed-numbers.ts';
import type { Catalogue, ImportRowKind } from '../database/tables.ts';
import { BARCODE_KEY, barcodesIn } from '../products/barcode-queries.ts';
import { isNumberKey } from '../products/product-fields.ts';
import {
  decimalMarkIn,
  ERASABLE,
  rateHeaders,
  recogniseColumns,
  rowColumnOf,
  type Field,
} from './import-fields.ts';
import type { Findings, ReadingChoices, Totals } from './import-queries.ts';
import { openSpreadsheet } from '../spreadsheets/open-spreadsheet.ts';
import { checkRow, hasLineBreak, typedText } from './row-check.ts';
import {
  MAX_ROWS,
  UnreadableFileError,
  type SheetRow,
  type Spreadsheet,
} from '../spreadsheets/spreadsheet.ts';
import { StoredFile } from './stored-file.ts';

export const DEFAULT_UNIT = 'unidad';
const BATCH = 1000;
const STORE_LIMIT_MS = 15_000;
const NEW_CATEGORIES_SHOWN = 50;
const BROKEN_NAMES_SHOWN = 5;
/** Reading's share of the progress bar; comparing the rows takes the rest. */
const READING_SHARE = 0.95;

export interface Reading {
  id: number;
  /** Stored with the rows, which keeps those of different attempts apart. */
  attempt: number;
  file: Uint8Array;
  fileBytes: number;
  choices: ReadingChoices;
}

export interface ReadOutcome {
  findings: Findings;
  totals: Totals | undefined;
}

/** The rows take effect when `product_import.reading` names this attempt. @throws UnreadableFileError */
export async function readImport(
  databases: Databases,
  reading: Reading,
  report: (progress: number) => void,
): Promise<ReadOutcome> {
  let fetched = 0;
  const { fileBytes, choices } = reading;
  const file = new StoredFile(databases, Buffer.from(reading.file), fileBytes, (bytes) => (fetched += bytes));
  const search = { rate: rateHeaders, chosen: choices.header };
  const { rows, ...opened } = await openSpreadsheet(file, search, choices.text);
  // Opening a CSV file reads all of it, to detect the encoding.
  const before = fetched;
  const left = before >= fileBytes ? fileBytes : fileBytes - before;
  const reportRead = () => report(Math.min(1, (fetched - before) / left) * READING_SHARE);
  const { erases } = choices;
  const columns = choices.columns.length > 0 ? choices.columns : recogniseColumns(opened.headers);
  const findings = { ...opened, columns, erases, erasures: 0, newCategories: [], newCategoryCount: 0 };
  if (!columns.includes('code')) {
    for await (const found of rows()) if (found.length > 0) return { findings, totals: undefined };
    throw new UnreadableFileError('noRows');
  }
  const staging = { ...reading, columns, decimalMark: decimalMarkIn(opened.headers) };
  const { brokenNames, hiddenRows } = await stageRows(databases, staging, { rows, onStored: reportRead });
  const { totals, ...found } = await databases.catalogue.transact((db) => compareRows(db, staging), {
    limitMs: STORE_LIMIT_MS,
  });
  return { findings: { ...findings, ...found, brokenNames, hiddenRows }, totals };
}

type Staging = Reading & { columns: (Field | null)[]; decimalMark: NumberMark | undefined };
type BrokenNames = NonNullable<Findings['brokenNames']>;

async function stageRows(
  databases: Databases,
  staging: Staging,
  { rows, onStored }: Pick<Spreadsheet, 'rows'> & { onStored: () => void },
): Promise<{ brokenNames: BrokenNames; hiddenRows: number }> {
  let number = 0;
  let hiddenRows = 0;
  const brokenNames: BrokenNames = { count: 0, places: [] };
  const nameColumn = staging.columns.indexOf('name');
  let batch: unknown[] = [];
  let storing: Promise<unknown> = Promise.resolve();
  const store = async () => {
    const json = JSON.stringify(batch);
    batch = [];
    await storing;
    onStored();
    storing = databases.catalogue.transact((db) => storeRows(db, staging, json), { limitMs: STORE_LIMIT_MS });
    // Awaited with the next batch; this avoids an unhandled rejection until then.
    storing.catch(() => undefined);
  };
  for await (const found of rows()) {
    for (const row of found) {
      if (++number > MAX_ROWS) throw new UnreadableFileError('tooManyRows', { maximum: MAX_ROWS });
      if (row.isHidden) hiddenRows++;
      batch.push(toStagedRow(number, row, staging));
      if (!row.flaw && hasLineBreak(row.cells[nameColumn])) {
        const { sheet, line } = row;
        if (++brokenNames.count <= BROKEN_NAMES_SHOWN) brokenNames.places.push({ sheet, line });
      }
      if (batch.length >= BATCH) await store();
    }
  }
  if (number === 0) throw new UnreadableFileError('noRows');
  await store();
  await storing;
  return { brokenNames, hiddenRows };
}

function toStagedRow(number: number, row: SheetRow, staging: Staging): unknown[] {
  const { sheet, line, cells, flaw } = row;
  const { columns, choices, decimalMark } = staging;
  const checked = checkRow(cells, columns, { erases: choices.erases, flaw, decimalMark });
  const { code, name, description, category, quantity, unit, price, cost, taxRate, barcodes, problems } =
    checked;
  const { location, minimumStock, orderQuantity, supplier, supplierCode, tags, notes } = checked;
  const { authors, publisher, year, language, binding, pages, onSale, weight } = checked;
  const found = problems.length > 0 ? problems : null;
  // For the unit may not allow the decimals.
  const typed = Number.isInteger(quantity ?? 0) ? null : typedText(cells[columns.indexOf('quantity')]);
  return [
    ...[number, sheet, line, code, name, description, category, quantity, unit],
    ...[price, cost, taxRate, barcodes, found, typed],
    ...[location, minimumStock, orderQuantity, supplier, supplierCode, tags, notes],
    ...[authors, publisher, year, language, binding, pages, onSale, weight],
  ];
}

// Stores nothing once a newer attempt has begun. `rows` is a JSON array of arrays, in JSON_TABLE order. A wrong row
// gets a version that no product has: version 0.1.0, which cannot leave rows out, then applies nothing.
async function storeRows(
  db: Kysely<Catalogue>,
  { id, attempt, columns }: Staging,
  rows: string,
): Promise<void> {
  const unit = sql`COALESCE(v.unit, p.unit, ${DEFAULT_UNIT})`;
  const decimals = sql`COALESCE((SELECT decimals FROM unit WHERE unit.code = ${unit}), 0)`;
  const found = sql`IF(JSON_TYPE(v.problems) = 'ARRAY', v.problems, NULL)`;
  // Looks the unit up for a quantity with decimals only. A product that gets another unit may have decimals already.
  const quantity = sql`IF(v.unit IS NULL, v.quantity, COALESCE(v.quantity, p.on_hand))`;
  const problems = sql`
    CASE
      WHEN COALESCE(${quantity}, 0) = FLOOR(COALESCE(${quantity}, 0)) THEN ${found}
      WHEN ${quantity} = ROUND(${quantity}, ${decimals}) THEN ${found}
      ELSE JSON_ARRAY_APPEND(COALESCE(${found}, JSON_ARRAY()), '$', JSON_OBJECT(
        'field', 'quantity',
        'key', IF(${decimals} = 0, 'imports.problems.fraction', 'product.errors.decimals'),
        'values', JSON_OBJECT('unit', ${unit}, 'count', ${decimals}), 'typed', v.typed))
    END`;
  const ownedBarcode = columns.includes('barcodes') ? BARCODE_OF_ANOTHER : sql`NULL`;
  const nameMissing = columns.includes('name') ? 'product.errors.name' : 'imports.problems.newWithoutName';
  await sql`
    INSERT INTO product_import_row
      (import_id, reading, number, sheet, line, code, name, description, category, quantity, rounded_up, unit,
       price, cost, tax_rate, barcodes, location, minimum_stock, order_quantity, supplier, supplier_code, tags, notes,
       authors, publisher, year, language, binding, pages, on_sale, weight, kind, product_id, version, was, problems)
    SELECT ${id}, ${attempt}, number, sheet, line, code, name, description, category, CEILING(quantity),
      COALESCE(CEILING(quantity) - quantity, 0), unit, price, cost, tax_rate, barcodes,
      location, minimum_stock, order_quantity, supplier, supplier_code, tags, notes,
      authors, publisher, year, language, binding, pages, on_sale, weight,
      CASE
        WHEN problems IS NOT NULL OR (product_id IS NULL AND name IS NULL) THEN 'wrong'
        WHEN product_id IS NULL THEN 'new'
        WHEN is_same THEN 'unchanged'
        ELSE 'changed'
      END,
      product_id, IF(problems IS NOT NULL OR (product_id IS NULL AND name IS NULL), 0, version),
      IF(product_id IS NULL OR is_same OR problems IS NOT NULL, NULL, JSON_OBJECT(
        'name', own_name, 'description', own_description, 'category', own_category,
        'quantity', own_quantity, 'unit', own_unit,
        'price', own_price, 'cost', own_cost, 'taxRate', own_tax_rate, 'barcodes', own_barcodes,
        'location', own_location, 'minimumStock', own_minimum_stock, 'orderQuantity', own_order_quantity,
        'supplier', own_supplier, 'supplierCode', own_supplier_code, 'tags', own_tags, 'notes', own_notes,
        'authors', own_authors, 'publisher', own_publisher, 'year', own_year, 'language', own_language,
        'binding', own_binding, 'pages', own_pages, 'onSale', own_on_sale, 'weight', own_weight)),
      IF(product_id IS NULL AND name IS NULL AND NOT COALESCE(JSON_CONTAINS(problems, '{"field": "name"}'), FALSE),
        JSON_ARRAY_INSERT(COALESCE(problems, JSON_ARRAY()), '$[0]',
          JSON_OBJECT('field', 'name', 'key', ${nameMissing})),
        problems)
    FROM (
      SELECT v.number, v.sheet, v.line, v.code, v.name, v.description, v.category, v.quantity, v.unit,
        v.price, v.cost, v.tax_rate, v.barcodes,
        v.location, v.minimum_stock, v.order_quantity, v.supplier, v.supplier_code, v.tags, v.notes,
        v.authors, v.publisher, v.year, v.language, v.binding, v.pages, v.on_sale, v.weight,
        COALESCE(${problems}, ${ownedBarcode}) AS problems,
        p.id AS product_id, p.version, p.name AS own_name, p.description AS own_description,
        own.name AS own_category, p.on_hand AS own_quantity, p.unit AS own_unit,
        p.price AS own_price, p.cost AS own_cost, p.tax_rate AS own_tax_rate, p.barcodes AS own_barcodes,
        p.location AS own_location, p.minimum_stock AS own_minimum_stock, p.order_quantity AS own_order_quantity,
        COALESCE(s.name, '') AS own_supplier, p.supplier_code AS own_supplier_code, p.tags AS own_tags,
        p.notes AS own_notes, COALESCE(b.authors, '') AS own_authors, COALESCE(b.publisher, '') AS own_publisher,
        COALESCE(b.year, 0) AS own_year, COALESCE(b.language, '') AS own_language,
        COALESCE(b.binding, '') AS own_binding, COALESCE(b.pages, 0) AS own_pages,
        p.on_sale AS own_on_sale, p.weight AS own_weight,
        (v.name IS NULL OR v.name COLLATE utf8mb4_0900_bin = p.name)
          AND (v.description IS NULL OR v.description COLLATE utf8mb4_0900_bin = p.description)
          AND (v.category IS NULL OR v.category = own.name)
          AND (v.quantity IS NULL OR v.quantity = p.on_hand)
          AND (v.unit IS NULL OR v.unit COLLATE utf8mb4_0900_bin = p.unit)
          AND (v.price IS NULL OR v.price = p.price)
          AND (v.cost IS NULL OR v.cost = p.cost)
          AND (v.tax_rate IS NULL OR v.tax_rate = p.tax_rate)
          AND (v.barcodes IS NULL OR v.barcodes COLLATE utf8mb4_0900_bin = p.barcodes)
          AND (v.location IS NULL OR v.location COLLATE utf8mb4_0900_bin = p.location)
          AND (v.minimum_stock IS NULL OR v.minimum_stock = p.minimum_stock)
          AND (v.order_quantity IS NULL OR v.order_quantity = p.order_quantity)
          AND (v.supplier IS NULL OR v.supplier = COALESCE(s.name, ''))
          AND (v.supplier_code IS NULL OR v.supplier_code COLLATE utf8mb4_0900_bin = p.supplier_code)
          AND (v.tags IS NULL OR v.tags COLLATE utf8mb4_0900_bin = p.tags)
          AND (v.notes IS NULL OR v.notes COLLATE utf8mb4_0900_bin = p.notes)
          AND (v.authors IS NULL OR v.authors COLLATE utf8mb4_0900_bin = COALESCE(b.authors, ''))
          AND (v.publisher IS NULL OR v.publisher COLLATE utf8mb4_0900_bin = COALESCE(b.publisher, ''))
          AND (v.year IS NULL OR v.year = COALESCE(b.year, 0))
          AND (v.language IS NULL OR v.language COLLATE utf8mb4_0900_bin = COALESCE(b.language, ''))
          AND (v.binding IS NULL OR v.binding COLLATE utf8mb4_0900_bin = COALESCE(b.binding, ''))
          AND (v.pages IS NULL OR v.pages = COALESCE(b.pages, 0))
          AND (v.on_sale IS NULL OR v.on_sale = p.on_sale)
          AND (v.weight IS NULL OR v.weight = p.weight) AS is_same
      FROM JSON_TABLE(${rows}, '$[*]' COLUMNS (
        number INT UNSIGNED PATH '$[0]',
        sheet TINYINT UNSIGNED PATH '$[1]',
        line INT UNSIGNED PATH '$[2]',
        code VARCHAR(50) COLLATE utf8mb4_es_0900_ai_ci PATH '$[3]',
        name VARCHAR(100) COLLATE utf8mb4_es_0900_ai_ci PATH '$[4]',
        description VARCHAR(500) COLLATE utf8mb4_es_0900_ai_ci PATH '$[5]',
        category VARCHAR(50) COLLATE utf8mb4_es_0900_ai_ci PATH '$[6]',
        quantity DECIMAL(13,3) PATH '$[7]',
        unit VARCHAR(30) COLLATE utf8mb4_es_0900_ai_ci PATH '$[8]',
        price BIGINT PATH '$[9]',
        cost BIGINT PATH '$[10]',
        tax_rate INT PATH '$[11]',
        barcodes VARCHAR(1040) COLLATE utf8mb4_es_0900_ai_ci PATH '$[12]',
        problems JSON PATH '$[13]',
        typed VARCHAR(100) COLLATE utf8mb4_es_0900_ai_ci PATH '$[14]',
        location VARCHAR(50) COLLATE utf8mb4_es_0900_ai_ci PATH '$[15]',
        minimum_stock DECIMAL(13,3) PATH '$[16]',
        order_quantity DECIMAL(13,3) PATH '$[17]',
        supplier VARCHAR(100) COLLATE utf8mb4_es_0900_ai_ci PATH '$[18]',
        supplier_code VARCHAR(50) COLLATE utf8mb4_es_0900_ai_ci PATH '$[19]',
        tags VARCHAR(200) COLLATE utf8mb4_es_0900_ai_ci PATH '$[20]',
        notes VARCHAR(2000) COLLATE utf8mb4_es_0900_ai_ci PATH '$[21]',
        authors VARCHAR(300) COLLATE utf8mb4_es_0900_ai_ci PATH '$[22]',
        publisher VARCHAR(100) COLLATE utf8mb4_es_0900_ai_ci PATH '$[23]',
        year SMALLINT UNSIGNED PATH '$[24]',
        language VARCHAR(3) COLLATE utf8mb4_es_0900_ai_ci PATH '$[25]',
        binding VARCHAR(10) COLLATE utf8mb4_es_0900_ai_ci PATH '$[26]',
        pages MEDIUMINT UNSIGNED PATH '$[27]',
        on_sale TINYINT(1) PATH '$[28]',
        weight INT UNSIGNED PATH '$[29]'
      )) AS v
      LEFT JOIN product AS p ON p.code = v.code
      LEFT JOIN category AS own ON own.id = p.category_id
      LEFT JOIN supplier AS s ON s.id = p.supplier_id
      LEFT JOIN book AS b ON b.product_id = p.id
    ) AS compared
    WHERE EXISTS (SELECT 1 FROM product_import WHERE id = ${id} AND attempt = ${attempt})`.execute(db);
}

/** Of a row `v` and its product `p`: the problem that a barcode is of another product, or NULL. */
const BARCODE_OF_ANOTHER = sql`(
  SELECT JSON_ARRAY(JSON_OBJECT('field', 'barcodes', 'key', 'product.errors.barcode.taken',
    'values', JSON_OBJECT('barcode', typed.value, 'name', holder.name)))
  FROM ${barcodesIn(sql`IF(v.barcodes = '', NULL, v.barcodes)`)} AS typed
  JOIN product_barcode ON product_barcode.barcode = ${BARCODE_KEY}
  JOIN product AS holder ON holder.id = product_barcode.product_id
  WHERE NOT (holder.id <=> p.id) LIMIT 1)`;

async function markRepeatedBarcodes(
  db: Kysely<Catalogue>,
  { id, attempt }: Pick<Reading, 'id' | 'attempt'>,
): Promise<void> {
  await sql`
    UPDATE product_import_row AS r
    JOIN (
      SELECT number, MIN(first_number) AS first_number, ANY_VALUE(value) AS value FROM (
        SELECT r.number, typed.value, MIN(r.number) OVER (PARTITION BY ${BARCODE_KEY}) AS first_number
        FROM product_import_row AS r
        JOIN ${barcodesIn(sql`r.barcodes`)} AS typed
        WHERE r.import_id = ${id} AND r.reading = ${attempt} AND r.barcodes <> ''
      ) AS barcode
      WHERE number > first_number GROUP BY number
    ) AS repeated ON repeated.number = r.number
    JOIN product_import_row AS first
      ON first.import_id = ${id} AND first.reading = ${attempt} AND first.number = repeated.first_number
    SET r.kind = 'wrong', r.version = 0, r.was = NULL, r.problems = JSON_ARRAY_APPEND(
      COALESCE(r.problems, JSON_ARRAY()), '$', JSON_OBJECT(
        'field', 'barcodes', 'key', 'imports.problems.repeatedBarcode',
        'values', JSON_OBJECT('line', first.line, 'sheet', first.sheet), 'typed', repeated.value))
    WHERE r.import_id = ${id} AND r.reading = ${attempt}`.execute(db);
}

async function compareRows(
  db: Kysely<Catalogue>,
  { id, attempt, choices, columns }: Staging,
): Promise<{ totals: Totals } & Pick<Findings, 'erasures' | 'newCategories' | 'newCategoryCount'>> {
  await sql`
    UPDATE product_import_row AS r
    JOIN (
      SELECT code, MIN(number) AS number FROM product_import_row
      WHERE import_id = ${id} AND reading = ${attempt} AND code IS NOT NULL
      GROUP BY code HAVING COUNT(*) > 1
    ) AS repeated ON repeated.code = r.code AND repeated.number < r.number
    JOIN product_import_row AS first
      ON first.import_id = ${id} AND first.reading = ${attempt} AND first.number = repeated.number
    SET r.kind = 'wrong', r.version = 0, r.was = NULL, r.problems = JSON_ARRAY_APPEND(
      COALESCE(r.problems, JSON_ARRAY()), '$', JSON_OBJECT(
        'field', 'code', 'key', 'imports.problems.repeated',
        'values', JSON_OBJECT('line', first.line, 'sheet', first.sheet), 'typed', r.code))
    WHERE r.import_id = ${id} AND r.reading = ${attempt}`.execute(db);
  if (columns.includes('barcodes')) await markRepeatedBarcodes(db, { id, attempt });
  const { rows: counts } = await sql<{ kind: ImportRowKind; count: number }>`
    SELECT /*+ MAX_EXECUTION_TIME(15000) */ kind, COUNT(*) AS count FROM product_import_row
    WHERE import_id = ${id} AND reading = ${attempt} GROUP BY kind`.execute(db);
  const totals = { wrong: 0, changed: 0, new: 0, unchanged: 0 };
  for (const { kind, count } of counts) totals[kind] = count;
  const { rows: categories } = await sql<{ name: string }>`
    SELECT /*+ MAX_EXECUTION_TIME(15000) */ ANY_VALUE(r.category) AS name
    FROM product_import_row AS r LEFT JOIN category AS c ON c.name = r.category
    WHERE r.import_id = ${id} AND r.reading = ${attempt} AND r.kind IN ('new', 'changed')
      AND r.category IS NOT NULL AND c.id IS NULL
    GROUP BY r.category ORDER BY r.category LIMIT 10000`.execute(db);
  return {
    totals,
    erasures: choices.erases ? await countErasures(db, { id, attempt }) : 0,
    newCategories: categories.slice(0, NEW_CATEGORIES_SHOWN).map(({ name }) => name),
    newCategoryCount: categories.length,
  };
}

async function countErasures(
  db: Kysely<Catalogue>,
  { id, attempt }: Pick<Reading, 'id' | 'attempt'>,
): Promise<number> {
  const isErased = ERASABLE.map((field) => {
    const path = `$.${field}`;
    const none = sql.lit(isNumberKey(field) ? 0 : '');
    return sql`(${sql.ref(`r.${rowColumnOf(field)}`)} = ${none} AND JSON_UNQUOTE(JSON_EXTRACT(r.was, ${path})) <> ${none})`;
  });
  const { rows } = await sql<{ count: number }>`
    SELECT /*+ MAX_EXECUTION_TIME(15000) */ COUNT(*) AS count FROM product_import_row AS r
    WHERE r.import_id = ${id} AND r.reading = ${attempt} AND r.kind = 'changed'
      AND (${sql.join(isErased, sql` OR `)})`.execute(db);
  return rows[0]!.count;
}
