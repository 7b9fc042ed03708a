import { beforeAll, expect, test } from '@jest/globals';
import { ROUTE_PERMISSIONS } from '../../src/auth/route-permissions.ts';
import { pathOf, type ShopPage } from '../../src/shop/shop-paths.ts';
import { Client } from '../support/client.ts';
import { newCustomer } from '../support/kept-mail.ts';
import { stack } from '../support/shared-stack.ts';
import { hiddenIn, PASSWORD, Shopper, uniqueEmail } from '../support/shopper.ts';

const OF_CUSTOMERS: ShopPage[] = ['account', 'details', 'password', 'email', 'addresses', 'deleteAccount'];
const url = `http://127.0.0.1:${stack.process('web1').port}`;
let shopper: Shopper;
let email: string;

beforeAll(async () => {
  ({ shopper, email } = await newCustomer());
});

function cookiesOf({ agent }: Pick<Shopper, 'agent'>): Map<string, string> {
  const { jar } = agent as unknown as {
    jar: { getCookies: (access: object) => { name: string; value: string }[] };
  };
  const cookies = jar.getCookies({ domain: '127.0.0.1', path: '/', secure: false, script: false });
  return new Map(cookies.map(({ name, value }) => [name, value]));
}

test("a customer's session opens no page of staff", async () => {
  for (const [route, permission] of Object.entries(ROUTE_PERMISSIONS)) {
    if (permission === 'public') continue;
    const [method, pattern] = route.split(' ') as ['GET' | 'POST' | 'PATCH', string];
    const path = pattern.replace(/:\w+/g, '1');
    const verb = method.toLowerCase() as 'get' | 'post' | 'patch';
    const { status, headers } = await shopper.agent[verb](path);
    const isAsked = status === 401 || (status === 303 && headers.location?.startsWith('/login?return='));
    expect([route, status, isAsked]).toEqual([route, status, true]);
  }
  // Nor does its cookie under the name of theirs.
  const { value } = shopper.cookies().find(({ name }) => name === 'inventario.shop')!;
  for (const cookie of [value, `s:${value}`, `s%3A${value}.x`]) {
    const { status } = await new Client(url).get('/users').set('Cookie', `inventario.sid=${cookie}`);
    expect(status).toBe(303);
  }
});

test('a session of staff opens no page of a customer', async () => {
  const staff = await Client.signedIn(url);
  for (const page of OF_CUSTOMERS) {
    for (const language of ['es', 'en'] as const) {
      const path = pathOf(language, page);
      const opened = await staff.get(path);
      expect([path, opened.headers.location]).toEqual([
        path,
        expect.stringContaining(pathOf(language, 'logIn')) as unknown,
      ]);
      const posted = await staff.agent
        .post(path)
        .set('Origin', url)
        .type('form')
        .send({ _csrf: staff.token });
      expect([path, posted.headers.location]).toEqual([
        path,
        expect.stringContaining('notice=ended') as unknown,
      ]);
    }
  }
  const sid = cookiesOf(staff).get('inventario.sid')!;
  for (const cookie of [
    sid,
    decodeURIComponent(sid).slice(2),
    decodeURIComponent(sid).slice(2).split('.')[0]!,
  ]) {
    const { status } = await new Shopper().open('account').set('Cookie', `inventario.shop=${cookie}`);
    expect(status).toBe(303);
  }
});

test('names and passwords of one kind do not log the other in', async () => {
  const client = new Client(url);
  await client.takeToken('/login');
  expect((await client.post('/login', { username: email, password: PASSWORD })).status).toBe(422);
  expect((await new Shopper().logIn('admin', 'admin123')).status).toBe(422);
});

test('in one browser both sessions stand beside each other, and end for themselves', async () => {
  const both = new Client(url);
  await both.logIn('admin', 'admin123');
  await both.agent.get('/tienda/cuenta/iniciar-sesion');
  const logIn = { email, password: PASSWORD };
  const entered = await both.agent
    .post('/tienda/cuenta/iniciar-sesion')
    .set('Origin', url)
    .type('form')
    .send(logIn);
  expect(entered.headers.location).toBe('/tienda/cuenta');
  const account = await both.get('/tienda/cuenta');
  expect(account.text).toContain(email);
  expect(account.text).not.toContain('admin');
  const users = await both.get('/users');
  expect(users.status).toBe(200);
  expect(users.text).not.toContain(email);
  // Neither's form is accepted with the token of the other.
  const crossed = await both.agent
    .post('/tienda/cuenta/cerrar-sesion')
    .set('Origin', url)
    .type('form')
    .send({ _csrf: both.token });
  expect(crossed.status).toBe(403);
  const token = hiddenIn(account.text)._csrf!;
  expect((await both.agent.post('/logout').type('form').send({ _csrf: token })).status).toBe(403);
  const loggedOut = await both.agent.post('/tienda/cuenta/cerrar-sesion').type('form').send({ _csrf: token });
  expect(loggedOut.status).toBe(303);
  expect((await both.get('/tienda/cuenta')).status).toBe(303);
  expect((await both.get('/users')).status).toBe(200);
});

test('a form of a visitor must name our page, and one of a customer carry its token besides', async () => {
  const visitor = new Shopper();
  const logIn = visitor.pathOf('logIn');
  const send = (who: Shopper, path: string, headers: Record<string, string>, fields: object = {}) => {
    const sent = who.agent.post(path).type('form');
    for (const [name, value] of Object.entries(headers)) {
      if (value === '') void sent.unset(name);
      else void sent.set(name, value);
    }
    return sent.send({ email: uniqueEmail(), password: PASSWORD, ...fields });
  };
  const foreign: Record<string, string>[] = [
    { Origin: '' },
    { Origin: 'https://evil.example' },
    { Origin: 'null' },
    { 'Sec-Fetch-Site': 'cross-site' },
    { 'Sec-Fetch-Site': 'same-site' },
  ];
  for (const headers of foreign) {
    expect([headers, (await send(visitor, logIn, headers)).status]).toEqual([headers, 403]);
  }
  expect((await send(visitor, logIn, {})).status).toBe(422);
  expect((await send(visitor, logIn, { Origin: '', 'Sec-Fetch-Site': 'same-origin' })).status).toBe(422);

  const { shopper: customer } = await newCustomer();
  const { text } = await customer.open('details');
  const fields = { ...hiddenIn(text), name: 'Ana Ruiz', phone: '', language: 'es' };
  const path = customer.pathOf('details');
  const { shopper: other } = await newCustomer();
  const others = hiddenIn((await other.open('details')).text)._csrf!;
  for (const token of ['', 'x', others]) {
    const refused = await send(customer, path, {}, { ...fields, _csrf: token });
    expect([token, refused.status]).toEqual([token, 403]);
  }
  for (const headers of foreign.slice(1)) {
    expect([headers, (await send(customer, path, headers, fields)).status]).toEqual([headers, 403]);
  }
  expect((await send(customer, path, {}, fields)).status).toBe(303);
});

test('behind TLS the cookies are Secure, bound to the host, and not for scripts', async () => {
  const shopper = new Shopper();
  const answer = await shopper.agent
    .post(shopper.pathOf('logIn'))
    .set({ 'X-Forwarded-Proto': 'https', 'Sec-Fetch-Site': 'same-origin' })
    .type('form')
    .send({ email, password: PASSWORD });
  const [cookie] = answer.headers['set-cookie'] as unknown as string[];
  expect(cookie).toMatch(/^__Host-inventario\.shop=/);
  for (const part of ['HttpOnly', 'Secure', 'SameSite=Lax', 'Path=/']) expect(cookie).toContain(part);
});

test('a tab that was open before the log-in leads on, and its form is not carried out', async () => {
  const { shopper: tab, email: own } = await newCustomer();
  const answer = await tab.post(tab.pathOf('logIn'), { email, password: PASSWORD });
  expect(answer.headers.location).toBe(tab.pathOf('account'));
  expect((await tab.open('account')).text).toContain(own);
});
