import { readdir, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import en from '../../src/locales/en.json' with { type: 'json' };
import es from '../../src/locales/es.json' with { type: 'json' };
import { BOOK_FIELDS, PRODUCT_FIELDS, type FieldKey } from '../../src/products/product-fields.ts';
import { formText, shownText } from '../../src/products/field-texts.ts';
import { Client, uniqueCode } from '../support/client.ts';
import { apply, page, preview } from '../support/import-files.ts';
import { stack } from '../support/shared-stack.ts';

/** A row of an import is matched by its code, so that cannot change. */
const CHANGEABLE = PRODUCT_FIELDS.filter(({ key }) => key !== 'code');
const IMPORTED = PRODUCT_FIELDS.filter(({ headers }) => headers);
/** A table of its own has those of books. */
const OF_ALL = PRODUCT_FIELDS.filter(({ isOfBook }) => !isOfBook);

let client: Client;
let primary: Connection;

beforeAll(async () => {
  client = await Client.signedIn();
  primary = await stack.connect('primary');
});
afterAll(() => primary.end());

async function columnTypes(table: string): Promise<Map<string, string>> {
  const [rows] = await primary.query<RowDataPacket[]>(
    `SELECT column_name AS name, column_type AS type FROM information_schema.columns
     WHERE table_schema = 'inventario' AND table_name = ?`,
    [table],
  );
  return new Map(rows.map(({ name, type }) => [String(name), String(type)]));
}

test.each(['product', 'deleted_product'])('every field has a column in %s', async (table) => {
  const types = await columnTypes(table);
  for (const { column, columnType, isReference } of OF_ALL) {
    expect([column, types.get(column)]).toEqual([column, isReference ? 'int unsigned' : columnType]);
  }
});

test('every field of a book has a column in book', async () => {
  const types = await columnTypes('book');
  for (const { column, columnType } of BOOK_FIELDS)
    expect([column, types.get(column)]).toEqual([column, columnType]);
});

test('every imported field has a column in product_import_row', async () => {
  const types = await columnTypes('product_import_row');
  for (const { rowColumn, columnType, exactColumn } of IMPORTED) {
    const type = exactColumn ? 'decimal(13,3)' : columnType;
    expect([rowColumn, types.get(rowColumn)]).toEqual([rowColumn, type]);
  }
});

test('a text field accepts exactly the length of its column', () => {
  for (const { key, columnType, rule, choices } of PRODUCT_FIELDS) {
    const length = Number(/^varchar\((\d+)\)$/.exec(columnType)?.[1]);
    // A list of shorter texts; the codes of choices.
    if (!length || key === 'barcodes' || choices) continue;
    const accepted = [length, length + 1].map((count) => rule.safeParse('x'.repeat(count)).success);
    expect([key, accepted]).toEqual([key, [true, false]]);
  }
});

test('product has the indexes for every sortable field', async () => {
  const [rows] = await primary.query<RowDataPacket[]>(
    `SELECT index_name AS name, GROUP_CONCAT(column_name ORDER BY seq_in_index) AS columns
     FROM information_schema.statistics
     WHERE table_schema = 'inventario' AND table_name = 'product' GROUP BY index_name`,
  );
  const indexes = new Map(rows.map(({ name, columns }) => [String(name), String(columns)]));
  for (const { key, isSorted, isReference, exactColumn = key, orderColumn = exactColumn } of PRODUCT_FIELDS) {
    if (!isSorted || isReference) continue;
    expect([key, indexes.get(exactColumn)]).toEqual([key, orderColumn]);
    expect([key, indexes.get(`filtered_${exactColumn}`)]).toEqual([
      key,
      `category_id,available,${orderColumn}`,
    ]);
  }
});

/** The search index holds them for filters. */
const FILTERED = ['available', 'stock_level', 'supplier_id', 'tags', 'on_sale'];

test('updating any searched field queues the product for indexing', async () => {
  const [rows] = await primary.query<RowDataPacket[]>(
    `SELECT action_statement AS statement FROM information_schema.triggers
     WHERE trigger_schema = 'inventario' AND event_object_table = 'product' AND event_manipulation = 'UPDATE'`,
  );
  const statements = rows.map(({ statement }) => String(statement)).join('\n');
  const compared = [...statements.matchAll(/NEW\.(\w+)[^\n]*> OLD\.\1\b/g)].map(([, column]) => column);
  const searched = PRODUCT_FIELDS.filter(({ isSearched }) => isSearched).map(({ column }) => column);
  expect(compared.sort()).toEqual([...searched, ...FILTERED].sort());
});

/** The source text of the only matching SQL statement in src. */
async function statementWith(pattern: RegExp): Promise<string> {
  const src = new URL('../../src/', import.meta.url);
  const files = (await readdir(src, { recursive: true })).filter((name) => name.endsWith('.ts'));
  const texts = await Promise.all(files.map((name) => readFile(new URL(name, src), 'utf8')));
  const found = texts.flatMap((text) => text.match(/sql(?:<[^`]*?>)?`[^`]*`/g) ?? []);
  const statements = found.filter((statement) => pattern.test(statement));
  if (statements.length !== 1) throw new Error(`${statements.length} statements match ${String(pattern)}`);
  return statements[0]!;
}

const listed = (text: string | undefined) => (text ?? '').split(',').map((name) => name.trim());

/** How statements write the fields that other tables hold. */
const REFERENCES: Partial<Record<FieldKey, { staged: string; former: string }>> = {
  category: { staged: 'own.name', former: 'c.id' },
  supplier: { staged: "COALESCE(s.name, '')", former: 'IF(r.supplier IS NULL, p.supplier_id, s.id)' },
};

test('staging a file covers every imported field', async () => {
  const statement = await statementWith(/INSERT INTO product_import_row/);
  const [, into] = /INSERT INTO product_import_row\s*\(([^)]*)\)/.exec(statement)!;
  for (const { key, rowColumn, column, columnType, exactColumn, isOfBook, isNumber } of IMPORTED) {
    const staged = exactColumn ? key : rowColumn;
    expect(listed(into)).toContain(staged);
    const type = exactColumn ? 'decimal(13,3)' : columnType;
    expect(statement).toMatch(new RegExp(`\\b${staged} ${escaped(type)}[^,]*PATH '`, 'i'));
    expect(statement).toMatch(new RegExp(`\\bv\\.${staged}\\b[^=]*[,\\n]`));
    if (key === 'code') continue;
    const ofBook = `COALESCE(b.${column}, ${isNumber ? '0' : "''"})`;
    const own = isOfBook ? ofBook : (REFERENCES[key]?.staged ?? `p.${exactColumn ?? column}`);
    expect(statement).toContain(`'${key}', own_${staged}`);
    expect(statement).toMatch(new RegExp(`${escaped(own)} AS own_${staged}\\b`));
    expect(statement).toMatch(
      new RegExp(`\\(v\\.${staged} IS NULL OR v\\.${staged}(?: COLLATE \\w+)? = ${escaped(own)}\\)`),
    );
  }
});

test('applying an import inserts and updates every imported field', async () => {
  const insert = await statementWith(/INSERT INTO product\s*\([^`]*product_import_row/);
  const [, into] = /INSERT INTO product\s*\(([^)]*)\)/.exec(insert)!;
  const ofAll = IMPORTED.filter(({ isOfBook }) => !isOfBook);
  expect(listed(into).sort()).toEqual([...ofAll.map(({ column }) => column), 'rounded_up'].sort());
  const update = await statementWith(/UPDATE product_import_row[^`]*SET p\.\w+ = COALESCE\(/);
  const set = [...update.matchAll(/\bp\.(\w+) = COALESCE\(/g)].map(([, column]) => column);
  const columns = ofAll.filter(({ key }) => key !== 'code').map(({ column }) => column);
  expect(set.sort()).toEqual(columns.sort());
});

test('applying an import and undoing it write every field of a book', async () => {
  const columns = BOOK_FIELDS.map(({ column }) => column).sort();
  const apply = await statementWith(/INSERT INTO book[^`]*COALESCE\(r\.authors, book\.authors\)/);
  const undo = await statementWith(/INSERT INTO book[^`]*ON DUPLICATE KEY UPDATE\s*authors = r\.was/);
  for (const statement of [apply, undo]) {
    const [, into] = /INSERT INTO book \(product_id, ([^)]*)\)/.exec(statement)!;
    expect(listed(into).sort()).toEqual(columns);
    const [, updates] = statement.split('ON DUPLICATE KEY UPDATE');
    expect([...updates!.matchAll(/^\s*(\w+) = /gm)].map(([, column]) => column!).sort()).toEqual(columns);
  }
});

test('undoing an import sets back every imported field', async () => {
  const update = await statementWith(/UPDATE product_import_row[^`]*SET p\.\w+ = r\.was/);
  for (const { key, column, amount, isOfBook } of IMPORTED) {
    if (key === 'code' || isOfBook) continue;
    // A row that an earlier version read lacks what it did not know. Null in JSON is not NULL in SQL.
    const own = amount
      ? `IF(r.${column} IS NULL, p.${column}, JSON_VALUE(r.was, '$.${key}' RETURNING SIGNED))`
      : `r.was->>'$.${key}'`;
    const exact = key === 'quantity' ? '${FORMER_WHOLE}' : own;
    const former = escaped(REFERENCES[key]?.former ?? exact);
    expect(update).toMatch(new RegExp(`\\bp\\.${column} = (?:COALESCE\\()?${former}[,\\s]`));
  }
});

const escaped = (text: string) => text.replace(/[().$?]/g, '\\$&');

test('every label, hint and suggestion has a text in both languages', () => {
  for (const texts of [es, en]) {
    expect(Object.keys(texts.columns)).toEqual(expect.arrayContaining(PRODUCT_FIELDS.map(({ key }) => key)));
    for (const { form } of PRODUCT_FIELDS) {
      const keys = [form.hint, form.suggestions, form.initialText].filter((key) => key !== undefined);
      for (const key of keys) expect(Object.keys(texts.product)).toContain(key.replace('product.', ''));
    }
  }
});

/** Distinct values for each field and `round`. */
function valuesOf(mark: string, round: number): Record<FieldKey, string> {
  const entries = PRODUCT_FIELDS.map(({ key, isNumber, amount }, index) => [
    key,
    amount
      ? `${40 * round + index}${{ money: ',25', rate: ',5', weight: '' }[amount]}`
      : isNumber
        ? String(100 * round + index)
        : `${key} ${round} ${mark}`.slice(0, 30),
  ]);
  const barcodes = `barcode-${round}-${mark}`;
  const book = {
    year: String(1900 + round),
    language: ['es', 'qu', 'pt'][round],
    binding: ['other', 'pocket', 'spiral'][round],
  };
  const onSale = round % 2 === 1 ? 'yes' : 'no';
  return { ...Object.fromEntries(entries), code: mark, barcodes, onSale, ...book } as Record<
    FieldKey,
    string
  >;
}

/** As a page shows the value, in Spanish. */
function shown(key: FieldKey, values: Record<FieldKey, string>): string {
  const { rule } = PRODUCT_FIELDS.find((field) => field.key === key)!;
  return shownText(key, rule.parse(values[key]), 'es');
}

const file = (...rows: Record<FieldKey, string>[]) =>
  [
    IMPORTED.map(({ key }) => es.columns[key]),
    ...rows.map((values) => IMPORTED.map(({ key }) => values[key])),
  ]
    .map((cells) => cells.join(';'))
    .join('\r\n');

/** The product as the API returns it, with values as a form would hold them. */
async function savedValues(code: string) {
  const product = await client.findByCode(code);
  return Object.fromEntries(PRODUCT_FIELDS.map(({ key }) => [key, formText(key, product[key], 'es')]));
}

test('every field is saved by the form, found by a search, audited, and restored after a deletion', async () => {
  const mark = uniqueCode();
  const [first, second] = [valuesOf(mark, 1), valuesOf(mark, 2)];
  const category = (values: Record<FieldKey, string>) => ({
    ...values,
    category: '__other__',
    newCategory: values.category,
  });
  const { id } = await client.register(category(first));
  expect(await savedValues(mark)).toEqual(first);
  for (const { key, isSearched } of PRODUCT_FIELDS) {
    if (!isSearched) continue;
    const { items } = await client.search({ search: `${first[key]} ${mark}` });
    expect([key, items.map((item) => item.id)]).toEqual([key, [id]]);
  }
  const edit = await client.post(`/products/${id}`, { ...category(second), version: 1 });
  expect(edit.status).toBe(303);
  expect(await savedValues(mark)).toEqual(second);
  const conflict = await client.post(`/products/${id}`, { ...category(first), version: 1 });
  const audit = (await client.get('/audit')).text;
  for (const { key } of CHANGEABLE) {
    expect(conflict.text).toContain(`name="seen.${key}" value="${second[key]}"`);
    expect(audit).toContain(shown(key, second));
  }
  await client.post(`/products/${id}/delete`);
  await client.post(`/products/${id}/restore`);
  expect(await savedValues(mark)).toEqual(second);
});

test('an import sets and changes every field, and previews each change', async () => {
  const mark = uniqueCode();
  const [first, second] = [valuesOf(mark, 1), valuesOf(mark, 2)];
  const added = await preview(client, file(first));
  expect(added.totals).toMatchObject({ new: 1, wrong: 0 });
  await apply(client, added.id);
  expect(await savedValues(mark)).toEqual(first);
  expect((await preview(client, file(first))).totals).toMatchObject({ unchanged: 1 });
  const fields = CHANGEABLE.filter(({ headers }) => headers);
  // A barcode belongs to one product.
  const ofEach = fields.map(({ key }) => ({
    ...first,
    code: `${mark}-${key}`,
    barcodes: `${first.barcodes}-${key}`,
  }));
  await apply(client, (await preview(client, file(...ofEach))).id);
  const oneChanged = fields.map(({ key }, index) => ({ ...ofEach[index]!, [key]: second[key] }));
  const { totals } = await preview(client, file(...oneChanged));
  expect(totals).toMatchObject({ changed: fields.length, unchanged: 0, wrong: 0 });
  const changed = await preview(client, file(second));
  const text = await page(client, changed.id);
  for (const { key } of CHANGEABLE.filter(({ headers }) => headers)) {
    expect(text).toContain(`<del>${shown(key, first)}</del>`);
    expect(text).toContain(`<ins>${shown(key, second)}</ins>`);
  }
  await apply(client, changed.id);
  expect(await savedValues(mark)).toEqual(second);
});

test('an export has a column for every exported field', async () => {
  const { code } = await client.register();
  const { text } = await client.get(`/products/export.csv?search=${code}`);
  const headers = text.slice(1).split('\r\n')[0]!.split(';');
  const exported = PRODUCT_FIELDS.filter(({ exportWidth }) => exportWidth);
  expect(headers).toEqual(expect.arrayContaining(exported.map(({ key }) => es.columns[key])));
});
