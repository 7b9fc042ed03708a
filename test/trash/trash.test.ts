import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { Client, uniqueCode } from '../support/client.ts';
import { createPerson, type Person } from '../support/people.ts';
import { replicaHasAll } from '../support/replication.ts';
import { stack } from '../support/shared-stack.ts';

let client: Client;
let clerk: Person;
let primary: Connection;

beforeAll(async () => {
  client = await Client.signedIn();
  clerk = await createPerson(client, 'clerk');
  primary = await stack.connect('primary');
});
afterAll(() => primary.end());

async function trash(who: Client, query: Record<string, string> = {}) {
  const { status, text } = await who.get(`/trash?${new URLSearchParams(query).toString()}`);
  const names = [...text.matchAll(/<strong>([^<]+)<\/strong><\/p>/g)].map(([, name]) => name!);
  const older = /href="\/trash\?([^"]*)"[^>]*rel="next"|rel="next" href="\/trash\?([^"]*)"/.exec(text);
  const address = (older?.[1] ?? older?.[2])?.replaceAll('&amp;', '&');
  return { status, text, names, older: address && Object.fromEntries(new URLSearchParams(address)) };
}

async function deleteNew(fields: Record<string, string | number> = {}) {
  const product = await clerk.client.register(fields);
  await clerk.client.post(`/products/${product.id}/delete`);
  return product;
}

test('lists who deleted what, when, and until when it is kept, newest first', async () => {
  const code = uniqueCode();
  for (const number of [1, 2, 3]) await deleteNew({ code: `${code}-${number}`, name: `Vela ${number}` });
  const { names, text } = await trash(clerk.client, { search: code });
  expect(names).toEqual(['Vela 3', 'Vela 2', 'Vela 1']);
  expect(text).toContain(`Eliminado por ${clerk.username},`);
  const times = [...text.matchAll(/<time datetime="([^"]+)"/g)].map(([, time]) => Date.parse(time!));
  expect(times[1]! - times[0]!).toBe(30 * 24 * 3600_000);
});

test('restores a product after the hour of the undo, with its number, its movements and an event', async () => {
  const { id, code } = await deleteNew({ name: 'Reloj', quantity: 7 });
  await primary.query('UPDATE deleted_product SET deleted_at = deleted_at - INTERVAL 2 DAY WHERE id = ?', [
    id,
  ]);
  expect((await client.post(`/products/${id}/restore`)).status).toBe(404);
  const restored = await client.post(`/trash/${id}/restore`, { search: code });
  expect([restored.status, restored.headers.location]).toEqual([303, `/trash?search=${code}`]);
  const after = await trash(client, { search: code });
  expect(after.text).toContain('Producto restaurado: «Reloj».');
  expect(after.names).toEqual([]);
  expect(await client.findByCode(code)).toMatchObject({ id, quantity: 7, version: 2 });
  const [movements] = await primary.query<RowDataPacket[]>(
    'SELECT SUM(delta) AS sum FROM stock_movement WHERE product_id = ?',
    [id],
  );
  expect(Number(movements[0]!.sum)).toBe(7);
  expect((await client.get('/audit?kind=product')).text).toContain(`restauró «Reloj» (${code}).`);
});

test('names the product that has taken the code, and restores once it is free', async () => {
  const { id, code } = await deleteNew({ name: 'Lámpara' });
  const other = await client.register({ code, name: 'Farol' });
  const refused = await client.post(`/trash/${id}/restore`);
  expect(refused.status).toBe(409);
  expect(refused.text).toContain(`No se puede restaurar «Lámpara»: su código, ${code}, ahora es de «Farol».`);
  expect(refused.text).toContain(`href="/products/${other.id}/edit"`);
  const form = { name: 'Farol', quantity: 5, unit: 'unidad', category: 'Otros', version: 1 };
  await client.post(`/products/${other.id}`, { ...form, code: `${code}-B` });
  expect((await client.post(`/trash/${id}/restore`)).status).toBe(303);
  expect((await client.findByCode(code)).id).toBe(id);
});

test('of two people who restore the same product, one is told that it is no longer there', async () => {
  const { id } = await deleteNew();
  const answers = await Promise.all([client, clerk.client].map((who) => who.post(`/trash/${id}/restore`)));
  expect(answers.map(({ status }) => status).sort()).toEqual([303, 404]);
  expect(answers.find(({ status }) => status === 404)!.text).toContain(
    'El producto ya no está en la papelera',
  );
});

test('finds what begins a code or a name, in any case, and nothing else', async () => {
  const code = uniqueCode();
  await deleteNew({ code: `${code}%_x`, name: `Árbol ${code}` });
  await deleteNew({ code: uniqueCode(), name: `${code}yz` });
  expect((await trash(clerk.client, { search: code.toLowerCase() })).names).toHaveLength(2);
  expect((await trash(clerk.client, { search: `${code}%` })).names).toEqual([`Árbol ${code}`]);
  expect((await trash(clerk.client, { search: `arbol ${code}` })).names).toEqual([`Árbol ${code}`]);
  expect((await trash(clerk.client, { search: `${code}__x` })).names).toEqual([]);
  expect((await trash(clerk.client, { search: "' OR 1=1 -- " })).names).toEqual([]);
});

test('pages through a hundred thousand deleted products without a gap, and says when a search is too wide', async () => {
  const mark = uniqueCode();
  await primary.query('SET SESSION cte_max_recursion_depth = 100000');
  await primary.query(
    `INSERT INTO deleted_product
       (id, code, name, description, category_id, quantity, unit, version, created_at, deleted_by, deleted_at)
     WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 100000)
     SELECT 4100000000 + n, CONCAT(?, '-', n), CONCAT('Muchos ', ?, ' ', n), '', 1, 0, 'u', 1, NOW(3), 1,
       NOW(3) + INTERVAL 1 DAY - INTERVAL n DIV 70 SECOND FROM n`,
    [mark, mark],
  );
  // A replica that shows this write shows the rows as well.
  await client.register();
  try {
    const seen: string[] = [];
    let query: Record<string, string> = {};
    for (let page = 0; page < 4; page++) {
      const { names, older } = await trash(client, query);
      seen.push(...names);
      query = older as Record<string, string>;
    }
    const [wanted] = await primary.query<RowDataPacket[]>(
      'SELECT name FROM deleted_product ORDER BY deleted_at DESC, id DESC LIMIT 200',
    );
    expect(seen).toEqual(wanted.map(({ name }) => name as string));
    const wide = await trash(client, { search: mark });
    expect(wide.names).toHaveLength(50);
    expect(wide.text).toContain('Hay más de 1000 coincidencias');
    const narrow = await trash(client, { search: `${mark}-9999` });
    expect(narrow.names).toHaveLength(11);
    expect(narrow.text).not.toContain('coincidencias');
  } finally {
    await primary.query('DELETE FROM deleted_product WHERE id > 4100000000');
    expect(await replicaHasAll(stack)).toBe(true);
  }
});

test('leads to the trash from the list and after a deletion, those who may delete', async () => {
  const { client: viewer } = await createPerson(client, 'viewer');
  expect((await viewer.get('/products')).text).not.toContain('/trash');
  expect((await trash(viewer)).status).toBe(403);
  const person = await createPerson(client, 'clerk');
  expect((await person.client.get('/products')).text).toContain('href="/trash"');
  const { id } = await person.client.register();
  await person.client.post(`/products/${id}/delete`);
  expect((await person.client.get('/imports')).text).toContain('Ver la papelera');
  expect((await trash(person.client)).text).not.toContain('Ver la papelera');
});

test('a damaged address shows the first page', async () => {
  // Their own deletion is shown to them from every server.
  await deleteNew();
  const first = (await trash(clerk.client)).names;
  for (const before of ['x', '1.', '99999999999999999999.1', '-1.5']) {
    expect([before, (await trash(clerk.client, { before })).names]).toEqual([before, first]);
  }
  expect((await client.get('/trash?search=a&search=b')).status).toBe(200);
  expect((await client.post('/trash/x/restore')).status).toBe(404);
});

test('what an instance of the previous version deletes and restores keeps what it does not know', async () => {
  const code = uniqueCode();
  const { id } = await clerk.client.register({
    ...{ code, quantity: '2,5', unit: 'kg', price: '12,50', cost: '8', taxRate: '15' },
    ...{
      location: 'A-3',
      minimumStock: '1,5',
      supplierCode: 'X',
      tags: 'a, b',
      notes: 'n',
      barcodes: `B-${code}`,
    },
    ...{ authors: 'Ana Paz; Luz Vega', publisher: 'Sur', year: '1999' },
  });
  const stateOf = async () => {
    const [rows] = await primary.query<RowDataPacket[]>(
      `SELECT on_hand, price, cost, tax_rate, location, minimum_stock, supplier_code, tags, notes, barcodes,
         is_book, credits, (SELECT year FROM book WHERE product_id = product.id) AS year,
         (SELECT COUNT(*) FROM product_barcode WHERE product_id = product.id) AS keyCount
       FROM product WHERE id = ?`,
      [id],
    );
    return rows;
  };
  const before = await stateOf();
  expect(before).toMatchObject([{ price: 1250, location: 'A-3', keyCount: 1, is_book: 1, year: 1999 }]);
  const known = 'id, code, name, description, category_id, quantity, unit, version, created_at';
  await primary.query(
    `INSERT INTO deleted_product (${known}, deleted_by) SELECT ${known}, 1 FROM product WHERE id = ?`,
    [id],
  );
  await primary.query('DELETE FROM product WHERE id = ?', [id]);
  await primary.query(`INSERT INTO product (${known}) SELECT ${known} FROM deleted_product WHERE id = ?`, [
    id,
  ]);
  await primary.query('DELETE FROM deleted_product WHERE id = ?', [id]);
  expect(await stateOf()).toEqual(before);
});
