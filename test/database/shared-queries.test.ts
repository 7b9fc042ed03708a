import { expect, test } from '@jest/globals';
import { SharedQueries } from '../../src/database/shared-queries.ts';
import { closeDatabases } from '../../src/database/databases.ts';
import type { ActorKind } from '../../src/database/tables.ts';
import { Client } from '../support/client.ts';
import { openDatabases } from '../support/open-databases.ts';
import { createPerson } from '../support/people.ts';
import { baseUrl, stack } from '../support/shared-stack.ts';
import { waitUntil } from '../support/wait-until.ts';

/** Queries that the test answers when it wants. */
class Queries {
  readonly #answers: PromiseWithResolvers<string>[] = [];

  get started(): number {
    return this.#answers.length;
  }

  run = (): Promise<string> => {
    const answer = Promise.withResolvers<string>();
    this.#answers.push(answer);
    return answer.promise;
  };

  answer(index: number, text: string): void {
    this.#answers[index]!.resolve(text);
  }

  fail(index: number): void {
    this.#answers[index]!.reject(new Error('lost'));
  }
}

test('callers during a running query share one that starts afterwards', async () => {
  const shared = new SharedQueries();
  const queries = new Queries();
  const first = shared.run('list', queries.run);
  const later = [shared.run('list', queries.run), shared.run('list', queries.run)];
  const other = shared.run('another list', queries.run);
  expect(queries.started).toBe(2);
  queries.answer(0, 'before');
  expect(await first).toBe('before');
  queries.answer(1, 'other');
  expect(await other).toBe('other');
  expect(queries.started).toBe(3);
  queries.answer(2, 'after');
  expect(await Promise.all(later)).toEqual(['after', 'after']);
});

test('a failed query does not fail later callers', async () => {
  const shared = new SharedQueries();
  const queries = new Queries();
  const first = shared.run('list', queries.run);
  const later = shared.run('list', queries.run);
  queries.fail(0);
  await expect(first).rejects.toThrow('lost');
  queries.answer(1, 'after');
  expect(await later).toBe('after');
});

test('people with the same permissions share an answer; another audience that asks the same does not', async () => {
  const databases = await openDatabases();
  try {
    const queries = new Queries();
    const ask = (kind: ActorKind, id: number, permissions: string[]) =>
      databases.catalogue.readReplica(
        { kind, id, permissions: new Set(permissions), lastWrite: {} },
        queries.run,
        {
          sharedAs: ['page', { search: 'café' }],
        },
      );
    const clerks = [1, 2, 3].map((id) => ask('user', id, ['product:view', 'stock:adjust']));
    const others = [
      ask('user', 4, ['product:view']),
      ask('customer', 1, ['product:view', 'stock:adjust']),
      ask('token', 1, ['stock:adjust']),
    ];
    await waitUntil(() => queries.started === 4);
    for (const [index, text] of ['clerks', 'viewer', 'customer', 'token'].entries())
      queries.answer(index, text);
    expect(await Promise.all(others)).toEqual(['viewer', 'customer', 'token']);
    await waitUntil(() => queries.started === 5);
    queries.answer(4, 'clerks, later');
    expect(await Promise.all(clerks)).toEqual(['clerks', 'clerks, later', 'clerks, later']);
  } finally {
    await closeDatabases(databases);
  }
});

test('concurrent users each get their own page, and an ended session gets none', async () => {
  const administrator = await Client.signedIn();
  const people = await Promise.all(
    (['viewer', 'clerk', 'clerk'] as const).map((role) => createPerson(administrator, role)),
  );
  // One instance, so that all users share its queries.
  const instance = `http://127.0.0.1:${stack.process('web1').port}`;
  const sessions: { username: string; cookie: string }[] = [];
  for (const { username, password } of people) {
    const signedIn = await new Client().logIn(username, password);
    const cookie = /inventario\.sid=[^;]+/.exec(String(signedIn.headers['set-cookie']))![0];
    sessions.push({ username, cookie });
  }
  const getProducts = async (cookie: string) => {
    const answer = await fetch(`${instance}/products`, { headers: { cookie }, redirect: 'manual' });
    return { status: answer.status, text: await answer.text() };
  };
  const rounds = Array.from({ length: 20 }, () => sessions).flat();
  for (const [index, { status, text }] of (
    await Promise.all(rounds.map(({ cookie }) => getProducts(cookie)))
  ).entries()) {
    expect(status).toBe(200);
    for (const { username } of sessions) {
      expect([username, text.includes(username)]).toEqual([username, username === rounds[index]!.username]);
    }
  }

  const [ended, ...others] = sessions;
  const page = await fetch(`${baseUrl}/products`, { headers: { cookie: ended!.cookie } });
  const token = /name="_csrf" value="([^"]+)"/.exec(await page.text())![1]!;
  const csrfCookie = /inventario\.csrf=[^;]+/.exec(String(page.headers.get('set-cookie')))![0];
  const busy = Array.from({ length: 40 }, () => getProducts(others[0]!.cookie));
  await fetch(`${baseUrl}/logout`, {
    method: 'POST',
    headers: { cookie: `${ended!.cookie}; ${csrfCookie}` },
    body: new URLSearchParams({ _csrf: token }),
    redirect: 'manual',
  });
  const after = await Promise.all([ended!, ...others, ended!].map(({ cookie }) => getProducts(cookie)));
  expect(after.map(({ status }) => status)).toEqual([303, 200, 200, 303]);
  await Promise.all(busy);
});
