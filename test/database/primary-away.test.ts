import { beforeAll, expect, test } from '@jest/globals';
import { closeDatabases } from '../../src/database/databases.ts';
import { isAlive } from '../../tools/launcher/stack-state.ts';
import { Client, uniqueCode } from '../support/client.ts';
import { openDatabases } from '../support/open-databases.ts';
import { waitUntilAll, withDeadPrimary, withHungPrimary } from '../support/primary-away.ts';
import { replicaHasAll } from '../support/replication.ts';
import { stack } from '../support/shared-stack.ts';
import { waitUntil } from '../support/wait-until.ts';

let client: Client;
beforeAll(async () => (client = await Client.signedIn()));

const READING_ONLY = 'pero no guardar cambios';
const NOT_SAVED = 'En este momento no se puede guardar.';

/** Printed only: on a shared machine, durations cannot be asserted. */
class Longest {
  #ms = 0;

  async of<T>(work: () => Promise<T>): Promise<T> {
    const startedAt = performance.now();
    const result = await work();
    this.#ms = Math.max(this.#ms, performance.now() - startedAt);
    return result;
  }

  print(what: string): void {
    console.log(`${what}: the longest answer took ${Math.round(this.#ms)} ms`);
  }
}

test.each([
  ['hangs', withHungPrimary],
  ['is dead', withDeadPrimary],
])('while the primary %s, users keep reading and lose nothing they type', async (what, whileAway) => {
  const { id, code } = await client.register({ name: 'Linterna de cabeza', quantity: 3 });
  const form = {
    ...{ name: 'Escrito a mano', code: uniqueCode(), quantity: 7, unit: 'caja', category: 'Otros' },
    _key: crypto.randomUUID(),
  };
  const newUser = { username: `ana.${crypto.randomUUID()}`, role: 'clerk', _key: crypto.randomUUID() };
  const newPassword = {
    ...{ current: 'otra cosa', password: 'tres sillas verdes', repeated: 'tres sillas verdes' },
    _key: crypto.randomUUID(),
  };
  const longest = new Longest();
  expect(await replicaHasAll(stack)).toBe(true);
  await whileAway(async () => {
    for (const path of ['/products', '/products/new', `/products/${id}`, `/products/${id}/edit`]) {
      const page = await longest.of(async () => client.get(path));
      expect([path, page.status]).toEqual([path, 200]);
    }
    expect((await longest.of(() => client.findByCode(code))).quantity).toBe(3);
    const file = await longest.of(async () => client.get(`/products/export.csv?search=${code}`));
    expect(file.text).toContain('Linterna de cabeza');

    const refused = await longest.of(() => client.post('/products', form));
    expect(refused.status).toBe(503);
    expect(refused.headers['retry-after']).toBe('5');
    expect(refused.text).toContain(NOT_SAVED);
    expect(refused.text).toContain('value="Escrito a mano"');
    expect(refused.text).toContain(`value="${form._key}"`);
    const user = await longest.of(() => client.post('/users', newUser));
    expect([user.status, user.headers['retry-after']]).toEqual([503, '5']);
    expect(user.text).toContain(NOT_SAVED);
    expect(user.text).toContain(`value="${newUser.username}"`);
    expect(user.text).toContain(`value="${newUser._key}"`);
    const password = await longest.of(() => client.post('/password', newPassword));
    expect([password.status, password.headers['retry-after']]).toEqual([503, '5']);
    expect(password.text).toContain('Inténtelo de nuevo en unos segundos');
    expect(password.text).toContain(`value="${newPassword._key}"`);
    expect(password.text).not.toContain(newPassword.password);
    expect((await client.get('/products')).text).toContain(READING_ONLY);
    const change = await longest.of(() => client.changeQuantity(id, { delta: 1 }));
    expect(change.status).toBe(503);
  });
  longest.print(`While the primary ${what}`);

  await waitUntilAll('can save');
  // The hung write may have completed since; the repeat still counts once.
  await waitUntil(async () => (await client.post('/products', form)).status === 303);
  expect((await client.search({ search: form.code })).total).toBe(1);
  expect((await client.post('/users', newUser)).status).toBe(201);
  expect((await client.changeQuantity(id, { delta: 1 })).status).toBe(200);
});

test('a replica answers a read whose primary ends before this is noticed', async () => {
  const databases = await openDatabases();
  const { catalogue } = databases;
  const primary = stack.process('primary');
  // No replica shows so many writes, so the primary is asked.
  const actor = { kind: 'user', id: 1, lastWrite: { [catalogue.name]: Number.MAX_SAFE_INTEGER } } as const;
  const answered = Promise.withResolvers<undefined>();
  let away: Promise<undefined> | undefined;
  try {
    const products = await catalogue.readReplica(actor, async (db) => {
      if (!away) {
        away = withDeadPrimary(() => answered.promise);
        await waitUntil(() => !isAlive(primary));
      }
      return db.selectFrom('product').select('id').limit(1).execute();
    });
    expect(products).toHaveLength(1);
  } finally {
    answered.resolve(undefined);
    await away;
    await closeDatabases(databases);
  }
  await waitUntilAll('can save');
});
