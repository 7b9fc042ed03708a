import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { networkOf } from '../../src/auth/network.ts';
import { clientFrom, newAddress } from '../support/addresses.ts';
import { Client } from '../support/client.ts';
import { createPerson, type Person } from '../support/people.ts';
import { baseUrl, stack } from '../support/shared-stack.ts';

let administrator: Client;
let primary: Connection;

beforeAll(async () => {
  administrator = await Client.signedIn();
  primary = await stack.connect('primary');
});

afterAll(() => primary.end());

/** Sends one attempt from `address` in a new browser. */
let turn = 0;
async function attempt({ username }: Pick<Person, 'username'>, password: string, address: string) {
  return clientFrom(address, `web${(turn++ % 3) + 1}`).logIn(username, password);
}

async function wrongAttempts(person: Pick<Person, 'username'>, count: number, address: string) {
  for (let i = 0; i < count; i++) {
    expect((await attempt(person, `wrong-${i}`, address)).status).toBe(422);
  }
}

/** Sets the count directly: real attempts are slow. */
async function countAs(attempts: number, subject: string): Promise<void> {
  await primary.query(
    `REPLACE INTO login_attempt (subject, attempts, pending, window_ends_at)
     VALUES (?, ?, 0, UTC_TIMESTAMP(3) + INTERVAL 10 MINUTE)`,
    [subject, attempts],
  );
}

async function endWindows(text: string): Promise<void> {
  await primary.query('UPDATE login_attempt SET window_ends_at = UTC_TIMESTAMP(3) WHERE subject LIKE ?', [
    `%${text}%`,
  ]);
}

test('refuses every attempt after ten wrong ones, on every instance', async () => {
  const person = await createPerson(administrator, 'viewer');
  const address = newAddress();
  await wrongAttempts(person, 10, address);
  for (const instance of ['web1', 'web2', 'web3']) {
    const refused = await clientFrom(address, instance).logIn(person.username.toUpperCase(), person.password);
    expect(refused.status).toBe(429);
    const retryAfter = Number(refused.headers['retry-after']);
    expect(retryAfter).toBeGreaterThan(60);
    expect(retryAfter).toBeLessThanOrEqual(15 * 60 + 1);
    expect(refused.text).toMatch(/Demasiados intentos fallidos. Inténtelo de nuevo en 1\d minutos/);
    expect(refused.text).toContain(`value="${person.username.toUpperCase()}"`);
  }
  const english = clientFrom(address);
  void english.agent.set('Accept-Language', 'en');
  expect((await english.logIn(person.username, 'x')).text).toContain('Too many failed attempts.');

  await endWindows(address);
  expect((await attempt(person, person.password, address)).status).toBe(303);
});

test('wrong attempts elsewhere do not lock the user out', async () => {
  const person = await createPerson(administrator, 'viewer');
  const attacker = newAddress();
  await wrongAttempts(person, 10, attacker);
  expect((await attempt(person, person.password, attacker)).status).toBe(429);
  expect((await attempt(person, person.password, newAddress())).status).toBe(303);
});

test('compares ten of a hundred concurrent attempts', async () => {
  const person = await createPerson(administrator, 'viewer');
  const address = newAddress();
  const clients = await Promise.all(
    Array.from({ length: 100 }, async (_, i) => {
      const client = clientFrom(address, `web${(i % 3) + 1}`);
      await client.takeToken('/login');
      return client;
    }),
  );
  const responses = await Promise.all(
    clients.map((client, i) => client.post('/login', { username: person.username, password: `wrong-${i}` })),
  );
  const count = (status: number) => responses.filter((response) => response.status === status).length;
  // The queue of a slow machine refuses some before they are counted.
  expect({ compared: count(422), refused: count(429) + count(503) }).toEqual({ compared: 10, refused: 90 });
  expect(count(429)).toBeGreaterThan(0);
});

test('admits fifteen concurrent correct log-ins, also after nine wrong ones', async () => {
  const person = await createPerson(administrator, 'viewer');
  const address = newAddress();
  await wrongAttempts(person, 9, address);
  const responses = await Promise.all(
    Array.from({ length: 15 }, () => attempt(person, person.password, address)),
  );
  expect(responses.map(({ status }) => status)).toEqual(Array(15).fill(303));
  // Correct log-ins clear the wrong ones.
  await wrongAttempts(person, 10, address);
  expect((await attempt(person, person.password, address)).status).toBe(429);
});

test('limits an address that tries many names, except for users known there', async () => {
  const address = newAddress();
  const person = await createPerson(administrator, 'viewer');
  expect((await attempt(person, person.password, address)).status).toBe(303);
  await countAs(99, `address ${address}`);
  expect((await attempt({ username: `spray-${address}-100th` }, 'Verano2024', address)).status).toBe(422);
  expect((await attempt({ username: `spray-${address}` }, 'Verano2024', address)).status).toBe(429);
  const stranger = await createPerson(administrator, 'viewer');
  expect((await attempt(stranger, stranger.password, address)).status).toBe(429);
  expect((await attempt(person, person.password, address)).status).toBe(303);
});

test('limits a name tried from many addresses, except from where its user logs in', async () => {
  const person = await createPerson(administrator, 'viewer');
  const home = newAddress();
  expect((await attempt(person, person.password, home)).status).toBe(303);
  await countAs(99, `user ${person.username}`);
  await wrongAttempts(person, 1, newAddress());
  expect((await attempt(person, person.password, newAddress())).status).toBe(429);
  expect((await attempt(person, person.password, home)).status).toBe(303);
  await endWindows(person.username);
  expect((await attempt(person, person.password, newAddress())).status).toBe(303);
});

test('a forged X-Forwarded-For changes nothing behind NGINX', async () => {
  const username = `forged-${Date.now()}`;
  const statuses: number[] = [];
  for (let i = 0; i < 11; i++) {
    const client = new Client(baseUrl);
    void client.agent
      .set('X-Forwarded-For', `203.0.113.${i}, 10.0.0.${i}`)
      .set('X-Real-IP', `203.0.113.${i}`);
    statuses.push((await client.logIn(username, 'wrong')).status);
  }
  expect(statuses).toEqual([...Array<number>(10).fill(422), 429]);
  const [rows] = await primary.query<RowDataPacket[]>(
    "SELECT subject FROM login_attempt WHERE subject LIKE '%203.0.113.%' OR subject LIKE '%10.0.0.%'",
  );
  expect(rows).toEqual([]);
  await endWindows(username);
});

test('a wrong current password counts too', async () => {
  const { client } = await createPerson(administrator, 'viewer');
  const guess = { current: 'wrong', password: 'sauce-llorón-77', repeated: 'sauce-llorón-77' };
  for (let i = 0; i < 10; i++) expect((await client.post('/password', guess)).status).toBe(422);
  const refused = await client.post('/password', guess);
  expect(refused.status).toBe(429);
  expect(refused.text).toContain('Demasiados intentos fallidos.');
});

test('clears ended windows, and the pair of a successful log-in', async () => {
  const person = await createPerson(administrator, 'viewer');
  const address = newAddress();
  await wrongAttempts(person, 2, address);
  expect((await attempt(person, person.password, address)).status).toBe(303);
  const [rows] = await primary.query<RowDataPacket[]>(
    'SELECT subject, attempts, pending FROM login_attempt WHERE subject LIKE ? ORDER BY subject',
    [`% ${address}%`],
  );
  expect(rows).toEqual([{ subject: `address ${address}`, attempts: 2, pending: 0 }]);
});

test('counts an IPv6 address by its network, and an embedded IPv4 address as IPv4', () => {
  expect(networkOf('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2::/64');
  expect(networkOf('2001:db8::1')).toBe('2001:db8:0:0::/64');
  expect(networkOf('2001:0DB8:1:2::')).toBe('2001:db8:1:2::/64');
  expect(networkOf('::1')).toBe('0:0:0:0::/64');
  expect(networkOf('::ffff:192.0.2.7')).toBe('192.0.2.7');
  expect(networkOf('192.0.2.7')).toBe('192.0.2.7');
});
