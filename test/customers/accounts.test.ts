import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { Language } from '../../src/locales/languages.ts';
import { linkTo, mailsTo, newCustomer, textOf, waitForMails } from '../support/kept-mail.ts';
import { stack } from '../support/shared-stack.ts';
import { PASSWORD, Shopper, uniqueEmail } from '../support/shopper.ts';
import { waitUntil } from '../support/wait-until.ts';

const OTHER = 'cuatro tristes tigres';
let primary: Connection;

beforeAll(async () => {
  primary = await stack.connect('primary');
});

afterAll(() => primary.end());

async function query(text: string, values: unknown[] = []): Promise<RowDataPacket[]> {
  return (await primary.query<RowDataPacket[]>(text, values))[0];
}

test.each<[Language, string, string]>([
  ['es', 'Confirme su cuenta', 'Mi cuenta'],
  ['en', 'Confirm your account', 'My account'],
])('an account begins with the link in the e-mail and the password: %s', async (language, subject, title) => {
  const email = uniqueEmail();
  const shopper = new Shopper({ language });
  const asked = await shopper.signUp(email);
  expect(asked.headers.location).toBe(shopper.pathOf('checkMail'));
  const [mail] = await waitForMails(email, 1);
  expect(mail).toMatchObject({ template: 'confirm-address', language });
  expect(await textOf(mail!)).toContain(subject);
  expect((await shopper.logIn(email)).status).toBe(422);

  const link = await linkTo(email, 'confirm-address');
  expect(link.startsWith(shopper.pathOf('confirm'))).toBe(true);
  expect((await shopper.submit(link, { password: OTHER })).status).toBe(422);
  const confirmed = await shopper.submit(link, { password: PASSWORD });
  expect(confirmed.headers.location).toBe(`${shopper.pathOf('account')}?saved=confirmed`);
  const { text } = await shopper.open('account');
  expect(text).toContain('Ana Núñez');
  expect(text).toContain(title);
  expect((await shopper.get(link)).status).toBe(410);

  await shopper.submit(shopper.pathOf('account'), {}, shopper.pathOf('logOut'));
  expect(await shopper.isSignedIn()).toBe(false);
  expect((await shopper.logIn(email.toUpperCase())).headers.location).toBe(shopper.pathOf('account'));
  expect(await shopper.isSignedIn()).toBe(true);
});

test('a refused form keeps what was typed, but no password', async () => {
  const shopper = new Shopper();
  const typed = { name: 'Ana "A" Núñez', email: 'ana@', password: 'tienda12', repeated: 'otra' };
  const { status, text } = await shopper.submit(shopper.pathOf('signUp'), typed);
  expect(status).toBe(422);
  expect(text).toContain('value="Ana &#34;A&#34; Núñez"');
  expect(text).toContain('Escriba un correo válido');
  expect(text).not.toContain('tienda12');
  const email = uniqueEmail();
  for (const password of ['password', email, email.split('@')[0]!]) {
    const guessable = await shopper.signUp(email, password);
    expect([password, guessable.status]).toEqual([password, 422]);
  }
  expect(await mailsTo(email)).toEqual([]);
});

test('an account that a stranger has prepared for an address does not become theirs', async () => {
  const email = uniqueEmail();
  await new Shopper().signUp(email, OTHER, 'Stranger');
  const strangers = await linkTo(email, 'confirm-address');
  const owner = new Shopper();
  // The owner does not know the password of this one.
  expect((await owner.submit(strangers, { password: PASSWORD })).status).toBe(422);
  await owner.signUp(email);
  await waitForMails(email, 2);
  const [own] = (await mailsTo(email)).slice(1);
  const link = /href="https?:\/\/[^/]+([^"]+\?t=[^"]+)"/.exec(await textOf(own!))![1]!;
  expect((await owner.submit(link, { password: PASSWORD })).status).toBe(303);
  expect((await new Shopper().logIn(email, OTHER)).status).toBe(422);
  expect((await owner.get(strangers)).status).toBe(410);
});

test('a forgotten password is replaced with a link that works once and ends all sessions', async () => {
  const { shopper: earlier, email } = await newCustomer();
  const shopper = new Shopper({ language: 'en' });
  expect((await shopper.submit(shopper.pathOf('forgotten'), { email })).status).toBe(303);
  const link = await linkTo(email, 'reset-password');
  const short = await shopper.submit(link, { password: 'corta', repeated: 'corta' });
  expect(short.status).toBe(422);
  const passwords = { password: OTHER, repeated: OTHER };
  const answers = await Promise.all([shopper.submit(link, passwords), shopper.submit(link, passwords)]);
  expect(answers.map(({ status }) => status).sort()).toEqual([303, 410]);
  expect((await shopper.get(link)).status).toBe(410);
  expect(await earlier.isSignedIn()).toBe(false);
  expect((await shopper.logIn(email)).status).toBe(422);
  expect((await shopper.logIn(email, OTHER)).status).toBe(303);
  expect((await waitForMails(email, 3)).at(-1)).toMatchObject({ template: 'password-changed' });
});

test('a link that has expired, is for something else or was made up opens nothing', async () => {
  const { email } = await newCustomer();
  const shopper = new Shopper();
  await shopper.submit(shopper.pathOf('forgotten'), { email });
  const link = await linkTo(email, 'reset-password');
  const token = new URL(link, 'http://localhost').searchParams.get('t')!;
  const changed = Buffer.from(token, 'base64url');
  changed[20]! ^= 1;
  const others = ['', 'x', token.slice(0, 22), changed.toString('base64url'), `${token}AA`];
  for (const other of others) {
    expect([other, (await shopper.get(`${shopper.pathOf('reset')}?t=${other}`)).status]).toEqual([
      other,
      410,
    ]);
  }
  for (const page of ['confirm', 'confirmEmail'] as const) {
    const path = `${shopper.pathOf(page)}?t=${token}`;
    expect((await shopper.get(path)).status).toBe(410);
    const posted = await shopper.post(shopper.pathOf(page), { t: token, password: PASSWORD });
    expect([page, posted.status]).toEqual([page, 410]);
  }
  await query("UPDATE customer_token SET expires_at = UTC_TIMESTAMP(3) WHERE email = ? AND kind = 'reset'", [
    email,
  ]);
  expect((await shopper.get(link)).status).toBe(410);
  const late = await shopper.post(shopper.pathOf('reset'), { t: token, password: OTHER, repeated: OTHER });
  expect(late.status).toBe(410);
  expect((await shopper.logIn(email)).status).toBe(303);
});

test('what the database holds opens no account', async () => {
  const { shopper, email } = await newCustomer();
  await new Shopper().submit(shopper.pathOf('forgotten'), { email });
  await linkTo(email, 'reset-password');
  const [token] = await query("SELECT * FROM customer_token WHERE email = ? AND kind = 'reset'", [email]);
  const [mail] = await query("SELECT data FROM mail WHERE recipient = ? AND template = 'reset-password'", [
    email,
  ]);
  const stranger = new Shopper();
  for (const known of [(token!.id as Buffer).toString('base64url'), JSON.stringify(mail!.data)]) {
    const path = `${stranger.pathOf('reset')}?t=${encodeURIComponent(known)}`;
    expect((await stranger.get(path)).status).toBe(410);
  }
  const [session] = await query(
    'SELECT s.id FROM customer_session AS s JOIN customer AS c ON c.id = customer_id WHERE email = ?',
    [email],
  );
  const cookie = `inventario.shop=${(session!.id as Buffer).toString('base64url')}`;
  expect((await stranger.open('account').set('Cookie', cookie)).status).toBe(303);
});

test('changing the password takes the current one and ends all other sessions', async () => {
  const { shopper, email } = await newCustomer();
  const other = new Shopper();
  await other.logIn(email);
  const path = shopper.pathOf('password');
  const before = shopper.cookies().find(({ name }) => name === 'inventario.shop')!.value;
  const wrong = await shopper.submit(path, { current: OTHER, password: OTHER, repeated: OTHER });
  expect(wrong.status).toBe(422);
  const right = { current: PASSWORD, password: OTHER, repeated: OTHER };
  expect((await shopper.submit(path, right)).headers.location).toContain('saved=password');
  expect(await shopper.isSignedIn()).toBe(true);
  expect(shopper.cookies().find(({ name }) => name === 'inventario.shop')!.value).not.toBe(before);
  expect(await other.isSignedIn()).toBe(false);
  expect((await waitForMails(email, 2)).at(-1)).toMatchObject({ template: 'password-changed' });
});

test('another e-mail counts from when the link that was sent to it is opened', async () => {
  const { shopper, email } = await newCustomer();
  const next = uniqueEmail();
  const path = shopper.pathOf('email');
  expect((await shopper.submit(path, { current: OTHER, email: next })).status).toBe(422);
  expect((await shopper.submit(path, { current: PASSWORD, email: next })).status).toBe(303);
  const link = await linkTo(next, 'confirm-new-address');
  expect((await new Shopper().logIn(next)).status).toBe(422);
  expect((await shopper.submit(link)).headers.location).toContain('saved=email');
  expect((await shopper.get(link)).status).toBe(410);
  expect((await new Shopper().logIn(next)).status).toBe(303);
  expect((await new Shopper().logIn(email)).status).toBe(422);
  await waitUntil(async () => (await mailsTo(email)).at(-1)?.template === 'address-changed');
});

test('an e-mail that belongs to someone else is not taken over, and the page does not tell', async () => {
  const [one, other] = [await newCustomer(), await newCustomer()];
  const fields = { current: PASSWORD, email: other.email };
  const taken = await one.shopper.submit(one.shopper.pathOf('email'), fields);
  const free = await one.shopper.submit(one.shopper.pathOf('email'), { ...fields, email: uniqueEmail() });
  expect([taken.status, taken.headers.location]).toEqual([free.status, free.headers.location]);
  const mails = await waitForMails(other.email, 2);
  expect(mails.map(({ template }) => template)).toEqual(['confirm-address', 'account-exists']);
});

test('two who confirm the same new address do not get it both', async () => {
  const [one, other] = [await newCustomer(), await newCustomer()];
  const email = uniqueEmail();
  const links: string[] = [];
  for (const { shopper } of [one, other]) {
    await shopper.submit(shopper.pathOf('email'), { current: PASSWORD, email });
    const mails = await waitForMails(email, links.length + 1);
    const text = await textOf(mails.at(-1)!);
    links.push(/href="https?:\/\/[^/]+([^"]+\?t=[^"]+)"/.exec(text)![1]!);
  }
  expect(links[0]).not.toBe(links[1]);
  const answers = await Promise.all([one.shopper.submit(links[0]!), other.shopper.submit(links[1]!)]);
  expect(answers.map(({ status }) => status).sort()).toEqual([303, 410]);
});

test('deleting the account takes the password, and leaves nothing that names the person', async () => {
  const { shopper, email } = await newCustomer();
  const second = new Shopper();
  await second.logIn(email);
  const [{ id }] = (await query('SELECT id FROM customer WHERE email = ?', [email])) as [{ id: number }];
  const address = { name: 'Ana Núñez', phone: '099', country: 'EC', region: 'Azuay', municipality: 'Cuenca' };
  await shopper.submit(shopper.pathOf('newAddress'), { ...address, street: 'Larga 1' });
  await new Shopper().submit(shopper.pathOf('forgotten'), { email });
  await linkTo(email, 'reset-password');
  const path = shopper.pathOf('deleteAccount');
  expect((await shopper.submit(path, { current: OTHER })).status).toBe(422);
  const deleted = await shopper.submit(path, { current: PASSWORD });
  expect(deleted.headers.location).toBe(`${shopper.pathOf('logIn')}?notice=deleted`);
  expect(shopper.cookies().map(({ name }) => name)).not.toContain('inventario.shop');
  expect(await second.isSignedIn()).toBe(false);
  expect((await new Shopper().logIn(email)).status).toBe(422);
  await waitUntil(async () => (await mailsTo(email)).length === 1);
  expect((await mailsTo(email))[0]).toMatchObject({ template: 'account-deleted' });
  for (const table of ['customer_address', 'customer_session', 'customer_token'])
    expect([table, await query(`SELECT 1 FROM ${table} WHERE customer_id = ?`, [id])]).toEqual([table, []]);
  expect(await query('SELECT 1 FROM customer_token WHERE email = ?', [email])).toEqual([]);
  // Other features forget the customer, too.
  await waitUntil(
    async () => (await query("SELECT 1 FROM outbox WHERE kind = 'customer-deleted'")).length === 0,
  );
  // The address is free again.
  await new Shopper().signUp(email);
  expect((await waitForMails(email, 2)).at(-1)).toMatchObject({ template: 'confirm-address' });
});

test('details are saved, and e-mails come in the language that was chosen', async () => {
  const { shopper, email } = await newCustomer();
  const details = { name: ' Ana  Núñez Ríos ', phone: '+593 99 123 4567', language: 'en' };
  expect((await shopper.submit(shopper.pathOf('details'), details)).headers.location).toContain(
    'saved=details',
  );
  const { text } = await shopper.open('details');
  expect(text).toContain('value="Ana Núñez Ríos"');
  expect(text).toContain('value="+593 99 123 4567"');
  await new Shopper().submit(shopper.pathOf('forgotten'), { email });
  const [, mail] = await waitForMails(email, 2);
  expect(mail).toMatchObject({ template: 'reset-password', language: 'en' });
});
