import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import express from 'express';
import fc from 'fast-check';
import { sql, type Kysely } from 'kysely';
import type { Connection, ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import request from 'supertest';
import { closeDatabases, type Databases } from '../../src/database/databases.ts';
import type { Catalogue } from '../../src/database/tables.ts';
import { listDemoProducts } from '../../src/demo/load-demo-products.ts';
import { findDemonstration, removeDemonstration } from '../../src/home/demonstration.ts';
import { drawFlow } from '../../src/home/flow-chart.ts';
import { addUpFlow, addUpTotals } from '../../src/home/home-jobs.ts';
import { forgetOldOutflow, lookUpFormerOutflow } from '../../src/home/outflow-jobs.ts';
import { lastDays, SHOWN_DAYS } from '../../src/home/movement-days.ts';
import { readStockTotals } from '../../src/home/stock-totals.ts';
import { i18n } from '../../src/http/i18n.ts';
import { useViews } from '../../src/http/views.ts';
import { datesIn } from '../../src/locales/dates.ts';
import { PROJECT_DIR } from '../../tools/launcher/stack-config.ts';
import { Client, uniqueCode } from '../support/client.ts';
import { apply, preview, waitForRest } from '../support/import-files.ts';
import { openDatabases } from '../support/open-databases.ts';
import { createPerson, type Person } from '../support/people.ts';
import { replicaHasAll } from '../support/replication.ts';
import { stack } from '../support/shared-stack.ts';
import { DIFFERENCES, differences, readFlow } from './kept-sums.ts';

let client: Client;
let viewer: Person;
let primary: Connection;
let databases: Databases;

/** Begins the code of every product that these tests add. */
const MARK = uniqueCode();
let counter = 0;
const newCode = () => `${MARK}-${counter++}`;

beforeAll(async () => {
  client = await Client.signedIn();
  viewer = await createPerson(client, 'viewer');
  primary = await stack.connect('primary');
  databases = await openDatabases();
});

afterAll(async () => {
  for (const table of ['product_outflow', 'product_outflow_day'])
    await primary.query(
      `DELETE FROM ${table} WHERE product_id IN (
         SELECT id FROM product WHERE code LIKE ? UNION ALL SELECT id FROM deleted_product WHERE code LIKE ?)`,
      [`${MARK}-%`, `${MARK}-%`],
    );
  for (const table of ['product', 'deleted_product'])
    await primary.query(`DELETE FROM ${table} WHERE code LIKE ?`, [`${MARK}-%`]);
  await primary.end();
  await closeDatabases(databases);
});

async function query(text: string, values: unknown[] = []): Promise<RowDataPacket[]> {
  return (await primary.query<RowDataPacket[]>(text, values))[0];
}

const grown = (from: number[], to: number[]) => to.map((count, index) => count - from[index]!);

const home = async (who = client) => (await who.get('/')).text;

/** The number on a tile. */
async function tile(name: string, who = client): Promise<string | undefined> {
  const tiles = (await home(who))
    .split('<li>')
    .filter((text) => text.includes(`<span class="home-name">${name}<`));
  return /class="home-number">([^<]*)</.exec(tiles[0] ?? '')?.[1];
}

const UNITS = ['kg', 'unidad', 'caja', 'UNIDAD'];
const AMOUNTS = ['', '0', '0,05', '12,5', '99999'];
const quantity = fc.integer({ min: 0, max: 5000 });

const step = fc.oneof(
  fc.record({ is: fc.constant('adjust'), by: fc.integer({ min: -3000, max: 3000 }) }),
  fc.record({ is: fc.constant('count'), by: quantity }),
  fc.record({ is: fc.constantFrom('delete', 'restore', 'delete and restore', 'undo'), by: fc.constant(0) }),
  fc.record({ is: fc.constant('import'), by: quantity, price: fc.constantFrom(...AMOUNTS) }),
  fc.record({ is: fc.constant('import new'), by: quantity }),
  fc.record({ is: fc.constantFrom('previous version', 'clean up'), by: fc.constant(0) }),
  fc.record({
    is: fc.constant('edit'),
    by: quantity,
    unit: fc.constantFrom(...UNITS),
    price: fc.constantFrom(...AMOUNTS),
    cost: fc.constantFrom(...AMOUNTS),
    minimumStock: fc.constantFrom('', '1', '4', '100'),
  }),
);

const typed = (thousandths: number) => String(thousandths / 1000).replace('.', ',');
const inUnit = (unit: string, thousandths: number) =>
  unit === 'kg' ? thousandths : Math.floor(thousandths / 1000) * 1000;

/** A unit more, with the statements of the previous version. */
async function receiveAsBefore(id: number): Promise<void> {
  const set = 'quantity = quantity + 1, version = version + 1';
  const [{ affectedRows }] = await primary.query<ResultSetHeader>(`UPDATE product SET ${set} WHERE id = ?`, [
    id,
  ]);
  if (affectedRows === 0) return;
  await primary.query(
    `INSERT INTO stock_movement (product_id, delta, quantity_after, reason, user_id)
     SELECT id, 1, quantity, 'adjustment', 1 FROM product WHERE id = ?`,
    [id],
  );
  // The next step reads the version.
  expect(await replicaHasAll(stack)).toBe(true);
}

async function cleanUp(): Promise<void> {
  for (const addUp of [addUpTotals, addUpFlow])
    while ((await databases.catalogue.transact(addUp)).numAffectedRows > 0n);
}

test('whatever people do, the sums are those of a full count', async () => {
  expect(await differences(primary)).toEqual([]);
  const before = await readFlow(primary);
  await fc.assert(
    fc.asyncProperty(quantity, fc.array(step, { minLength: 4, maxLength: 10 }), async (start, steps) => {
      const code = newCode();
      let unit = 'kg';
      const { id } = await client.register({ code, quantity: typed(start), unit, price: '3,15' });
      let lastImport: number | undefined;
      for (const one of steps) {
        const { items } = await client.search({ search: code });
        const version = items.find((item) => item.code === code)?.version ?? 1;
        const amount = inUnit(unit, one.by);
        if (one.is === 'adjust') await client.changeQuantity(id, { delta: amount / 1000 });
        if (one.is === 'count') await client.changeQuantity(id, { quantity: amount / 1000, version });
        if (one.is.startsWith('delete')) await client.post(`/products/${id}/delete`);
        if (one.is.endsWith('restore')) await client.post(`/trash/${id}/restore`);
        if (one.is.startsWith('import')) {
          const line = one.is === 'import new' ? newCode() : code;
          const price = 'price' in one ? one.price : '7';
          const file = `Código;Nombre;Cantidad;Precio;Costo\r\n${line};Importado;${typed(inUnit('unidad', one.by))};${price};2`;
          const { id: imported, totals } = await preview(client, file);
          if (totals?.new || totals?.changed) await apply(client, (lastImport = imported));
        }
        if (one.is === 'undo' && lastImport !== undefined) {
          await client.post(`/imports/${lastImport}/undo`, { _key: crypto.randomUUID() });
          await waitForRest(client, lastImport);
        }
        if (one.is === 'previous version') await receiveAsBefore(id);
        if (one.is === 'clean up') await cleanUp();
        if (one.is === 'edit' && 'unit' in one) {
          const { price, cost, minimumStock } = one;
          const form = { name: code, code, category: 'Otros', price, cost, minimumStock, version };
          const saved = await client.post(`/products/${id}`, {
            ...form,
            unit: one.unit,
            quantity: typed(inUnit(one.unit, one.by)),
          });
          if (saved.status === 303) unit = one.unit;
        }
        expect([one.is, await differences(primary)]).toEqual([one.is, []]);
      }
    }),
    { numRuns: 12, endOnFailure: true },
  );
  const after = await readFlow(primary);
  expect(grown(before.kept, after.kept)).toEqual(grown(before.booked, after.booked));
}, 300_000);

test('people who save at the same time do not wait for each other, and no sum is lost', async () => {
  const [one, other] = [await stack.connect('primary'), await stack.connect('primary')];
  await other.query('SET innodb_lock_wait_timeout = 1');
  const insert = (connection: Connection) =>
    connection.query(
      `INSERT INTO product (code, name, description, category_id, quantity, unit)
       SELECT ?, 'x', '', MIN(id), 1, 'unidad' FROM category`,
      [newCode()],
    );
  await one.query('BEGIN');
  await insert(one);
  await insert(other);
  await one.query('ROLLBACK');
  await Promise.all([one.end(), other.end()]);
  expect(await differences(primary)).toEqual([]);
  const products = await Promise.all(Array.from({ length: 6 }, () => client.register({ code: newCode() })));
  const file = `Código;Nombre;Cantidad;Precio\r\n${products.map(({ code }) => `${code};Importado;7;2`).join('\r\n')}`;
  const { id: importId } = await preview(client, file);
  const saves = products.map(({ id }) => client.changeQuantity(id, { delta: -2 }));
  await Promise.all([...saves, apply(client, importId), cleanUp()]);
  await Promise.all([...products.map(({ id }) => client.post(`/products/${id}/delete`)), cleanUp()]);
  expect(await differences(primary)).toEqual([]);
});

test('a clean-up adds up the rows of connections and changes no sum', async () => {
  await client.register({ code: newCode(), price: '1,23', quantity: 3 });
  const before = await readFlow(primary);
  await cleanUp();
  expect(await differences(primary)).toEqual([]);
  expect((await readFlow(primary)).kept).toEqual(before.kept);
  const [left] = await query(
    `SELECT (SELECT COUNT(*) FROM stock_total WHERE writer > 0) AS totals,
       (SELECT COUNT(*) FROM movement_flow WHERE writer > 0) AS flow`,
  );
  expect([Number(left!.totals), Number(left!.flow)]).toEqual([0, 0]);
});

test('the set-up adds what is older than the triggers, and finds no difference the next time', async () => {
  const { id } = await client.register({ code: newCode(), quantity: 8, cost: '2' });
  await client.post(`/products/${id}/movements`, { amount: '3', direction: 'out', purpose: 'sale' });
  await primary.query(`
    DELETE FROM stock_total; DELETE FROM movement_flow;
    UPDATE kept_sums SET knows_flow = FALSE`);
  const triggers = await readFile(join(PROJECT_DIR, 'mysql/triggers.sql'), 'utf8');
  for (const run of ['first', 'second']) {
    await primary.query(triggers);
    const { kept, booked } = await readFlow(primary);
    expect([run, await differences(primary), kept]).toEqual([run, [], booked]);
  }
});

test('a clean-up looks up what was taken out before there were triggers', async () => {
  const { id } = await client.register({ code: newCode(), quantity: 8 });
  await client.post(`/products/${id}/movements`, { amount: '3', direction: 'out', purpose: 'sale' });
  const known = () =>
    query(
      `SELECT product_outflow.quantity, product_outflow_day.quantity AS today, idle_since
       FROM product_outflow JOIN product_outflow_day USING (product_id) JOIN product ON product.id = product_id
       WHERE product_id = ?`,
      [id],
    );
  const before = await known();
  expect(before.map(({ quantity, today }) => [Number(quantity), Number(today)])).toEqual([[3, 3]]);
  await primary.query(
    `DELETE FROM product_outflow WHERE product_id = ${id};
     DELETE FROM product_outflow_day WHERE product_id = ${id};
     UPDATE product SET idle_since = NOW() + INTERVAL 1 DAY WHERE id = ${id};
     UPDATE kept_sums SET looked_up_to = ${id - 1}, last_product = ${id};`,
  );
  while ((await databases.catalogue.transact(lookUpFormerOutflow)).numAffectedRows > 0n);
  const [after] = await known();
  expect(Number(after!.quantity)).toBe(3);
  // The ledger row is a moment later than the trigger.
  expect(Math.abs(Number(after!.idle_since) - Number(before[0]!.idle_since))).toBeLessThan(60_000);
});

test('the page shows each number, with a link to what it counts', async () => {
  const read = () => databases.catalogue.readPrimary((db: Kysely<Catalogue>) => readStockTotals(db));
  const { id } = await client.register({ code: newCode(), quantity: 4, price: '10', cost: '6' });
  await client.post(`/products/${id}/movements`, { amount: '3', direction: 'out', purpose: 'sale' });
  const totals = await read();
  const number = (count: number) => new Intl.NumberFormat('es').format(count);
  expect(await tile('Productos')).toBe(number(totals.products));
  expect(await tile('Agotados')).toBe(number(totals.outOfStock));
  expect(await tile('Por agotarse')).toBe(number(totals.low));
  const text = await home();
  for (const href of ['/products?availability=out_of_stock', '/products?availability=low', '/products'])
    expect(text).toContain(`href="${href}"`);
  const [, day] = /href="\/movements\?from=(\d{4}-\d\d-\d\d)&to=\1"/.exec(text.replaceAll('&amp;', '&'))!;
  const listed = await client.get(`/movements?from=${day}&to=${day}`);
  expect(listed.text).toContain(`href="/products/${id}"`);
  expect(text.indexOf(`href="/products/${id}"`)).toBeGreaterThan(0);
});

test('values at cost are for people who may see costs', async () => {
  for (const text of ['Valor al costo', 'Valor de las salidas']) {
    expect([text, (await home()).includes(text)]).toEqual([text, true]);
    expect([text, (await home(viewer.client)).includes(text)]).toEqual([text, false]);
  }
  expect(await home(viewer.client)).toContain('Valor a precio de venta');
});

test('what sells is what people took out, without losses and imports; it is forgotten after 30 days', async () => {
  const code = newCode();
  const { id } = await client.register({ code, name: `Vendido ${code}`, quantity: 9_000_000 });
  const move = (fields: object) => client.post(`/products/${id}/movements`, { direction: 'out', ...fields });
  await move({ amount: '1000000', purpose: 'sale' });
  await move({ amount: '2000000', purpose: 'loss' });
  await client.changeQuantity(id, { delta: -500_000 });
  const taken = async () => {
    const [row] = await query('SELECT quantity FROM product_outflow WHERE product_id = ?', [id]);
    return row && Number(row.quantity);
  };
  expect(await taken()).toBe(1_500_000);
  expect(await home()).toMatch(
    new RegExp(`Vendido ${code}</a>\\s*<a class="home-amount"[^>]*>1\\.500\\.000 unidades`),
  );
  await primary.query('UPDATE product_outflow_day SET day = day - 60 WHERE product_id = ?', [id]);
  while ((await databases.catalogue.transact(forgetOldOutflow)).numAffectedRows > 0n);
  expect(await taken()).toBeUndefined();
});

test('what does not move is in stock with nothing taken out; a restored product keeps its time', async () => {
  const code = newCode();
  const { id } = await client.register({ code, name: `Quieto ${code}`, quantity: 7 });
  const isListed = async () => {
    const [, idle = ''] = (await home()).split('id="idle-heading"');
    return idle.includes(`Quieto ${code}`);
  };
  const since = async (table: string) =>
    (await query(`SELECT CAST(idle_since AS CHAR) AS since FROM ${table} WHERE id = ?`, [id]))[0]
      ?.since as string;
  expect(await isListed()).toBe(false);
  await primary.query("UPDATE product SET idle_since = '2001-01-01' WHERE id = ?", [id]);
  await client.post(`/products/${id}/delete`);
  expect(await since('deleted_product')).toBe('2001-01-01 00:00:00.000');
  await client.post(`/trash/${id}/restore`);
  expect(await since('product')).toBe('2001-01-01 00:00:00.000');
  expect(await isListed()).toBe(true);
  await client.changeQuantity(id, { delta: 1 });
  expect(await since('product')).toBe('2001-01-01 00:00:00.000');
  await client.changeQuantity(id, { delta: -1 });
  expect(await since('product')).not.toBe('2001-01-01 00:00:00.000');
  expect(await isListed()).toBe(false);
});

test('the chart has a text, a table with the same numbers, and two kinds of bars', async () => {
  const text = await home();
  const svg = /<svg class="flow".*?<\/svg>/s.exec(text)![0];
  expect(svg).toMatch(/role="img" aria-labelledby="flow-title flow-description"/);
  expect(svg.match(/<title>/g)).toHaveLength(SHOWN_DAYS);
  expect(svg).toContain('fill="url(#flow-hatch)"');
  const table = /<details class="flow-table">.*?<\/details>/s.exec(text)![0];
  expect(table.match(/<th scope="row">/g)).toHaveLength(SHOWN_DAYS);
});

test('days are those of the person, also where clocks change', () => {
  const days = lastDays(datesIn('es', 'Asia/Kathmandu'), new Date('2026-03-29T18:30:00Z'));
  expect([days.length, days[0]!.day, days.at(-1)!.day]).toEqual([30, '2026-03-01', '2026-03-30']);
  expect(days.at(-1)!.start.toISOString()).toBe('2026-03-29T18:15:00.000Z');
  const spring = lastDays(datesIn('es', 'Europe/Madrid'), new Date('2026-03-30T10:00:00Z'));
  const [change, next] = spring.slice(-2).map(({ start }) => start.getTime());
  expect(next! - change!).toBe(23 * 3600_000);
});

test('a bar that is much longer than all others is cut', () => {
  const day = (movementsIn: number, movementsOut: number, index: number) => ({
    day: `2026-03-${String(index + 1).padStart(2, '0')}`,
    start: new Date(0),
    ...{ movementsIn, movementsOut, valueIn: 0n, valueOut: 0n },
  });
  const even = drawFlow([day(10, 4, 0), day(6, 3, 1)]);
  expect(even.most).toEqual({ in: 10, out: 4 });
  expect(even.days.map(({ in: bar }) => [bar.height, bar.isCut])).toEqual([
    [100, false],
    [60, false],
  ]);
  const uneven = drawFlow([day(504, 0, 0), day(6, 3, 1)]);
  expect(uneven.most).toEqual({ in: 9, out: 3 });
  expect(uneven.days.map(({ in: bar }) => [bar.height, bar.isCut])).toEqual([
    [100, true],
    [67, false],
  ]);
  expect(drawFlow([day(0, 0, 0)]).days[0]!.in.height).toBe(0);
});

test('the products of the demonstration move to the trash together', async () => {
  const all = listDemoProducts();
  const undone = new Error('undone');
  const seen: unknown[] = [];
  const work = databases.catalogue.transact(async (trx) => {
    const found = await findDemonstration(trx, all);
    const removed = await removeDemonstration(trx, all, { kind: 'user', id: 1 });
    const trashed = await trx
      .selectFrom('deleted_product')
      .select(sql<number>`COUNT(*)`.as('count'))
      .where('id', 'in', found)
      .executeTakeFirstOrThrow();
    const { rows } = await sql.raw(DIFFERENCES).execute(trx);
    seen.push(found.length > 100, removed === found.length, trashed.count === removed, rows);
    seen.push(await findDemonstration(trx, all));
    throw undone;
  });
  await expect(work).rejects.toBe(undone);
  expect(seen).toEqual([true, true, true, [], []]);
});

const findDemonstrationNow = () =>
  databases.catalogue.readPrimary((db: Kysely<Catalogue>) => findDemonstration(db, listDemoProducts()));

test('asks before it removes the demonstration, and refuses viewers', async () => {
  const { text } = await client.get('/demonstration/remove');
  expect(text).toContain('productos irán a la papelera');
  expect(text).toContain('action="/demonstration/remove"');
  const unasked = await client.post('/demonstration/remove');
  expect(unasked.status).toBe(422);
  expect(unasked.text).toContain('name="confirmed" value="yes"');
  expect((await findDemonstrationNow()).length).toBeGreaterThan(100);
  expect((await viewer.client.get('/demonstration/remove')).status).toBe(403);
  expect((await viewer.client.post('/demonstration/remove')).status).toBe(403);
});

/** The system under test is not fresh. */
async function firstSteps(routes: string[], hasDemo = true): Promise<string> {
  const app = express();
  useViews(app);
  app.use(await i18n('UTC', { code: 'USD', decimals: 2 }));
  app.get('/', (_req, res) => {
    const may = (route: string) => routes.includes(route);
    res.render('home/first-steps', { hasDemo, products: 504, may, asset: (path: string) => path });
  });
  return (await request(app).get('/').set('Accept-Language', 'es')).text;
}

test('a fresh installation shows the steps that the person may take, and removes the demonstration', async () => {
  const clerk = ['POST /imports', 'POST /products', 'POST /demonstration/remove'];
  const forAdministrator = await firstSteps([...clerk, 'POST /users']);
  for (const href of ['/imports', '/products/new', '/users/new', '/demonstration/remove'])
    expect(forAdministrator).toContain(`href="${href}"`);
  const forClerk = await firstSteps(clerk, false);
  expect(forClerk).not.toContain('/users/new');
  expect(forClerk).not.toContain('/demonstration/remove');
});
