import { afterAll, beforeAll, expect, test } from '@jest/globals';
import ExcelJS from 'exceljs';
import { sql } from 'kysely';
import type { Connection } from 'mysql2/promise';
import type { Response } from 'superagent';
import { closeDatabases, type Databases } from '../../src/database/databases.ts';
import { datesIn } from '../../src/locales/dates.ts';
import { TASKS, type Task } from '../../src/order-desk/order-filter.ts';
import { ORDERS_PER_PAGE } from '../../src/order-desk/order-list-queries.ts';
import { countTasks, ORDERS_WITH } from '../../src/order-desk/order-tasks.ts';
import { cashOnDelivery, pickUp } from '../../src/payments/offline-providers.ts';
import { rowsOf } from '../orders/shop-support.ts';
import { Client, uniqueCode } from '../support/client.ts';
import { openDatabases } from '../support/open-databases.ts';
import { createPerson, type Person } from '../support/people.ts';
import { stack } from '../support/shared-stack.ts';
import { act, catchUp, numbersIn, sell, toDoFrom } from './desk-support.ts';

let root: Connection;
let databases: Databases;
let admin: Client;
let clerk: Person;

/** Begins the names of the customers of these tests. */
const MARK = uniqueCode();

beforeAll(async () => {
  root = await stack.connect('primary');
  databases = await openDatabases();
  admin = await Client.signedIn();
  clerk = await createPerson(admin, 'clerk');
});

afterAll(async () => {
  await root.end();
  await closeDatabases(databases);
});

async function listed(query: string, client = admin) {
  await catchUp();
  const { text, status } = await client.get(`/orders?${query}`);
  const link = (rel: string) =>
    new RegExp(`rel="${rel}" href="([^"]+)"`).exec(text)?.[1]?.replaceAll('&amp;', '&');
  return { numbers: numbersIn(text), text, status, next: link('next'), previous: link('prev') };
}

const search = (text: string) => `search=${encodeURIComponent(text)}`;

test('orders are found by number, e-mail and name, however they are typed', async () => {
  const { number, email } = await sell(databases, root, { name: `${MARK} Gómez Peña` });
  const other = await sell(databases, root, { name: `Otra ${MARK}` });
  for (const typed of [
    number,
    number.toLowerCase(),
    number.replace('-', ''),
    number.slice(0, 6),
    email,
    email.slice(0, 20).toUpperCase(),
    `${MARK} GOMEZ pena`,
  ])
    expect([typed, (await listed(search(typed))).numbers]).toEqual([typed, [number]]);
  // Among recent orders, also within the name.
  expect((await listed(search('gómez peña'))).numbers).toContain(number);
  expect((await listed(search(MARK))).numbers).toEqual([other.number, number]);
  for (const typed of ['%', '_', '\\', '"><script>', "'; DROP", 'ñ', '日本', 'a'.repeat(500)]) {
    const { status, numbers } = await listed(search(typed));
    expect([typed, status, numbers.includes(number) && typed !== 'ñ']).toEqual([typed, 200, false]);
  }
});

test('filters combine, and wrong ones are said or ignored', async () => {
  const name = `${MARK}F`;
  const transfer = await sell(databases, root, { name });
  const cash = await sell(databases, root, { name, provider: cashOnDelivery });
  const picked = await sell(databases, root, { name, provider: pickUp });
  const found = async (filter: string) => (await listed(`${search(name)}&${filter}`)).numbers;
  expect(await found('')).toEqual([picked.number, cash.number, transfer.number]);
  expect(await found('state=awaiting_payment')).toEqual([transfer.number]);
  expect(await found('method=pick_up')).toEqual([picked.number]);
  expect(await found('method=pick_up&state=awaiting_payment')).toEqual([]);
  expect(await found('todo=pack')).toEqual([cash.number, picked.number]);
  expect(await found('state=nothing&method=%27&todo=x&customer=-1&after=x')).toHaveLength(3);
  // Without a search, each filter is walked by an index of its own.
  expect((await listed('method=pick_up')).numbers[0]).toBe(picked.number);
  expect((await listed('state=awaiting_payment')).numbers[0]).toBe(transfer.number);
  expect(await toDoFrom(admin, 'pack', transfer.id)).toEqual([cash.number, picked.number]);
  expect((await listed('method=stripe')).numbers).not.toContain(transfer.number);

  const day = datesIn('es', 'UTC').toWallClock(new Date()).toISOString().slice(0, 10);
  expect(await found(`from=${day}&to=${day}`)).toHaveLength(3);
  expect(await found('to=2001-01-01')).toEqual([]);
  expect(await found('from=2999-01-01')).toEqual([]);
  await root.query("UPDATE shop_order SET created_at = '2020-03-05 12:00:00' WHERE id = ?", [transfer.id]);
  expect(await found('from=2020-03-05&to=2020-03-05')).toEqual([transfer.number]);
  await root.query('UPDATE shop_order SET created_at = updated_at WHERE id = ?', [transfer.id]);
  const wrong = await listed('from=2026-02-30&to=x');
  expect(wrong.status).toBe(422);
  expect(wrong.text).toContain('value="2026-02-30"');
});

test('pages go both ways, newest first; what is to do, oldest first', async () => {
  const name = `${MARK}P`;
  const { id } = await sell(databases, root, { name, provider: cashOnDelivery });
  // As many copies as fill two pages and a bit.
  const copies = 2 * ORDERS_PER_PAGE + 3;
  await root.query(
    `INSERT INTO shop_order (number, placed_key, state, email, name, language, link_sha256, currency, items_total,
       delivery_total, tax_total, total, created_at)
     WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < ?)
     SELECT CONCAT('ZZ', LPAD(i, 2, '0'), '-', LPAD(FLOOR(RAND() * 9999), 4, '0')), UUID(), 'cancelled', email, name,
       language, link_sha256, currency, 0, 0, 0, 0, created_at FROM shop_order JOIN n WHERE id = ?`,
    [copies - 1, id],
  );
  const walk = async (start: string, by: 'next' | 'previous') => {
    const pages: string[][] = [];
    for (let address: string | undefined = start; address;) {
      const page = await listed(address.replace(/^.*\?/, ''));
      pages.push(page.numbers);
      if (!page[by]) return { pages, last: address, page };
      address = page[by];
    }
    throw new Error('No page');
  };
  for (const filter of [search(name), `${search(name)}&state=cancelled`]) {
    const forth = await walk(filter, 'next');
    expect(forth.pages.map(({ length }) => length)).toEqual([50, 50, filter.includes('state') ? 2 : 3]);
    expect(new Set(forth.pages.flat()).size).toBe(forth.pages.flat().length);
    const back = await walk(forth.last, 'previous');
    expect(back.pages.reverse().slice(0, 2)).toEqual(forth.pages.slice(0, 2));
  }
  const first = await listed('state=cancelled');
  expect((await listed(first.next!.replace(/^.*\?/, ''))).previous).toBeDefined();
  await root.query("DELETE FROM shop_order WHERE name = ? AND state = 'cancelled'", [name]);
});

test('what is to do is counted: on the page, in the navigation, each person their own', async () => {
  const transfer = await sell(databases, root);
  const cash = await sell(databases, root, { provider: cashOnDelivery });
  // Others have left more orders to pack than are counted.
  const own = async () => {
    const count = async (task: Task) => {
      const orders = sql`(${ORDERS_WITH[task]}) AS orders WHERE id IN (${transfer.id}, ${cash.id})`;
      const query = sql<{ count: number }>`SELECT COUNT(*) AS count FROM ${orders}`;
      const { rows } = await databases.catalogue.transact((trx) => query.execute(trx));
      return [task, rows[0]!.count] as const;
    };
    return Object.fromEntries(await Promise.all(TASKS.map(count)));
  };
  expect(await own()).toEqual({ confirm: 1, pack: 1, ship: 0, return: 0, refund: 0, check: 0 });
  await act(clerk.client, cash.number, `/orders/${cash.number}/parcels`);
  expect(await own()).toMatchObject({ pack: 1, ship: 0 });
  const [parcel] = await rowsOf(root, 'SELECT id FROM parcel WHERE order_id = ?', [cash.id]);
  await act(clerk.client, cash.number, `/parcels/${parcel!.id}/pack`);
  expect(await own()).toMatchObject({ pack: 0, ship: 1 });
  await act(clerk.client, cash.number, `/parcels/${parcel!.id}/ship`);
  expect(await own()).toMatchObject({ pack: 0, ship: 0 });
  await act(admin, transfer.number, '/capture', { amount: '20', reference: 'R' });
  expect(await own()).toEqual({ confirm: 0, pack: 1, ship: 0, return: 0, refund: 1, check: 0 });

  const inNavigation = (text: string) =>
    Number(
      /class="app-count".*?class="visually-hidden">([\d.]+) por hacer/.exec(text)?.[1]?.replace('.', '') ?? 0,
    );
  const {
    confirm,
    pack,
    ship,
    return: returns,
    refund,
    check,
  } = await databases.catalogue.transact((trx) => countTasks(trx));
  expect(inNavigation((await listed('')).text)).toBe(confirm + pack + ship + returns + refund + check);
  expect(inNavigation((await listed('', clerk.client)).text)).toBe(pack + ship + returns);
  const viewer = await createPerson(admin, 'viewer');
  expect(inNavigation((await listed('', viewer.client)).text)).toBe(0);
  expect(await toDoFrom(admin, 'refund', transfer.id)).toContain(transfer.number);
});

test("the first page has today's orders, their total, and what waits for the person", async () => {
  const home = async (client: Client) => {
    await catchUp();
    const { text } = await client.get('/');
    const [, panel = ''] = /aria-labelledby="orders-heading">(.*?)<\/section>/s.exec(text) ?? [];
    const number = Number(/class="home-number"[^>]*>([\d.]+)</.exec(panel)?.[1]);
    return { panel, number };
  };
  const before = await home(admin);
  await sell(databases, root);
  const { id } = await sell(databases, root, { provider: cashOnDelivery });
  const { panel, number } = await home(admin);
  expect(number).toBe(before.number + 2);
  for (const task of ['confirm', 'pack']) expect(panel).toContain(`href="/orders?todo=${task}"`);
  const clerks = (await home(clerk.client)).panel;
  expect(clerks).toContain('todo=pack');
  expect(clerks).not.toContain('todo=confirm');
  // What came to nothing is no sale.
  await root.query("UPDATE shop_order SET state = 'cancelled' WHERE id = ?", [id]);
  expect((await home(admin)).number).toBe(before.number + 1);
  await root.query("UPDATE shop_order SET state = 'confirmed' WHERE id = ?", [id]);
});

const asBuffer = (response: Response, done: (error: Error | null, body: Buffer) => void) => {
  const chunks: Buffer[] = [];
  const stream = response as unknown as NodeJS.ReadableStream;
  stream.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => done(null, Buffer.concat(chunks)));
};

test('the list as a file has what the filter finds, as spreadsheets read it', async () => {
  const name = `=${MARK}X`;
  const { number, email } = await sell(databases, root, { name });
  const other = await sell(databases, root, { name, provider: cashOnDelivery });
  await act(admin, number, '/capture', { amount: '20', reference: 'R' });
  await catchUp();
  const csv = await admin.get(`/orders/export.csv?${search(name)}`);
  expect(csv.headers['content-type']).toBe('text/csv; charset=utf-8');
  expect(csv.headers['content-disposition']).toMatch(/filename=pedidos-\d{4}-\d\d-\d\d\.csv/);
  const [titles, ...lines] = csv.text.replace('\uFEFF', '').trim().split('\r\n');
  expect(titles).toContain('Pedido;Fecha (');
  expect(lines.map((line) => line.split(';')[0])).toEqual([other.number, number]);
  const cells = lines[1]!.split(';');
  expect(cells.slice(2, 8)).toEqual([
    ...['Confirmado', `'${name}`, email, "'0991234567", 'Transferencia bancaria', 'Recibido'],
  ]);
  expect(cells.slice(8)).toEqual(['10,00', '5,00', '2,40', '15,00', '20,00', '5,00', 'USD', '']);

  const xlsx = await admin.agent
    .get(`/orders/export.xlsx?${search(name)}&method=cash_on_delivery`)
    .buffer(true)
    .parse(asBuffer as never);
  const workbook = new ExcelJS.Workbook();
  await workbook.xlsx.load(xlsx.body as never);
  const sheet = workbook.worksheets[0]!;
  expect([sheet.name, sheet.rowCount]).toEqual(['Pedidos', 2]);
  expect(sheet.getRow(2).getCell(1).value).toBe(other.number);
  expect(sheet.getRow(2).getCell(12).value).toBe(15);
  expect((await admin.get('/orders/export.csv?from=x')).headers.location).toBe('/orders?from=x');
  expect((await admin.agent.head('/orders/export.csv')).status).toBe(200);
});

test('no page of the list asks more for more orders', async () => {
  // Each filter by an index: none reads a table of a million orders.
  const explained = async (condition: string) => {
    const rows = await rowsOf(root, `EXPLAIN SELECT o.id FROM ${condition} ORDER BY o.id DESC LIMIT 51`);
    return rows.map(({ Extra }) => String(Extra)).join();
  };
  for (const source of [
    "shop_order AS o FORCE INDEX (by_state) WHERE o.state = 'cancelled'",
    'shop_order AS o FORCE INDEX (customer) WHERE o.customer_id = 7',
    'shop_order AS o FORCE INDEX (PRIMARY)',
  ])
    expect([source, await explained(source)]).not.toEqual([source, expect.stringContaining('filesort')]);
});
