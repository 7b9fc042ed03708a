import { beforeAll, expect, test } from '@jest/globals';
import commonPasswords from '../../src/auth/common-passwords.json' with { type: 'json' };
import { Client } from '../support/client.ts';
import { createPerson, type Person } from '../support/people.ts';
import { baseUrl } from '../support/shared-stack.ts';

let person: Person;
beforeAll(async () => (person = await createPerson(await Client.signedIn(), 'viewer')));

async function choose(password: string) {
  const response = await person.client.post('/password', {
    current: person.password,
    password,
    repeated: password,
  });
  if (response.status === 303) {
    person.password = password;
    await person.client.takeToken('/password');
  }
  return response;
}

const canLogIn = async (password: string) =>
  (await new Client(baseUrl).logIn(person.username, password)).status === 303;

test('compares the last of 100 characters', async () => {
  const start = 'ñandú'.repeat(20).slice(0, 99);
  expect((await choose(`${start}a`)).status).toBe(303);
  expect(await canLogIn(`${start}b`)).toBe(false);
  expect(await canLogIn(`${start}a`)).toBe(true);
  expect(await canLogIn(start)).toBe(false);
});

test('accepts 128 characters of any kind, and refuses 129 and 7', async () => {
  const longest = '🌳 '.repeat(64);
  expect((await choose(longest)).status).toBe(303);
  expect(await canLogIn(longest)).toBe(true);
  for (const bad of [`${longest}x`, 'ñu-7 xy', '🌳🌳🌳🌳🌳🌳🌳']) {
    const refused = await choose(bad);
    expect(refused.status).toBe(422);
    expect(refused.text).toContain('La contraseña debe tener de 8 a 128 caracteres.');
  }
  expect((await choose('ñu-7 xyz')).status).toBe(303);
});

test('refuses passwords that are easy to guess', async () => {
  expect(commonPasswords.length).toBeGreaterThan(3000);
  for (const guess of [
    'sunshine',
    'SunShine',
    'sunshine2026!',
    '1qaz2wsx',
    'contraseña',
    'realmadrid',
    'password1',
    '12345678',
    'aaaaaaaa',
    'Inventario-2026',
    'Bodega-2026',
    person.username,
    `${person.username.toUpperCase()}!`,
  ]) {
    const refused = await choose(guess);
    expect([guess, refused.status]).toEqual([guess, 422]);
    expect(refused.text).toContain('Esa contraseña es demasiado común.');
  }
  expect((await choose('ventana de hojalata')).status).toBe(303);
});

test('a new password ends every other session of the user', async () => {
  const others = [new Client(), new Client()];
  for (const other of others) {
    await other.logIn(person.username, person.password);
    expect((await other.get('/api/products')).status).toBe(200);
  }
  expect((await choose('cien gaviotas de mar')).status).toBe(303);
  expect((await person.client.get('/api/products')).status).toBe(200);
  for (const other of others) {
    for (let instance = 0; instance < 6; instance++) {
      expect((await other.get('/api/products')).status).toBe(401);
    }
  }
});
