import { randomBytes } from 'node:crypto';
import { beforeAll, afterAll, expect, test } from '@jest/globals';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { expireImports } from '../../src/imports/clean-imports.ts';
import { discardUpload } from '../../src/imports/removal.ts';
import { Client, uniqueCode } from '../support/client.ts';
import {
  apply,
  download,
  page,
  preview,
  problems,
  startApplying,
  stateOf,
  upload,
  waitForRest,
  workbook,
} from '../support/import-files.ts';
import { closeDatabases } from '../../src/database/databases.ts';
import { openDatabases } from '../support/open-databases.ts';
import { createPerson } from '../support/people.ts';
import { replicaHasAll } from '../support/replication.ts';
import { stack } from '../support/shared-stack.ts';
import { waitUntil } from '../support/wait-until.ts';

let client: Client;
let primary: Connection;

beforeAll(async () => {
  client = await Client.signedIn();
  primary = await stack.connect('primary');
});
afterAll(() => primary.end());

async function rowsOf(query: string, values: unknown[] = []): Promise<RowDataPacket[]> {
  return (await primary.query<RowDataPacket[]>(query, values))[0];
}

const csv = (...rows: string[]) =>
  ['Código;Nombre;Descripción;Categoría;Cantidad;Unidad', ...rows].join('\r\n');

test('the preview shows new rows, old and new values, and the reason for each error', async () => {
  const code = uniqueCode();
  await client.register({ code: `${code}-1`, name: 'Jabón', quantity: 5, category: 'Hogar' });
  await client.register({ code: `${code}-2`, name: 'Igual', quantity: 5, category: 'Hogar' });
  const { id, totals } = await preview(
    client,
    csv(
      `${code.toLowerCase()}-1;Jabón verde;;hogar;7;unidad`,
      `${code}-2;Igual;;HOGAR;5,00;unidad`,
      `${code}-3;Nuevo;;Jardín ${code};0;caja`,
      `;Sin código;;Otros;1;unidad`,
      `${code}-4;;;Otros;-1;unidad`,
      `${code}-5;${'x'.repeat(101)};;;1.234,5;unidad`,
      `${code}-3;Otra vez;;Otros;2,5;unidad`,
      `${code}-6;Dos celdas de más;;Otros;1;unidad;;5`,
    ),
  );
  expect(totals).toEqual({ new: 1, changed: 1, unchanged: 1, wrong: 5 });
  expect(await problems(client, id)).toEqual([
    'Columna «Código»: Escriba el código del producto.',
    'Columna «Nombre»: Escriba el nombre del producto.',
    'Columna «Cantidad»: Escriba un número entero, 0 o mayor. («-1»)',
    expect.stringContaining('Columna «Nombre»: El nombre puede tener hasta 100 caracteres.'),
    'Columna «Cantidad»: La cantidad debe ser un número entero. («1.234,5»)',
    'Columna «Cantidad»: La cantidad debe ser un número entero. («2,5»)',
    `Columna «Código»: El código ya está en otra fila del archivo: Fila 4. («${code}-3»)`,
    expect.stringContaining('La fila tiene más celdas que las 6 columnas del encabezado.'),
  ]);
  const changed = await page(client, id, '?kind=changed');
  expect(changed).toMatch(/<del>Jabón<\/del>.*<ins>Jabón verde<\/ins>/s);
  expect(changed).toMatch(/<del>5<\/del>.*<ins>7<\/ins>/s);
  expect(changed).not.toContain('<dt>Categoría</dt>');
  // One wrong row blocks applying all rows: there is no button, and a forged request changes nothing.
  expect(changed).not.toContain('Aplicar los cambios');
  const reading = (await rowsOf('SELECT reading FROM product_import WHERE id = ?', [id]))[0]!
    .reading as number;
  await client.post(`/imports/${id}/apply`, { reading });
  expect((await stateOf(client, id)).state).toBe('preview');
  expect((await client.findByCode(`${code}-1`)).name).toBe('Jabón');
});

test('applies products with stock movements and one audit event; a second import changes nothing', async () => {
  const code = uniqueCode();
  const { id: oldId } = await client.register({ code: `${code}-1`, name: 'Jabón', quantity: 5 });
  const { client: clerk, username } = await createPerson(client, 'clerk');
  const file = csv(
    `${code}-1;Jabón;Con aroma;Otros;9;unidad`,
    `${code}-2;Nuevo;;Jardín ${code};3;caja`,
    `${code}-3;Sin existencias;;jardin ${code};0;caja`,
  );
  const { id } = await preview(clerk, file, 'lista ñ.csv');
  expect(await page(clerk, id)).toContain(`Se creará una categoría: Jardín ${code}.`);
  expect((await apply(clerk, id)).state).toBe('applied');

  // The next read sees the changes, on any server.
  expect(await clerk.findByCode(`${code}-1`)).toMatchObject({
    id: oldId,
    description: 'Con aroma',
    quantity: 9,
    version: 2,
  });
  expect(await clerk.findByCode(`${code}-3`)).toMatchObject({
    category: `Jardín ${code}`,
    quantity: 0,
    available: false,
  });
  const movements = await rowsOf(
    `SELECT p.code, m.delta, m.quantity_after AS after, m.reason, u.username FROM stock_movement AS m
     JOIN product AS p ON p.id = m.product_id JOIN user AS u ON u.id = m.user_id
     WHERE p.code LIKE ? AND m.reason = 'import' ORDER BY m.id`,
    [`${code}-%`],
  );
  expect(movements).toEqual([
    { code: `${code}-2`, delta: 3, after: 3, reason: 'import', username },
    { code: `${code}-1`, delta: 4, after: 9, reason: 'import', username },
  ]);
  // Only the person who imported waits for the replica.
  expect(await replicaHasAll(stack)).toBe(true);
  expect((await client.get(`/products/${oldId}`)).text).toContain('Importación');
  const events = await rowsOf(
    "SELECT target_name AS name, details, address FROM product_event WHERE action = 'product.imported' AND target_id = ?",
    [id],
  );
  expect(events).toEqual([
    { name: 'lista ñ.csv', details: { added: 2, changed: 1, unchanged: 0 }, address: '127.0.0.1' },
  ]);
  expect((await client.get('/audit?kind=product')).text).toContain(
    'importó «lista ñ.csv»: nuevos: 2; modificados: 1; sin cambios: 0.',
  );

  const again = await preview(clerk, file);
  expect(again.totals).toEqual({ new: 0, changed: 0, unchanged: 3, wrong: 0 });
  expect(await page(clerk, again.id)).toContain('no hay nada que cambiar');
});

test('recognises header synonyms, lets users assign columns, and leaves other fields unchanged', async () => {
  const code = uniqueCode();
  const { id: productId } = await client.register({
    code,
    name: 'Jabón',
    quantity: 5,
    unit: 'caja',
    category: 'Hogar',
  });
  const first = await preview(client, `ARTICLE CODE ;qty.;Precio;Interno\r\n${code};8;3,50;Otro nombre`);
  expect(first.totals).toEqual({ new: 0, changed: 1, unchanged: 0, wrong: 0 });
  expect(await page(client, first.id)).not.toContain('<dt>Nombre</dt>');

  const assign = (id: number, columns: string[]) =>
    client.post(
      `/imports/${id}/columns`,
      Object.fromEntries(columns.map((field, index) => [`column${index}`, field])),
    );
  expect((await assign(first.id, ['code', 'code', '', ''])).status).toBe(422);
  expect((await assign(first.id, ['code', '', '', 'name'])).status).toBe(303);
  await waitForRest(client, first.id);
  const text = await page(client, first.id);
  expect(text).toMatch(/<del>Jabón<\/del>.*<ins>Otro nombre<\/ins>/s);
  expect(text).not.toContain('<dt>Cantidad</dt>');
  await apply(client, first.id);
  expect(await client.findByCode(code)).toMatchObject({
    id: productId,
    name: 'Otro nombre',
    quantity: 5,
    unit: 'caja',
    category: 'Hogar',
  });

  const unknown = await preview(client, `uno;dos\r\n${code}-2;Dos`);
  expect(unknown.state).toBe('unassigned');
  expect(await page(client, unknown.id)).toContain('No se reconoció ninguna columna como código.');
  await assign(unknown.id, ['code', '']);
  expect((await waitForRest(client, unknown.id)).totals).toMatchObject({ new: 0, wrong: 1 });
  expect(await problems(client, unknown.id)).toEqual([
    'El producto es nuevo y el archivo no tiene una columna con el nombre.',
  ]);
  await assign(unknown.id, ['code', 'name']);
  await waitForRest(client, unknown.id);
  await apply(client, unknown.id);
  expect(await client.findByCode(`${code}-2`)).toMatchObject({
    name: 'Dos',
    quantity: 0,
    unit: 'unidad',
    category: 'Otros',
  });
});

test.each([
  ['xlsx', 'es'],
  ['xlsx', 'en'],
  ['csv', 'es'],
  ['csv', 'en'],
])('importing our own export changes nothing: %s, %s', async (format, language) => {
  const code = uniqueCode();
  for (const name of ['=1+1', "'=1+1", '-menos', '+más', '@arroba', "'cita", 'con "comillas"; y, comas'])
    await client.register({
      code: `${code}-${name}`.slice(0, 50),
      name,
      description: `${name}\nen dos líneas`,
    });
  await client.register({ code: `=${code}`, name: `3,5 ${code}`, quantity: 2_147_483_647 });
  const { totals } = await preview(
    client,
    await download(client, `/products/export.${format}`, language),
    `x.${format}`,
  );
  expect(totals).toMatchObject({ new: 0, changed: 0, wrong: 0 });
  expect(totals!.unchanged).toBe((await client.search({})).total);
});

test('the result repeats the upload with an error column, and can be corrected and uploaded again', async () => {
  const code = uniqueCode();
  const { id } = await preview(client, csv(`${code};=1+1;"a;b";Otros;x;unidad`), 'mi lista.csv');
  const response = await client.get(`/imports/${id}/result.csv`);
  expect(response.headers['content-disposition']).toContain('mi lista - resultado.csv');
  const [header, row] = response.text.replace('\ufeff', '').split('\r\n');
  expect(header).toBe('Código;Nombre;Descripción;Categoría;Cantidad;Unidad;Resultado;Errores');
  expect(row).toMatch(new RegExp(`^${code};'=1\\+1;"a;b";Otros;x;unidad;con errores;`));
  expect(row).toContain('Columna «Nombre»: La celda contiene una fórmula.');
  expect(row).toContain('Columna «Cantidad»: Escriba un número entero, 0 o mayor.');
  const corrected = response.text.replace(';x;', ';4;');
  expect((await preview(client, corrected)).totals).toMatchObject({ new: 1, wrong: 0 });
});

test.each(['saved', 'deleted', 'registered'])(
  'applies nothing and makes a new preview when a product was %s after the preview',
  async (what) => {
    const code = uniqueCode();
    const { id: productId } = await client.register({ code: `${code}-1`, name: 'Jabón', quantity: 5 });
    const { id } = await preview(
      client,
      csv(
        `${code}-0;Otro;;Cosas ${code};1;u`,
        `${code}-1;Jabón;;Otros;9;unidad`,
        `${code}-2;Nuevo;;Otros;1;u`,
      ),
    );
    if (what === 'saved') await client.changeQuantity(productId, { delta: 1 });
    else if (what === 'deleted') await client.post(`/products/${productId}/delete`);
    else await client.register({ code: `${code}-2`, name: 'Antes' });
    const { state, totals } = await apply(client, id);
    expect(state).toBe('preview');
    const text = await page(client, id);
    expect(text).toContain(
      'Otra persona cambió alguno de estos productos mientras tanto: no se aplicó nada.',
    );
    const expected = {
      saved: { new: 2, changed: 1 },
      deleted: { new: 3, changed: 0 },
      registered: { new: 1, changed: 2 },
    };
    expect(totals).toMatchObject(expected[what as keyof typeof expected]);
    expect((await client.search({ search: `${code}-0` })).total).toBe(0);
    expect(await rowsOf('SELECT id FROM category WHERE name = ?', [`Cosas ${code}`])).toEqual([]);
    expect((await apply(client, id)).state).toBe('applied');
    expect((await client.findByCode(`${code}-1`)).quantity).toBe(9);
  },
);

test('a repeated upload creates one import, and a double click applies it once', async () => {
  const code = uniqueCode();
  const key = crypto.randomUUID();
  const file = csv(`${code};Nuevo;;Otros;3;caja`);
  const orphans = async () => {
    const rows = await rowsOf(
      'SELECT DISTINCT HEX(file) AS file FROM product_import_part WHERE file NOT IN (SELECT file FROM product_import)',
    );
    return rows.map(({ file: id }) => String(id));
  };
  const earlier = await orphans();
  const [first, second] = await Promise.all([
    upload(client, file, 'a.csv', key),
    upload(client, file, 'a.csv', key),
  ]);
  expect(first.headers.location).toBe(second.headers.location);
  const id = Number(first.headers.location!.split('/').at(-1));
  await waitForRest(client, id);
  await Promise.all([startApplying(client, id), startApplying(client, id)]).catch(() => undefined);
  await waitForRest(client, id);
  const movements = await rowsOf(
    'SELECT m.id FROM stock_movement AS m JOIN product AS p ON p.id = m.product_id WHERE p.code = ?',
    [code],
  );
  expect(movements).toHaveLength(1);
  // Both requests stored the file; one copy is deleted.
  await waitUntil(async () => (await orphans()).every((file) => earlier.includes(file)));
});

test('a discarded upload keeps its file if the import exists after all', async () => {
  const { id } = await preview(client, csv(`${uniqueCode()};Nuevo;;Otros;3;caja`));
  const [{ file }] = (await rowsOf('SELECT file FROM product_import WHERE id = ?', [id])) as [
    { file: Buffer },
  ];
  const unknown = randomBytes(16);
  await primary.query('INSERT INTO product_import_part (file, part, data) VALUES (?, 0, ?)', [unknown, 'x']);
  const databases = await openDatabases();
  await waitUntil(() => databases.catalogue.monitor.canSave());
  for (const one of [file, unknown]) await discardUpload(databases, one);
  await closeDatabases(databases);
  await waitUntil(async () => {
    const files = [file, unknown].map((one) => one.toString('hex'));
    const waiting = await rowsOf("SELECT id FROM outbox WHERE payload->>'$.file' IN (?)", [files]);
    return waiting.length === 0;
  });
  const parts = await rowsOf('SELECT file FROM product_import_part WHERE file IN (?)', [[file, unknown]]);
  expect(parts.map((part) => part.file as Buffer)).toEqual([file]);
});

test('refuses an upload without a token, by a viewer or signed out, and stores nothing', async () => {
  const count = async () =>
    (await rowsOf('SELECT COUNT(DISTINCT file) AS count FROM product_import_part'))[0]!.count as number;
  const before = await count();
  const file = csv('X;Y;;Otros;1;u');
  const noToken = await client.agent
    .post('/imports')
    .field('_key', 'k')
    .attach('file', Buffer.from(file), 'a.csv');
  expect(noToken.status).toBe(403);
  const late = await client.agent
    .post('/imports')
    .attach('file', Buffer.from(file), 'a.csv')
    .field('_csrf', client.token);
  expect(late.status).toBe(403);
  const { client: viewer } = await createPerson(client, 'viewer');
  expect((await upload(viewer, file)).status).toBe(403);
  expect((await viewer.get('/products')).text).not.toContain('/imports');
  const anonymous = new Client();
  await anonymous.takeToken('/login');
  expect((await upload(anonymous, file)).headers.location).toContain('/login');
  const none = await client.agent.post('/imports').field('_csrf', client.token).field('_key', 'k');
  expect(none.status).toBe(422);
  expect(none.text).toContain('Elija un archivo.');
  expect(
    (await client.agent.post('/imports').set('Content-Type', 'multipart/form-data').send('x')).status,
  ).toBe(400);
  expect(await count()).toBe(before);
});

test('expired rows and files are deleted; the import stays in the list', async () => {
  const code = uniqueCode();
  const { id } = await preview(client, csv(`${code};Nuevo;;Otros;3;caja`), `${code}.csv`);
  await primary.query(
    'UPDATE product_import SET expires_at = UTC_TIMESTAMP(3) - INTERVAL 1 HOUR WHERE id = ?',
    [id],
  );
  const databases = await openDatabases();
  await waitUntil(() => databases.catalogue.monitor.canSave());
  await databases.catalogue.transact(expireImports).finally(() => closeDatabases(databases));
  // A running instance does the deletion.
  const left = () =>
    rowsOf(
      `SELECT number FROM product_import_row WHERE import_id = ? UNION ALL
       SELECT part FROM product_import_part WHERE file = (SELECT file FROM product_import WHERE id = ?)`,
      [id, id],
    );
  await waitUntil(async () => (await left()).length === 0);
  expect(await page(client, id)).toContain('sus datos se eliminaron');
  expect((await client.get(`/imports/${id}/result.csv`)).status).toBe(404);
  expect((await client.get('/imports')).text).toContain(`${code}.csv`);
});

test('another instance finishes exactly once when the applying one dies', async () => {
  const code = uniqueCode();
  const rows = Array.from({ length: 20_000 }, (_, index) => [`${code}-${index}`, `Producto ${index}`, 2]);
  const base = await preview(
    client,
    await workbook({ Hoja: [['Código', 'Nombre', 'Cantidad'], ...rows.slice(0, 10_000)] }),
    'a.xlsx',
  );
  expect((await apply(client, base.id)).state).toBe('applied');
  const more = rows.map(([name, text]) => [name!, text!, 5]);
  const { id, totals } = await preview(
    client,
    await workbook({ Hoja: [['Código', 'Nombre', 'Cantidad'], ...more] }),
    'b.xlsx',
  );
  expect(totals).toEqual({ new: 10_000, changed: 10_000, unchanged: 0, wrong: 0 });
  // Held, so that the import cannot end before its instance is killed.
  const blocker = await stack.connect('primary');
  await blocker.query('START TRANSACTION; SELECT id FROM product WHERE code = ? FOR UPDATE', [
    `${code}-9999`,
  ]);
  await startApplying(client, id);
  let owner = '';
  await waitUntil(async () => {
    const [row] = await rowsOf('SELECT owner, progress FROM product_import WHERE id = ?', [id]);
    owner = String(row!.owner);
    return Number(row!.progress) > 50;
  });
  process.kill(stack.process(owner).pid, 'SIGKILL');
  await blocker.end();
  // All or nothing, even during the retry.
  const [seen] = await rowsOf('SELECT COUNT(*) AS count FROM product WHERE code LIKE ? AND quantity = 5', [
    `${code}-%`,
  ]);
  expect([0, 20_000]).toContain(Number(seen!.count));
  expect((await waitForRest(client, id)).state).toBe('applied');
  const [sums] = await rowsOf(
    `SELECT COUNT(DISTINCT p.id) AS products, SUM(m.delta) AS booked, COUNT(m.id) AS movements
     FROM product AS p JOIN stock_movement AS m ON m.product_id = p.id WHERE p.code LIKE ? AND p.quantity = 5`,
    [`${code}-%`],
  );
  expect({
    products: Number(sums!.products),
    booked: Number(sums!.booked),
    movements: Number(sums!.movements),
  }).toEqual({ products: 20_000, booked: 100_000, movements: 30_000 });
  const events = await rowsOf(
    "SELECT id FROM product_event WHERE action = 'product.imported' AND target_id = ?",
    [id],
  );
  expect(events).toHaveLength(1);
  // Other tests count products.
  await primary.query('DELETE FROM product WHERE code LIKE ?', [`${code}-%`]);
  expect(await replicaHasAll(stack)).toBe(true);
}, 300_000);

test('another instance reads the file again when the reading one dies', async () => {
  const code = uniqueCode();
  const rows = Array.from({ length: 60_000 }, (_, index) => `${code}-${index};Producto ${index};;Otros;1;u`);
  const response = await upload(client, csv(...rows));
  const id = Number(response.headers.location!.split('/').at(-1));
  let owner = '';
  await waitUntil(async () => {
    const [row] = await rowsOf('SELECT owner, progress FROM product_import WHERE id = ?', [id]);
    owner = String(row!.owner);
    return owner !== 'null' && Number(row!.progress) > 0;
  });
  process.kill(stack.process(owner).pid, 'SIGKILL');
  expect((await waitForRest(client, id)).totals).toEqual({ new: 60_000, changed: 0, unchanged: 0, wrong: 0 });
  const [kept] = await rowsOf(
    'SELECT COUNT(*) AS count FROM product_import_row AS r JOIN product_import AS i ON i.id = r.import_id AND i.reading = r.reading WHERE i.id = ?',
    [id],
  );
  expect(Number(kept!.count)).toBe(60_000);
}, 300_000);
