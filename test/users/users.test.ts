import { beforeAll, expect, test } from '@jest/globals';
import type { RowDataPacket } from 'mysql2/promise';
import { Client } from '../support/client.ts';
import { createPerson, oneTimePasswordIn } from '../support/people.ts';
import { replicaHasAll } from '../support/replication.ts';
import { stack } from '../support/shared-stack.ts';
import { waitUntil } from '../support/wait-until.ts';

let administrator: Client;
beforeAll(async () => (administrator = await Client.signedIn()));

let counter = 0;
const uniqueName = () => `Núria.${Date.now().toString(36)}${counter++}`;

test("shows a new user's password once, stores it nowhere, and requires a new one", async () => {
  const username = uniqueName();
  const created = await administrator.post('/users', { username, role: 'clerk' });
  expect(created.status).toBe(201);
  expect(created.headers['cache-control']).toBe('no-store');
  const oneTime = oneTimePasswordIn(created.text);
  const id = Number(/href="\/users\/(\d+)"/.exec(created.text)?.[1]);
  for (const path of ['/users', `/users/${id}`, '/audit']) {
    expect((await administrator.get(path)).text).not.toContain(oneTime);
  }
  expect((await administrator.get(`/users/${id}`)).text).toMatch(
    /Contraseña pendiente.*Último acceso: Nunca/s,
  );

  const person = new Client();
  // In any capitalisation.
  expect((await person.logIn(username.toUpperCase(), oneTime)).status).toBe(303);
  expect((await person.get('/products')).headers.location).toBe('/password');
  expect((await person.get('/api/products')).status).toBe(403);
  const own = 'castaño de indias';
  const chosen = await person.post('/password', { current: oneTime, password: own, repeated: own });
  expect(chosen.headers.location).toBe('/');
  expect((await person.get('/products')).status).toBe(200);
  expect((await new Client().logIn(username, oneTime)).status).toBe(422);
  // What others do is shown once the replica has it.
  expect(await replicaHasAll(stack)).toBe(true);
  expect((await administrator.get(`/users/${id}`)).text).toContain('Activo');
});

test('a form sent twice shows the same working password', async () => {
  const fields = { username: uniqueName(), role: 'viewer', _key: `twice-${Date.now()}` };
  const first = await administrator.post('/users', fields);
  const second = await administrator.post('/users', fields);
  expect(second.status).toBe(201);
  expect(oneTimePasswordIn(second.text)).toBe(oneTimePasswordIn(first.text));
  expect((await new Client().logIn(fields.username, oneTimePasswordIn(second.text))).status).toBe(303);
  // A new write gets a new password.
  const other = await administrator.post('/users', { ...fields, username: uniqueName() });
  expect(oneTimePasswordIn(other.text)).not.toBe(oneTimePasswordIn(first.text));
});

test('refuses a username that is taken in any spelling, or invalid', async () => {
  const username = uniqueName();
  expect((await administrator.post('/users', { username, role: 'viewer' })).status).toBe(201);
  for (const same of [username, username.toUpperCase(), username.replace('ú', 'u')]) {
    const refused = await administrator.post('/users', { username: same, role: 'viewer' });
    expect(refused.status).toBe(422);
    expect(refused.text).toContain('Este nombre de usuario ya está en uso.');
    expect(refused.text).toContain(`value="${same}"`);
  }
  for (const bad of [
    '',
    'x',
    'dos palabras',
    '<b>x</b>',
    'аdmin',
    '-x',
    'x'.repeat(51),
    'a\u0000b',
    'ana@x.es',
  ]) {
    const refused = await administrator.post('/users', { username: bad, role: 'viewer' });
    expect([bad, refused.status]).toEqual([bad, 422]);
    expect(refused.text).toContain('Escriba de 2 a 50 letras');
  }
  const noRole = await administrator.post('/users', { username: uniqueName(), role: 'root' });
  expect(noRole.status).toBe(422);
  expect(noRole.text).toContain('Elija un rol.');
});

test.each([
  ['disable', {}],
  ['role', { role: 'clerk' }],
  ['password', {}],
])('%s ends the sessions of the user at once, on every instance', async (action, fields) => {
  const { id, username, password, client } = await createPerson(administrator, 'viewer');
  const second = new Client();
  await second.logIn(username, password);
  const answer = await administrator.post(`/users/${id}/${action}`, fields);
  expect([200, 303]).toContain(answer.status);
  for (const session of [client, second]) {
    for (let instance = 0; instance < 6; instance++) {
      expect((await session.get('/api/products')).status).toBe(401);
    }
  }
});

test('a new role applies from the next log-in', async () => {
  const { id, username, password } = await createPerson(administrator, 'viewer');
  await administrator.post(`/users/${id}/role`, { role: 'clerk' });
  const again = new Client();
  await again.logIn(username, password);
  await again.register();
  await administrator.post(`/users/${id}/role`, { role: 'viewer' });
  await again.logIn(username, password);
  expect((await again.get('/products/new')).status).toBe(403);
  expect((await administrator.post(`/users/${id}/role`, { role: 'root' })).status).toBe(400);
});

test('a disabled user gets the answer of a wrong password until enabled', async () => {
  const { id, username, password } = await createPerson(administrator, 'viewer');
  await administrator.post(`/users/${id}/disable`);
  const refused = await new Client().logIn(username, password);
  expect(refused.status).toBe(422);
  expect(refused.text).toContain('Usuario o contraseña incorrectos.');
  await administrator.post(`/users/${id}/enable`);
  expect((await new Client().logIn(username, password)).status).toBe(303);
});

test('a new one-time password replaces a forgotten one', async () => {
  const { id, username, password } = await createPerson(administrator, 'viewer');
  const oneTime = oneTimePasswordIn((await administrator.post(`/users/${id}/password`)).text);
  expect((await new Client().logIn(username, password)).status).toBe(422);
  const client = new Client();
  expect((await client.logIn(username, oneTime)).status).toBe(303);
  expect((await client.get('/products')).headers.location).toBe('/password');
});

test("refuses to disable, demote or reset one's own account", async () => {
  const { id, client } = await createPerson(administrator, 'administrator');
  for (const [action, fields] of [
    ['disable', {}],
    ['role', { role: 'viewer' }],
    ['password', {}],
  ] as const) {
    const refused = await client.post(`/users/${id}/${action}`, fields);
    expect(refused.status).toBe(409);
    expect(refused.text).toContain('Su cuenta solo puede modificarla otro administrador.');
  }
  expect((await client.get('/users')).status).toBe(200);
  expect((await client.get(`/users/${id}`)).text).not.toContain(`/users/${id}/disable`);
});

test('one administrator remains when several disable or demote one another at once', async () => {
  for (const [action, fields] of [
    ['disable', {}],
    ['role', { role: 'viewer' }],
  ] as const) {
    const group = await Promise.all(
      Array.from({ length: 4 }, () => createPerson(administrator, 'administrator')),
    );
    // In a circle: without a lock all four would be gone.
    await Promise.all(
      group.map(({ client }, i) => client.post(`/users/${group[(i + 1) % 4]!.id}/${action}`, fields)),
    );
    const primary = await stack.connect('primary');
    const [left] = await primary.query<RowDataPacket[]>(
      "SELECT id FROM user WHERE id IN (?) AND role = 'administrator' AND disabled_at IS NULL",
      [group.map(({ id }) => id)],
    );
    await primary.end();
    expect(left.length).toBeGreaterThan(0);
  }
});

test('an administrator who is disabled during the request creates no user', async () => {
  const { id, client } = await createPerson(administrator, 'administrator');
  const username = uniqueName();
  const primary = await stack.connect('primary');
  await primary.query('BEGIN; SELECT id FROM user FOR UPDATE');
  const creating = client.post('/users', { username, role: 'administrator' });
  // Its session has been read once it waits for the rows.
  await waitUntil(async () => {
    const [waiting] = await primary.query<RowDataPacket[]>(
      `SELECT 1 FROM performance_schema.data_lock_waits AS waits
       JOIN performance_schema.data_locks AS wanted ON wanted.engine_lock_id = waits.requesting_engine_lock_id
       WHERE wanted.object_schema = 'inventario' AND wanted.object_name = 'user'`,
    );
    return waiting.length > 0;
  });
  await primary.query('UPDATE user SET disabled_at = NOW() WHERE id = ?; COMMIT', [id]);
  expect((await creating).status).toBe(403);
  const [rows] = await primary.query<RowDataPacket[]>('SELECT id FROM user WHERE username = ?', [username]);
  await primary.end();
  expect(rows).toEqual([]);
});

test('an unknown user is not found', async () => {
  for (const id of ['999999999', '0', 'x', '1e3', '99999999999999']) {
    expect((await administrator.get(`/users/${id}`)).status).toBe(404);
    expect((await administrator.post(`/users/${id}/disable`)).status).toBe(404);
  }
});

test('disabling and a new password ask first and say what they do', async () => {
  const { id, username, password } = await createPerson(administrator, 'viewer');
  const profile = (await administrator.get(`/users/${id}`)).text;
  for (const [action, says] of [
    ['disable', 'no podrá volver a iniciarla hasta que se reactive la cuenta'],
    ['password', 'Su contraseña actual deja de servir'],
  ] as const) {
    expect(profile).toContain(`href="/users/${id}/${action}"`);
    expect(profile).not.toContain(`action="/users/${id}/${action}"`);
    const asked = await administrator.get(`/users/${id}/${action}`);
    expect(asked.status).toBe(200);
    expect(asked.text).toContain(username);
    expect(asked.text).toContain(says);
    expect(asked.text).toContain(`action="/users/${id}/${action}"`);
  }
  // Asking has done nothing yet.
  expect((await new Client().logIn(username, password)).status).toBe(303);
});

test('a one-time password is not asked for again a moment after the log-in', async () => {
  const { id, username, password, client } = await createPerson(administrator, 'clerk', {
    choosesPassword: false,
  });
  expect((await client.get('/password')).text).not.toContain('name="current"');
  const repeated = await client.post('/password', { password, repeated: password });
  expect(repeated.text).toContain('Elija una contraseña distinta de la actual.');
  const own = 'limonero en maceta';
  expect((await client.post('/password', { password: own, repeated: own })).status).toBe(303);
  // Any other change takes the current one.
  await client.takeToken('/password');
  expect((await client.get('/password')).text).toContain('name="current"');
  const next = 'naranjo en maceta';
  expect((await client.post('/password', { password: next, repeated: next })).status).toBe(422);

  const oneTime = oneTimePasswordIn((await administrator.post(`/users/${id}/password`)).text);
  const late = new Client();
  await late.logIn(username, oneTime);
  const primary = await stack.connect('primary');
  await primary.query(
    `UPDATE session SET data = JSON_SET(data, '$.signedInAt', ${Date.now() - 16 * 60_000}) WHERE user_id = ?`,
    [id],
  );
  expect((await late.get('/password')).text).toContain('name="current"');
  expect((await late.post('/password', { password: own, repeated: own })).status).toBe(422);

  // The password that the session began with has been replaced since.
  await primary.query(
    `UPDATE session SET data = JSON_SET(data, '$.signedInAt', ${Date.now()}) WHERE user_id = ?`,
    [id],
  );
  await primary.query('UPDATE user SET password_hash = REVERSE(password_hash) WHERE id = ?', [id]);
  await primary.end();
  expect((await late.post('/password', { password: own, repeated: own })).status).toBe(422);
});
