import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { Client, uniqueCode } from '../support/client.ts';
import { apply, page, preview, stateOf, waitForRest, workbook } from '../support/import-files.ts';
import { createPerson, type Person } from '../support/people.ts';
import { replicaHasAll } from '../support/replication.ts';
import { stack } from '../support/shared-stack.ts';
import { waitUntil } from '../support/wait-until.ts';

let client: Client;
let clerk: Person;
let primary: Connection;

beforeAll(async () => {
  client = await Client.signedIn();
  clerk = await createPerson(client, 'clerk');
  primary = await stack.connect('primary');
});
/** Of many products, which other tests would count. */
const MANY = uniqueCode();

afterAll(async () => {
  await primary.query('DELETE FROM product WHERE code LIKE ?', [`${MANY}-%`]);
  expect(await replicaHasAll(stack)).toBe(true);
  await primary.end();
});

async function query(text: string, values: unknown[] = []): Promise<RowDataPacket[]> {
  return (await primary.query<RowDataPacket[]>(text, values))[0];
}

const csv = (...rows: string[]) =>
  ['Código;Nombre;Descripción;Categoría;Cantidad;Unidad', ...rows].join('\r\n');

async function undo(who: Client, id: number): Promise<string> {
  const { status } = await who.post(`/imports/${id}/undo`, { _key: crypto.randomUUID() });
  expect(status).toBe(303);
  await waitForRest(who, id);
  return page(who, id);
}

/** One product is added by the import, two are changed, one of them in its quantity. */
async function applied(code: string) {
  const old = await client.register({ code: `${code}-1`, name: 'Jabón', quantity: 5, category: 'Hogar' });
  const text = await client.register({ code: `${code}-2`, name: 'Té', quantity: 8 });
  const file = csv(
    `${code}-1;Jabón verde;Con aroma;Jardín ${code};9;caja`,
    `${code}-2;Té negro;;;;`,
    `${code}-3;Nuevo;;Otros;3;unidad`,
  );
  const { id } = await preview(clerk.client, file, `${code}.csv`);
  expect((await apply(clerk.client, id)).state).toBe('applied');
  return { id, old, text, added: await clerk.client.findByCode(`${code}-3`) };
}

test('asks first, and says how many products it removes and sets back', async () => {
  const code = uniqueCode();
  const { id } = await applied(code);
  expect(await page(client, id)).toContain(`href="/imports/${id}/undo"`);
  const { text } = await client.get(`/imports/${id}/undo`);
  expect(text).toContain('Un producto que se agregó pasa a la papelera.');
  expect(text).toContain('2 productos que se modificaron vuelven a tener los datos y la cantidad de antes.');
  expect((await clerk.client.findByCode(`${code}-1`)).quantity).toBe(9);
});

test('sets back fields and quantities, and moves what it added to the trash', async () => {
  const code = uniqueCode();
  const { id, old, added } = await applied(code);
  const text = await undo(client, id);
  expect(text).toContain('Importación deshecha');
  expect(text).toContain('admin la deshizo el');
  expect(text).not.toContain(`href="/imports/${id}/undo"`);
  expect((await client.get('/imports')).text).toContain('Deshecha');
  expect(await client.findByCode(`${code}-1`)).toMatchObject({
    ...{
      id: old.id,
      name: 'Jabón',
      description: '',
      category: 'Hogar',
      quantity: 5,
      unit: 'unidad',
      version: 3,
    },
  });
  expect(await client.findByCode(`${code}-2`)).toMatchObject({ name: 'Té', quantity: 8, version: 3 });
  expect((await client.search({ search: `${code}-3` })).total).toBe(0);
  const movements = await query(
    `SELECT delta, quantity_after AS after, reason, document_kind AS kind, document_id AS document, u.username
     FROM stock_movement JOIN user AS u ON u.id = actor_id WHERE product_id = ? ORDER BY stock_movement.id`,
    [old.id],
  );
  const by = (username: string) => ({ reason: 'import', kind: 'import', document: id, username });
  expect(movements.slice(1)).toEqual([
    { delta: 4, after: 9, ...by(clerk.username) },
    { delta: -4, after: 5, ...by('admin') },
  ]);
  const events = await query(
    "SELECT details, address FROM product_event WHERE action = 'product.importUndone' AND target_id = ?",
    [id],
  );
  expect(events).toEqual([{ details: { removed: 1, setBack: 2 }, address: '127.0.0.1' }]);
  expect((await client.get('/audit?kind=product')).text).toContain(
    `deshizo la importación de «${code}.csv»: a la papelera: 1; como antes: 2.`,
  );
  // What it added can be restored, with its movement.
  expect((await client.post(`/trash/${added.id}/restore`)).status).toBe(303);
  expect(await client.findByCode(`${code}-3`)).toMatchObject({ id: added.id, quantity: 3 });
});

test.each(['saved', 'moved', 'deleted', 'deleted and restored', 'added and moved'])(
  'undoes nothing when a product was %s since, and names it',
  async (what) => {
    const code = uniqueCode();
    const { id, old, text: other, added } = await applied(code);
    if (what === 'saved') {
      const form = { code: `${code}-2`, quantity: 8, unit: 'unidad', category: 'Otros', version: 2 };
      await client.post(`/products/${other.id}`, { ...form, name: 'Té verde' });
    } else if (what === 'moved') await client.changeQuantity(old.id, { delta: 1 });
    else if (what === 'added and moved') await client.changeQuantity(added.id, { delta: 1 });
    else await client.post(`/products/${old.id}/delete`);
    if (what === 'deleted and restored') await client.post(`/products/${old.id}/restore`);
    const before = await query('SELECT id, quantity, version FROM product WHERE code LIKE ?', [`${code}-%`]);
    const text = await undo(client, id);
    expect(text).toContain('No se puede deshacer: un producto cambió después de la importación.');
    const told = {
      saved: [`href="/products/${other.id}">Té verde</a>`, 'sus datos cambiaron'],
      moved: [`href="/products/${old.id}">Jabón verde</a>`, 'su cantidad cambió'],
      deleted: [`href="/trash?search=${code}-1">Jabón verde</a>`, 'está en la papelera'],
      'deleted and restored': [`href="/products/${old.id}">Jabón verde</a>`, 'sus datos cambiaron'],
      'added and moved': [`href="/products/${added.id}">Nuevo</a>`, 'su cantidad cambió'],
    }[what]!;
    for (const part of told) expect(text).toContain(part);
    expect(text).not.toContain(`href="/imports/${id}/undo"`);
    expect(await query('SELECT id, quantity, version FROM product WHERE code LIKE ?', [`${code}-%`])).toEqual(
      before,
    );
  },
);

test('lists twenty of many touched products and counts the rest', async () => {
  const code = uniqueCode();
  const rows = Array.from({ length: 30 }, (_, index) => `${code}-${index};Producto ${index};;Otros;1;u`);
  const { id } = await preview(client, csv(...rows));
  await apply(client, id);
  await primary.query('UPDATE product SET version = version + 1 WHERE code LIKE ?', [`${code}-%`]);
  const text = await undo(client, id);
  expect(text).toContain('No se puede deshacer: 30 productos cambiaron después de la importación.');
  expect(text.match(/sus datos cambiaron/g)).toHaveLength(20);
  expect(text).toContain('Y 10 productos más.');
});

test('creates a former category again that was renamed since', async () => {
  const code = uniqueCode();
  await client.register({ code, category: '__other__', newCategory: `Antes ${code}` });
  const { id } = await preview(client, csv(`${code};Otro;;Hogar;1;u`));
  await apply(client, id);
  await primary.query('UPDATE category SET name = ? WHERE name = ?', [`Ahora ${code}`, `Antes ${code}`]);
  expect(await undo(client, id)).toContain('Importación deshecha');
  expect((await client.findByCode(code)).category).toBe(`Antes ${code}`);
});

test('an import that an earlier version applied, or whose rows are gone, cannot be undone, and says so', async () => {
  const { id } = await applied(uniqueCode());
  await primary.query('UPDATE product_import SET undo_state = NULL WHERE id = ?', [id]);
  expect(await undo(client, id)).toContain('se aplicó con una versión anterior');
  await primary.query("UPDATE product_import SET undo_state = 'possible', expires_at = NULL WHERE id = ?", [
    id,
  ]);
  expect(await undo(client, id)).toContain('solo se puede durante una semana');
  expect((await client.get(`/imports/${id}/undo`)).headers.location).toBe(`/imports/${id}`);
  expect(await query('SELECT undone_at FROM product_import WHERE id = ?', [id])).toEqual([
    { undone_at: null },
  ]);
});

test('a double click undoes it once', async () => {
  const code = uniqueCode();
  const { id, old } = await applied(code);
  await Promise.all([client, client].map((who) => who.post(`/imports/${id}/undo`)));
  await waitForRest(client, id);
  const [sum] = await query('SELECT SUM(delta) AS sum FROM stock_movement WHERE product_id = ?', [old.id]);
  expect([Number(sum!.sum), (await client.findByCode(`${code}-1`)).version]).toEqual([5, 3]);
});

test('another instance finishes exactly once when the one that undoes dies', async () => {
  const code = MANY;
  const rows = Array.from({ length: 10_000 }, (_, index) => [`${code}-${index}`, `Producto ${index}`, 2]);
  const file = (lines: unknown[][]) =>
    workbook({ Hoja: [['Código', 'Nombre', 'Cantidad'], ...lines] as never });
  const base = await preview(client, await file(rows.slice(0, 5000)), 'a.xlsx');
  await apply(client, base.id);
  const more = rows.map(([name, text]) => [name, text, 5]);
  const { id } = await preview(client, await file(more), 'b.xlsx');
  expect((await apply(client, id)).totals).toMatchObject({ new: 5000, changed: 5000 });
  // Held, so that the undoing cannot end before its instance is killed.
  const blocker = await stack.connect('primary');
  await blocker.query('START TRANSACTION; SELECT id FROM product WHERE code = ? FOR UPDATE', [
    `${code}-4999`,
  ]);
  await client.post(`/imports/${id}/undo`);
  let owner = '';
  await waitUntil(async () => {
    const [row] = await query('SELECT owner, progress FROM product_import WHERE id = ?', [id]);
    owner = String(row!.owner);
    return owner !== 'null' && Number(row!.progress) > 50 && Number(row!.progress) < 1000;
  });
  process.kill(stack.process(owner).pid, 'SIGKILL');
  await blocker.end();
  await waitUntil(async () => !(await stateOf(client, id)).isBusy);
  const [sums] = await query(
    `SELECT COUNT(DISTINCT p.id) AS products, SUM(p.quantity = 2) / COUNT(*) AS share, SUM(m.delta) AS booked
     FROM product AS p JOIN stock_movement AS m ON m.product_id = p.id WHERE p.code LIKE ?`,
    [`${code}-%`],
  );
  expect([sums!.products, sums!.share, sums!.booked].map(Number)).toEqual([5000, 1, 10_000]);
  const [inTrash] = await query('SELECT COUNT(*) AS count FROM deleted_product WHERE code LIKE ?', [
    `${code}-%`,
  ]);
  expect(Number(inTrash!.count)).toBe(5000);
  const events = await query(
    "SELECT id FROM product_event WHERE action = 'product.importUndone' AND target_id = ?",
    [id],
  );
  expect(events).toHaveLength(1);
  for (const table of ['product', 'deleted_product'])
    await primary.query(`DELETE FROM ${table} WHERE code LIKE ?`, [`${code}-%`]);
}, 300_000);
