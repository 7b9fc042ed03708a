import { expect, test } from '@jest/globals';
import { Client } from '../support/client.ts';
import { baseUrl, stack } from '../support/shared-stack.ts';
import { waitUntil } from '../support/wait-until.ts';

test('a correct password opens the requested page, and log-out ends the session', async () => {
  const client = new Client();
  const refused = await client.get('/products?search=miel');
  expect(refused.status).toBe(303);
  expect(refused.headers.location).toBe('/login?return=%2Fproducts%3Fsearch%3Dmiel');

  await client.takeToken('/login');
  const entered = await client.post('/login', {
    username: 'admin',
    password: 'admin123',
    return: '/products?search=miel',
  });
  expect(entered.status).toBe(303);
  expect(entered.headers.location).toBe('/products?search=miel');
  expect((await client.get('/products?search=miel')).status).toBe(200);

  await client.takeToken('/products/new');
  await client.post('/logout');
  expect((await client.get('/products')).headers.location).toMatch(/^\/login/);
});

test('an unknown user and a wrong password get the same answer', async () => {
  const client = new Client();
  await client.takeToken('/login');
  const attempt = (username: string) => client.post('/login', { username, password: 'not the password' });
  const known = await attempt('admin');
  const unknown = await attempt('nadia');
  const strip = (html: string) => html.replace(/value="[^"]*"/g, '').replace(/\sautofocus/g, '');

  expect(known.status).toBe(422);
  expect(unknown.status).toBe(422);
  expect(strip(known.text)).toBe(strip(unknown.text));
  expect(known.text).toContain('Usuario o contraseña incorrectos.');
});

test('every instance serves the same session', async () => {
  const client = await Client.signedIn();
  const servedBy = new Set<string>();
  const statuses = new Set<number>();
  // NGINX leaves an instance out for three seconds that has failed in an earlier test.
  await waitUntil(async () => {
    const { status, headers } = await client.get('/products');
    statuses.add(status);
    servedBy.add(String(headers['x-served-by']));
    return servedBy.size === 3;
  });
  expect([[...statuses], [...servedBy].sort()]).toEqual([[200], ['web1', 'web2', 'web3']]);
});

test('logging in gives a new session id, in a cookie that scripts cannot read', async () => {
  const client = new Client();
  await client.takeToken('/login');
  const planted = 's%3Aplanted-by-someone-else.signature';
  const response = await client.agent
    .post('/login')
    .type('form')
    .set('Cookie', `inventario.sid=${planted}`)
    .send({ username: 'admin', password: 'admin123' });
  // Superagent sends this Cookie header in place of the CSRF cookie, so the request is refused.
  expect(response.status).toBe(403);

  const first = await client.logIn('admin', 'admin123');
  const cookie = String(first.headers['set-cookie']);
  expect(cookie).toContain('HttpOnly');
  expect(cookie).toContain('SameSite=Lax');
  const second = await new Client().logIn('admin', 'admin123');
  const sessionId = (header: unknown) => /inventario\.sid=([^;]+)/.exec(String(header))?.[1];
  expect(sessionId(second.headers['set-cookie'])).not.toBe(sessionId(cookie));
});

test('stored session ids cannot be used as cookies', async () => {
  const response = await new Client().logIn('admin', 'admin123');
  const primary = await stack.connect('primary');
  const [rows] = await primary.query('SELECT HEX(id) AS id FROM session');
  await primary.end();
  const sid = /inventario\.sid=s%3A([^.]+)\./.exec(String(response.headers['set-cookie']))?.[1];
  expect(sid).toBeTruthy();
  expect(JSON.stringify(rows)).not.toContain(Buffer.from(sid!).toString('hex').toUpperCase());
});

test('programs that are not signed in get 401 in JSON', async () => {
  const response = await new Client().get('/api/products');
  expect(response.status).toBe(401);
  expect(response.body).toMatchObject({ error: 'Inicie sesión para continuar.' });
});

test('log-in never redirects to another site', async () => {
  for (const target of [
    'https://evil.example',
    '//evil.example',
    '/\\evil.example',
    '/\t/evil.example',
    'javascript:alert(1)',
    '/.//evil.example',
    '/x/..//evil.example',
  ]) {
    const client = new Client();
    await client.takeToken('/login');
    const response = await client.post('/login', { username: 'admin', password: 'admin123', return: target });
    expect(response.headers.location).toBe('/');
  }
});

test('refuses a form without the token of a page, or from another site', async () => {
  const client = await Client.signedIn();
  const noToken = await client.agent.post('/products').type('form').send({ name: 'x' });
  expect(noToken.status).toBe(403);
  await client.takeToken('/products/new');
  const crossSite = await client.agent
    .post('/logout')
    .set('Sec-Fetch-Site', 'cross-site')
    .type('form')
    .send({});
  expect(crossSite.status).toBe(403);
  const otherOrigin = await client.agent
    .post('/logout')
    .set('Origin', 'https://evil.example')
    .type('form')
    .send({});
  expect(otherOrigin.status).toBe(403);
  expect((await client.get('/products')).status).toBe(200);
});

test('changing the password takes the current one and the new one twice', async () => {
  const client = await Client.signedIn();
  const response = await client.post('/password', { current: 'wrong', password: 'short', repeated: 'other' });
  expect(response.status).toBe(422);
  expect(response.text).toContain('La contraseña actual es incorrecta.');
  expect(response.text).toContain('La contraseña debe tener de 8 a 128 caracteres.');
  const known = { current: 'admin123', password: 'password1', repeated: 'password1' };
  expect((await client.post('/password', known)).text).toContain('Elija otra.');
});

test('the form of an older tab leads on once one is signed in', async () => {
  const client = new Client();
  await client.takeToken('/login');
  const old = client.token;
  await client.logIn('admin', 'admin123');
  const fields = { _csrf: old, username: 'ADMIN', password: 'x', return: '/products?search=miel' };
  const again = await client.post('/login', fields);
  expect([again.status, again.headers.location]).toEqual([303, '/products?search=miel']);
  const elsewhere = await client.post('/login', { ...fields, return: '//evil.example' });
  expect(elsewhere.headers.location).toBe('/');
  // Somebody else must not go on as the first person without noticing.
  const other = await client.post('/login', { ...fields, username: 'nadia' });
  expect(other.status).toBe(409);
  expect(other.text).toContain('En este navegador ya inició sesión «admin».');
  expect((await client.get('/products')).status).toBe(200);
});

test('a log-in whose token is lost shows the form again with a new one', async () => {
  const client = new Client();
  const expired = await client.post('/login', { username: 'admin', password: 'admin123', return: '/users' });
  expect(expired.status).toBe(403);
  expect(expired.text).toContain('La página había caducado. Escriba la contraseña otra vez.');
  expect(expired.text).toContain('value="admin"');
  expect(expired.text).not.toContain('admin123"');
  const _csrf = /name="_csrf" value="([^"]+)"/.exec(expired.text)![1]!;
  const entered = await client.post('/login', {
    _csrf,
    username: 'admin',
    password: 'admin123',
    return: '/users',
  });
  expect(entered.headers.location).toBe('/users');
});

test('a download of an ended session leads back to its page, not to the file', async () => {
  const refused = await new Client().agent
    .get('/products/export.csv?search=miel')
    .set('Referer', `${baseUrl}/products?search=miel`);
  expect(refused.headers.location).toBe('/login?return=%2Fproducts%3Fsearch%3Dmiel');
  const unknown = await new Client().get('/products/export.csv').set('Referer', 'https://evil.example/x');
  expect(unknown.headers.location).toBe('/login?return=%2Fproducts');
});
