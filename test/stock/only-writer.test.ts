import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { PROJECT_DIR } from '../../tools/launcher/stack-config.ts';

const TABLE = '[`\'"]?(?:inventario[`]?\\.[`]?)?(?:product|deleted_product|stock_movement)\\b[`\'"]?';
/** The rest of the statement, in TypeScript and SQL. */
const REST = '[^;]*';

const VIOLATIONS = {
  'inserts or replaces rows': `\\b(?:INSERT|REPLACE)\\s+(?:IGNORE\\s+)?INTO\\s+${TABLE}`,
  'deletes rows': `\\bDELETE\\s+FROM\\s+${TABLE}`,
  'deletes rows of a join': `\\bDELETE\\s+[\\w,\\s]+\\bFROM\\b${REST}\\b(?:FROM|JOIN)\\s+${TABLE}`,
  'updates the ledger': '\\bUPDATE\\s+[^;]*\\bstock_movement\\b[^;]*\\bSET\\b',
  'updates a quantity': `\\bUPDATE\\s+[^;]*\\bproduct\\b${REST}\\bSET\\b${REST}\\b(?:quantity|rounded_up|reserved|exact_reserved)\`?\\s*=`,
  'loads rows from a file': `\\bLOAD\\s+DATA\\b${REST}\\bINTO\\s+TABLE\\s+${TABLE}`,
  'inserts or deletes with Kysely': `\\b(?:insertInto|replaceInto|mergeInto|deleteFrom)\\(\\s*${TABLE}`,
  'updates the ledger with Kysely': '\\bupdateTable\\(\\s*[`\'"]stock_movement\\b',
  // A spread or a variable may contain a quantity.
  'updates a quantity with Kysely': `\\bupdateTable\\(\\s*[\`'"]product\\b${REST}(?:\\b(?:quantity|rounded_up|reserved|exact_reserved)\\b|\\.\\.\\.|\\.set\\(\\s*[^{\\s])`,
};

function findViolations(text: string): string[] {
  return Object.entries(VIOLATIONS)
    .filter(([, pattern]) => new RegExp(pattern, 'i').test(text))
    .map(([violation]) => violation);
}

async function listSources(): Promise<string[]> {
  const folders = ['src', 'tools', 'mysql'].map(async (folder) => {
    const names = await readdir(join(PROJECT_DIR, folder), { recursive: true });
    return names.map((name) => `${folder}/${name}`);
  });
  const files = (await Promise.all(folders)).flat().filter((name) => /\.(ts|js|sql)$/.test(name));
  return files.filter((name) => !name.startsWith('mysql/migrations/'));
}

test('only src/stock writes quantities and movements', async () => {
  const files = await listSources();
  const found: string[] = [];
  let inStock = 0;
  for (const file of files) {
    const violations = findViolations(await readFile(join(PROJECT_DIR, file), 'utf8'));
    if (file.startsWith('src/stock/')) inStock += violations.length;
    else found.push(...violations.map((violation) => `${file} ${violation}`));
  }
  expect(found).toEqual([]);
  expect(files.length).toBeGreaterThan(100);
  expect(inStock).toBeGreaterThan(5);
});

test.each([
  ["trx.insertInto('stock_movement').values(row)"],
  ['trx.insertInto("product").values(product)'],
  ["trx\n  .replaceInto('product')\n  .values(product)"],
  ["trx.deleteFrom('product').where('id', '=', id)"],
  ["trx.updateTable('product').set({ quantity: 5 }).where('id', '=', id)"],
  ["trx.updateTable('product as p').set((eb) => ({ name: eb.ref('code') }))"],
  ["trx.updateTable('product').set({ ...edit, version }).where('id', '=', id)"],
  ["trx.updateTable('product').set(edit).where('id', '=', id)"],
  ["trx.updateTable('product').set('quantity', 5)"],
  ["trx.updateTable('stock_movement').set({ user_id: null })"],
  ['sql`INSERT INTO stock_movement (product_id) SELECT id FROM product`'],
  ['sql`insert ignore into product (code) values (${code})`'],
  ['sql`REPLACE INTO inventario.product (id) VALUES (1)`'],
  ['sql`INSERT INTO deleted_product SELECT * FROM product`'],
  ['sql`UPDATE product SET version = version + 1, quantity = quantity - ${taken}`'],
  [
    'sql`UPDATE product AS p JOIN product_import_row AS r ON r.code = p.code\n SET p.`quantity` = r.quantity`',
  ],
  ['sql`UPDATE product SET reserved = reserved + 1`'],
  ['sql`UPDATE product SET exact_reserved = 0`'],
  ['sql`UPDATE product SET rounded_up = 0`'],
  ["connection.query('UPDATE stock_movement SET user_id = NULL')"],
  ['sql`DELETE FROM product WHERE id = ${id}`'],
  ['sql`DELETE p FROM product_import_row AS r JOIN product AS p ON p.id = r.product_id`'],
  ["LOAD DATA INFILE 'x' INTO TABLE product"],
])('detects %s', (snippet) => {
  expect(findViolations(snippet)).not.toEqual([]);
});

test.each([
  ["trx.selectFrom('product').select('quantity').forUpdate()"],
  ["trx.updateTable('product').set({ name }).where('id', '=', id)"],
  ["trx.insertInto('product_import').values({ ...upload })"],
  ['sql`INSERT INTO product_import_row (quantity) SELECT quantity FROM product`'],
  ['sql`INSERT INTO search_pending (product_id) SELECT id FROM product`'],
  ['AFTER UPDATE ON product FOR EACH ROW INSERT INTO search_pending (product_id) VALUES (NEW.id)'],
  ['GRANT SELECT, INSERT, UPDATE, DELETE ON inventario.product TO app'],
])('allows %s', (snippet) => {
  expect(findViolations(snippet)).toEqual([]);
});
