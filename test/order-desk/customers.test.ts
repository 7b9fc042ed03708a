import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Connection, ResultSetHeader } from 'mysql2/promise';
import { closeDatabases, type Databases } from '../../src/database/databases.ts';
import { CUSTOMERS_PER_PAGE } from '../../src/order-desk/customer-list-queries.ts';
import { cashOnDelivery } from '../../src/payments/offline-providers.ts';
import { Client, uniqueCode } from '../support/client.ts';
import { openDatabases } from '../support/open-databases.ts';
import { stack } from '../support/shared-stack.ts';
import { catchUp, sell } from './desk-support.ts';

let root: Connection;
let databases: Databases;
let admin: Client;

const MARK = uniqueCode();

beforeAll(async () => {
  root = await stack.connect('primary');
  databases = await openDatabases();
  admin = await Client.signedIn();
});

afterAll(async () => {
  await root.query("DELETE FROM customer WHERE name LIKE ? OR name LIKE 'Óscar%'", [`%${MARK}%`]);
  await root.end();
  await closeDatabases(databases);
});

let counter = 0;

async function addCustomer(name: string): Promise<{ id: number; email: string }> {
  const email = `${MARK.toLowerCase()}-${counter++}@example.com`;
  const [{ insertId: id }] = await root.query<ResultSetHeader>(
    "INSERT INTO customer (email, name, language, password_hash) VALUES (?, ?, 'es', '$2b$hash')",
    [email, name],
  );
  return { id, email };
}

async function listed(query = '') {
  await catchUp();
  const { text, status } = await admin.get(`/customers${query}`);
  const names = [...text.matchAll(/<th scope="row" class="order-name">([^<]*)</g)].map(([, name]) => name!);
  const link = (rel: string) =>
    new RegExp(`rel="${rel}" href="([^"]+)"`).exec(text)?.[1]?.replaceAll('&amp;', '&');
  return { names, text, status, next: link('next'), previous: link('prev') };
}

test('administrators see customers with their orders, and no password', async () => {
  const { id, email } = await addCustomer(`Rosa ${MARK}`);
  const { number } = await sell(databases, root, { customerId: id, provider: cashOnDelivery });
  const { names, text } = await listed();
  expect(names[0]).toBe(`Rosa ${MARK}`);
  expect(text).toContain(email);
  expect(text).not.toMatch(/\$2b\$|password_hash/);
  expect(text).toMatch(new RegExp(`href="/orders\\?customer=${id}">1 pedido<`));
  const orders = (await admin.get(`/orders?customer=${id}`)).text;
  expect(orders).toContain(`Rosa ${MARK}`);
  expect([...orders.matchAll(/<a class="code" href="\/orders\/([^"]+)"/g)].map(([, one]) => one)).toEqual([
    number,
  ]);
  expect((await admin.get('/orders?customer=999999999')).text).toContain('cliente N.º 999999999');
});

test('customers are found by how their name or address begins', async () => {
  const { email } = await addCustomer(`Óscar ${MARK}`);
  for (const typed of [`oscar ${MARK}`, email, email.slice(0, -4).toUpperCase()])
    expect([typed, (await listed(`?search=${encodeURIComponent(typed)}`)).names]).toEqual([
      typed,
      [`Óscar ${MARK}`],
    ]);
  for (const typed of ['%', '_', 'ñ日', '"><b>', "' OR 1=1", 'a'.repeat(300)]) {
    const { status, names } = await listed(`?search=${encodeURIComponent(typed)}`);
    expect([typed, status, names]).toEqual([typed, 200, []]);
  }
});

test('pages of customers go both ways', async () => {
  const total = CUSTOMERS_PER_PAGE + 2;
  for (let i = 0; i < total; i++) await addCustomer(`Zoe ${MARK} ${i}`);
  const first = await listed(`?search=${encodeURIComponent(`Zoe ${MARK}`)}`);
  expect([first.names.length, first.previous]).toEqual([CUSTOMERS_PER_PAGE, undefined]);
  const second = await listed(first.next!.replace('/customers', ''));
  expect(second.names).toEqual([`Zoe ${MARK} 1`, `Zoe ${MARK} 0`]);
  expect(second.next).toBeUndefined();
  const back = await listed(second.previous!.replace('/customers', ''));
  expect(back.names).toEqual(first.names);
});
