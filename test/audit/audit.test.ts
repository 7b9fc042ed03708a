import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { clientFrom, newAddress } from '../support/addresses.ts';
import { Client, uniqueCode } from '../support/client.ts';
import { createPerson, type Person } from '../support/people.ts';
import { stack } from '../support/shared-stack.ts';
import { waitUntil } from '../support/wait-until.ts';

let administrator: Client;
let primary: Connection;

beforeAll(async () => {
  administrator = await Client.signedIn();
  primary = await stack.connect('primary');
});

afterAll(() => primary.end());

async function eventsOf({ id }: Pick<Person, 'id'>, kind: string): Promise<RowDataPacket[]> {
  const [rows] = await primary.query<RowDataPacket[]>(
    `SELECT action, user_id, address, target_id, target_name, details, request_id FROM audit_event
     WHERE user_id = ? AND kind = ?
     UNION ALL
     SELECT action, actor_id, address, target_id, target_name, details, request_id FROM product_event
     WHERE actor_kind = 'user' AND actor_id = ? AND 'product' = ?`,
    [id, kind, id, kind],
  );
  return rows;
}

/** Newest first; waits until the page shows `count` of them. */
async function sentences(query: string, count: number): Promise<string[]> {
  let found: string[] = [];
  await waitUntil(async () => {
    const { text } = await administrator.get(`/audit?${query}`);
    const matches = text.matchAll(/<p class="mb-0 text-break"><strong>([^<]*)<\/strong> ([^<]*)<\/p>/g);
    found = [...matches].map(([, who, sentence]) => `${who} ${sentence}`.replaceAll('&#34;', '"'));
    return found.length >= count;
  });
  return found;
}

test('log-ins, failures, refusals and log-outs record user, address and request', async () => {
  const person = await createPerson(administrator, 'viewer');
  const address = newAddress();
  const client = clientFrom(address);
  await client.logIn(person.username, 'wrong');
  const entered = await client.logIn(person.username, person.password);
  await client.post('/products', { name: 'x' });
  await client.post('/logout');
  await waitUntil(async () => (await eventsOf(person, 'access')).length === 1);

  const started = (await eventsOf(person, 'session')).filter((event) => event.address === address);
  expect(started.map(({ action }) => String(action))).toEqual([
    'session.refused',
    'session.started',
    'session.ended',
  ]);
  expect(started[1]).toMatchObject({ user_id: person.id, request_id: entered.headers['x-request-id'] });
  expect(await eventsOf(person, 'access')).toMatchObject([
    { action: 'access.refused', address, details: { method: 'POST', path: '/products' } },
  ]);
  expect((await eventsOf(person, 'account')).map(({ action }) => String(action))).toEqual([
    'account.passwordChanged',
  ]);
  expect((await sentences(`user=${person.id}&kind=access`, 1))[0]).toBe(
    `${person.username} hizo una solicitud que se rechazó: POST /products`,
  );
  expect((await sentences(`user=${person.id}&kind=session`, 4))[2]).toBe(
    `Alguien intentó iniciar sesión como «${person.username}» y no pudo.`,
  );
});

test('records the first limited log-in of a window only', async () => {
  const person = await createPerson(administrator, 'viewer');
  const address = newAddress();
  for (let i = 0; i < 14; i++) await clientFrom(address).logIn(person.username, 'wrong');
  const actions = (await eventsOf(person, 'session')).filter((event) => event.address === address);
  expect(actions.filter(({ action }) => action === 'session.refused')).toHaveLength(10);
  expect(actions.filter(({ action }) => action === 'session.limited')).toHaveLength(1);
});

test('keeps a typed username only if it is a valid one', async () => {
  const address = newAddress();
  const client = clientFrom(address);
  await client.logIn('nadie.conocido', 'x');
  await client.logIn('My secret passphrase!', 'x');
  const [rows] = await primary.query<RowDataPacket[]>(
    'SELECT target_name FROM audit_event WHERE address = ? ORDER BY id',
    [address],
  );
  expect(rows.map((row) => row.target_name as string)).toEqual(['nadie.conocido', '…']);
});

test('records every change to a product with the previous values', async () => {
  const clerk = await createPerson(administrator, 'clerk');
  const code = uniqueCode();
  const product = { name: 'Café', code, description: '', unit: 'kg', category: 'Otros' };
  const { id } = await clerk.client.register({ ...product, quantity: 10 });
  await clerk.client.changeQuantity(id, { delta: -3 });
  await clerk.client.changeQuantity(id, { quantity: 12, version: 2 });
  await clerk.client.post(`/products/${id}`, { ...product, name: 'Té', quantity: 11, version: 3 });
  await clerk.client.post(`/products/${id}/delete`);
  await clerk.client.post(`/products/${id}/restore`);
  const who = clerk.username;
  expect((await sentences(`user=${clerk.id}&kind=product`, 6)).reverse()).toEqual([
    `${who} agregó «Café» (${code}): 10 kg.`,
    `${who} ajustó las existencias de «Café» en −3: saldo 7.`,
    `${who} actualizó las existencias de «Café»: 7 → 12.`,
    `${who} editó «Café»: Nombre: Café → Té; Cantidad: 12 → 11.`,
    `${who} eliminó «Té» (${code}).`,
    `${who} restauró «Té» (${code}).`,
  ]);
});

test('records nothing for a refused or repeated change', async () => {
  const clerk = await createPerson(administrator, 'clerk');
  const { id } = await clerk.client.register({ quantity: 1 });
  await clerk.client.changeQuantity(id, { delta: -5 });
  const fields = { name: 'Dos veces', code: uniqueCode(), quantity: 1, unit: 'kg', category: 'Otros' };
  for (let i = 0; i < 2; i++) await clerk.client.post('/products', { ...fields, _key: 'the-same-key' });
  expect((await eventsOf(clerk, 'product')).map(({ action }) => String(action))).toEqual([
    'product.registered',
    'product.registered',
  ]);
});

test('changes to users name the administrator and the user, in both languages', async () => {
  const chief = await createPerson(administrator, 'administrator');
  const person = await createPerson(chief.client, 'viewer');
  await chief.client.post(`/users/${person.id}/role`, { role: 'clerk' });
  await chief.client.post(`/users/${person.id}/password`);
  await chief.client.post(`/users/${person.id}/disable`);
  await chief.client.post(`/users/${person.id}/enable`);
  const [who, whom] = [chief.username, person.username];
  expect((await sentences(`user=${chief.id}&kind=account`, 6)).reverse()).toEqual([
    `${who} cambió su contraseña.`,
    `${who} creó el usuario «${whom}» con el rol Solo lectura.`,
    `${who} cambió el rol de «${whom}» de Solo lectura a Bodega.`,
    `${who} generó una contraseña temporal para «${whom}».`,
    `${who} desactivó a «${whom}».`,
    `${who} reactivó a «${whom}».`,
  ]);
  const english = await administrator.get(`/audit?user=${chief.id}`).set('Accept-Language', 'en');
  expect(english.text).toContain(`changed the role of “${whom}” from Viewer to Clerk.`);
});

test('pages through older events without repeating or skipping any', async () => {
  const clerk = await createPerson(administrator, 'clerk');
  const { id } = await clerk.client.register({ quantity: 0 });
  for (let i = 0; i < 60; i++) await clerk.client.changeQuantity(id, { delta: 1 });
  const query = `user=${clerk.id}&kind=product`;
  let first: string[] = [];
  await waitUntil(async () => {
    first = await sentences(query, 50);
    return first[0]!.endsWith('saldo 60.');
  });
  expect(first).toHaveLength(50);
  const { text } = await administrator.get(`/audit?${query}`);
  const next = /rel="next" href="\/audit\?([^"]+)"/.exec(text)![1]!.replaceAll('&amp;', '&');
  const second = await sentences(next, 11);
  expect([...first, ...second].map((sentence) => /saldo (\d+)/.exec(sentence)?.[1])).toEqual([
    ...Array.from({ length: 60 }, (_, i) => String(60 - i)),
    undefined,
  ]);
  expect((await administrator.get('/audit?user=x&kind=nonsense&before=-1')).status).toBe(200);
});

test('merges events of people and products across pages, including those of the previous version', async () => {
  const chief = await createPerson(administrator, 'administrator');
  const { id } = await chief.client.register({ quantity: 0 });
  for (let i = 1; i <= 30; i++) {
    await chief.client.changeQuantity(id, { delta: 1 });
    await primary.query(
      `INSERT INTO audit_event (action, user_id, address, target_id, target_name, details, request_id)
       VALUES ('product.adjusted', ?, '', ?, 'antes', ?, '')`,
      [chief.id, id, JSON.stringify({ delta: 1, to: 1000 + i })],
    );
  }
  const query = `user=${chief.id}&kind=product`;
  let first: string[] = [];
  await waitUntil(async () => {
    first = await sentences(query, 50);
    return first[0]!.includes('1030') && first[1]!.includes('30');
  });
  const { text } = await administrator.get(`/audit?${query}`);
  const next = /rel="next" href="\/audit\?([^"]+)"/.exec(text)![1]!.replaceAll('&amp;', '&');
  const all = [...first, ...(await sentences(next, 11))];
  const left = all.flatMap(
    (sentence) => Number(/saldo (\S+)\.$/.exec(sentence)?.[1]?.replace('.', '')) || [],
  );
  const expected = Array.from({ length: 30 }, (_, i) => [1030 - i, 30 - i]).flat();
  expect(left).toEqual(expected);
  expect((await sentences(`user=${chief.id}`, 1))[0]).toContain('antes');
});

test("the application's database account can neither change nor delete events", async () => {
  const app = await stack.connect('primary', 'inventario_app', 'APP_PASSWORD');
  for (const statement of [
    "UPDATE audit_event SET address = 'elsewhere'",
    'DELETE FROM audit_event',
    'TRUNCATE audit_event',
    'DROP TABLE audit_event',
    "UPDATE product_event SET address = 'elsewhere'",
    'DELETE FROM product_event',
  ]) {
    await expect(app.query(statement)).rejects.toMatchObject({ code: 'ER_TABLEACCESS_DENIED_ERROR' });
  }
  await app.end();
});
