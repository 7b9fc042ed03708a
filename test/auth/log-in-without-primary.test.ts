import { beforeAll, expect, test } from '@jest/globals';
import type { RowDataPacket } from 'mysql2/promise';
import { clientFrom, newAddress } from '../support/addresses.ts';
import { Client } from '../support/client.ts';
import { createPerson, type Person } from '../support/people.ts';
import { waitUntilAll, withDeadPrimary, withHungPrimary } from '../support/primary-away.ts';
import { replicaHasAll } from '../support/replication.ts';
import { stack } from '../support/shared-stack.ts';
import { waitUntil } from '../support/wait-until.ts';

const READING_ONLY = 'Inició sesión solo para consultar';

let administrator: Client;
beforeAll(async () => (administrator = await Client.signedIn()));

function cookieOf(response: { headers: Record<string, unknown> }): string | undefined {
  return /inventario\.reading=([^;]+)/.exec(String(response.headers['set-cookie']))?.[1];
}

const nameAndPassword = ({ username, password }: Person) => ({ username, password });

function withCookie(cookie: string): Client {
  const client = new Client();
  void client.agent.set('Cookie', `inventario.reading=${cookie}`);
  return client;
}

test.each([
  ['hangs', withHungPrimary],
  ['is dead', withDeadPrimary],
])('while the primary %s, people log in for reading, until it is back', async (_what, whileAway) => {
  const { id } = await administrator.register({ name: 'Linterna de minero' });
  const clerk = await createPerson(administrator, 'clerk');
  const disabled = await createPerson(administrator, 'clerk');
  await administrator.post(`/users/${disabled.id}/disable`);
  const fresh = await createPerson(administrator, 'viewer', { choosesPassword: false });
  expect(await replicaHasAll(stack)).toBe(true);

  const client = new Client();
  await whileAway(async () => {
    await waitUntilAll('can only read');
    await client.takeToken('/login');
    const entered = await client.post('/login', { ...nameAndPassword(clerk), return: `/products/${id}` });
    expect([entered.status, entered.headers.location]).toEqual([303, `/products/${id}`]);
    expect(String(entered.headers['set-cookie'])).toContain('HttpOnly');
    for (let i = 0; i < 6; i++) expect((await client.get('/products')).status).toBe(200);
    expect((await client.get(`/products/${id}`)).text).toContain('Linterna de minero');
    expect((await client.get('/products/export.csv?search=minero')).text).toContain('Linterna de minero');

    await client.takeToken(`/products/${id}`);
    const refused = await client.post('/products', { name: 'x' });
    expect([refused.status, refused.text]).toEqual([403, expect.stringContaining(READING_ONLY)]);
    for (const path of ['/products/new', '/password', '/users']) {
      expect((await client.get(path)).text).toContain(READING_ONLY);
    }
    expect((await client.changeQuantity(id, { delta: 1 })).status).toBe(403);

    for (const [person, message] of [
      [{ ...clerk, password: 'no es esta' }, 'Usuario o contraseña incorrectos.'],
      [disabled, 'Usuario o contraseña incorrectos.'],
      [fresh, 'Su contraseña es temporal'],
    ] as const) {
      const answer = await clientFrom(newAddress(), 'web1').logIn(person.username, person.password);
      expect([answer.status, answer.text]).toEqual([422, expect.stringContaining(message)]);
      expect(cookieOf(answer)).toBeUndefined();
    }

    // The cookie is a claim that only its signature makes true.
    const [payload = '', signature = ''] = cookieOf(entered)!.split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
    const forged = Buffer.from(JSON.stringify({ ...claims, userId: 1 })).toString('base64url');
    expect((await withCookie(`${payload}.${signature}`).get('/products')).status).toBe(200);
    for (const cookie of [`${forged}.${signature}`, payload, `${payload}.`, 'j:{}', `${payload}.x`]) {
      expect((await withCookie(cookie).get('/products')).headers.location).toMatch(/^\/login/);
    }
  });

  await waitUntilAll('can save');
  const back = await client.get('/products?search=minero');
  expect(back.headers.location).toBe('/login?return=%2Fproducts%3Fsearch%3Dminero&ended=reading');
  expect((await client.get(back.headers.location!)).text).toContain('Ya se puede guardar otra vez.');
  expect((await client.logIn(clerk.username, clerk.password)).status).toBe(303);
  expect((await client.get('/products/new')).status).toBe(200);
  await waitUntil(async () =>
    (await administrator.get(`/audit?user=${clerk.id}`)).text.includes('inició sesión solo para consultar'),
  );
});

test('wrong log-ins while the primary is away are limited, and counted when it is back', async () => {
  const person = await createPerson(administrator, 'viewer');
  const address = newAddress();
  expect(await replicaHasAll(stack)).toBe(true);
  const attempt = (instance: string, username: string, password: string) =>
    clientFrom(address, instance).logIn(username, password);
  await withDeadPrimary(async () => {
    await waitUntil(async () =>
      (await clientFrom(address, 'web1').get('/login')).text.includes('puede iniciar sesión para consultar'),
    );
    const guesses = Array.from({ length: 8 }, (_, i) =>
      attempt('web1', i % 2 ? person.username : person.username.toUpperCase(), `no-${i}`),
    );
    const statuses = (await Promise.all(guesses)).map(({ status }) => status).sort();
    expect(statuses).toEqual([422, 422, 422, 429, 429, 429, 429, 429]);
    const refused = await attempt('web1', person.username, person.password);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(60);
    expect((await attempt('web2', person.username, 'no')).status).toBe(422);
  });
  await waitUntilAll('can save');
  const primary = await stack.connect('primary');
  await waitUntil(async () => {
    const [[row]] = await primary.query<RowDataPacket[]>(
      "SELECT attempts FROM login_attempt WHERE subject = CONCAT('pair ', ?, ' ', ?)",
      [address, person.username],
    );
    return row?.attempts === 4;
  });
  await primary.end();
});

test('the cookie opens nothing while the primary works, nor after the password has changed', async () => {
  const person = await createPerson(administrator, 'viewer');
  expect(await replicaHasAll(stack)).toBe(true);
  const cookie = await withHungPrimary(async () => {
    const client = new Client();
    await waitUntilAll('can only read');
    return cookieOf(await client.logIn(person.username, person.password))!;
  });
  await waitUntilAll('can save');
  for (let i = 0; i < 6; i++) {
    expect((await withCookie(cookie).get('/api/products')).status).toBe(401);
  }
  await administrator.post(`/users/${person.id}/password`);
  expect(await replicaHasAll(stack)).toBe(true);
  await withHungPrimary(async () => {
    const client = withCookie(cookie);
    await waitUntilAll('can only read');
    for (let i = 0; i < 6; i++) expect((await client.get('/api/products')).status).toBe(401);
  });
  await waitUntilAll('can save');
});
