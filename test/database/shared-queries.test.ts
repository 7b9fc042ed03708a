import { expect, test } from '@jest/globals';
import { SharedQueries } from '../../src/database/shared-queries.ts';
import { closeDatabases } from '../../src/database/databases.ts';
import type { ActorKind } from '../../src/database/tables.ts';
import { Client } from '../support/client.ts';
import { openDatabases } from '../support/open-databases.ts';
import { createPerson } from '../support/people.ts';
import { baseUrl, stack } from '../support/shared-stack.ts';
import { waitUntil } from '../support/wait-until.ts';

/** Questions that are answered when the test says so. */
class Questions {
  readonly #answers: PromiseWithResolvers<string>[] = [];

  get asked(): number {
    return this.#answers.length;
  }

  ask = (): Promise<string> => {
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

test('whoever comes while a question is on its way shares one that is asked afterwards', async () => {
  const shared = new SharedQueries();
  const questions = new Questions();
  const first = shared.run('list', questions.ask);
  const later = [shared.run('list', questions.ask), shared.run('list', questions.ask)];
  const other = shared.run('another list', questions.ask);
  expect(questions.asked).toBe(2);
  questions.answer(0, 'before');
  expect(await first).toBe('before');
  questions.answer(1, 'other');
  expect(await other).toBe('other');
  expect(questions.asked).toBe(3);
  questions.answer(2, 'after');
  expect(await Promise.all(later)).toEqual(['after', 'after']);
});

test('a question that fails does not fail those that come after it', async () => {
  const shared = new SharedQueries();
  const questions = new Questions();
  const first = shared.run('list', questions.ask);
  const later = shared.run('list', questions.ask);
  questions.fail(0);
  await expect(first).rejects.toThrow('lost');
  questions.answer(1, 'after');
  expect(await later).toBe('after');
});

test('people with the same permissions share an answer; another audience that asks the same does not', async () => {
  const databases = await openDatabases();
  try {
    const questions = new Questions();
    const ask = (kind: ActorKind, id: number, permissions: string[]) =>
      databases.catalogue.readReplica(
        { kind, id, permissions: new Set(permissions), lastWrite: {} },
        questions.ask,
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
    await waitUntil(() => questions.asked === 4);
    for (const [index, text] of ['clerks', 'viewer', 'customer', 'token'].entries())
      questions.answer(index, text);
    expect(await Promise.all(others)).toEqual(['viewer', 'customer', 'token']);
    await waitUntil(() => questions.asked === 5);
    questions.answer(4, 'clerks, later');
    expect(await Promise.all(clerks)).toEqual(['clerks', 'clerks, later', 'clerks, later']);
  } finally {
    await closeDatabases(databases);
  }
});

test('many people at once get each their own page, and a session that is ended opens nothing among them', async () => {
  const administrator = await Client.signedIn();
  const people = await Promise.all(
    (['viewer', 'clerk', 'clerk'] as const).map((role) => createPerson(administrator, role)),
  );
  // One instance, so that all of them share its questions.
  const instance = `http://127.0.0.1:${stack.process('web1').port}`;
  const sessions: { username: string; cookie: string }[] = [];
  for (const { username, password } of people) {
    const entered = await new Client().logIn(username, password);
    const cookie = /inventario\.sid=[^;]+/.exec(String(entered.headers['set-cookie']))![0];
    sessions.push({ username, cookie });
  }
  const ask = async (cookie: string) => {
    const answer = await fetch(`${instance}/products`, { headers: { cookie }, redirect: 'manual' });
    return { status: answer.status, text: await answer.text() };
  };
  const rounds = Array.from({ length: 20 }, () => sessions).flat();
  for (const [index, { status, text }] of (
    await Promise.all(rounds.map(({ cookie }) => ask(cookie)))
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
  const busy = Array.from({ length: 40 }, () => ask(others[0]!.cookie));
  await fetch(`${baseUrl}/logout`, {
    method: 'POST',
    headers: { cookie: `${ended!.cookie}; ${csrfCookie}` },
    body: new URLSearchParams({ _csrf: token }),
    redirect: 'manual',
  });
  const after = await Promise.all([ended!, ...others, ended!].map(({ cookie }) => ask(cookie)));
  expect(after.map(({ status }) => status)).toEqual([303, 200, 200, 303]);
  await Promise.all(busy);
});
