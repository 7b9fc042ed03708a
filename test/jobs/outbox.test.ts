import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { z } from 'zod';
import { enqueue, type Attempt } from '../../src/jobs/outbox.ts';
import { JobsInstance } from '../support/jobs-instance.ts';
import { waitUntil } from '../support/wait-until.ts';

let one: JobsInstance;
let other: JobsInstance;
/** Unique, so that the running system ignores it. */
let kind: { name: string; payload: z.ZodType<{ text: string }> };

beforeEach(async () => {
  one = await JobsInstance.open();
  other = await JobsInstance.open();
  kind = { name: `test.${randomUUID()}`, payload: z.object({ text: z.string() }) };
});

afterEach(async () => {
  await one.databases.directory.transact((db) =>
    db.deleteFrom('outbox').where('kind', '=', kind.name).execute(),
  );
  await Promise.all([one.close(), other.close()]);
});

function enqueueAll(texts: string[]): Promise<void> {
  return one.databases.directory.transact(async (trx) => {
    for (const text of texts) await enqueue(trx, kind, { text });
  });
}

function entries() {
  return one.databases.directory.transact((db) =>
    db
      .selectFrom('outbox')
      .select(['id', 'attempts', 'last_error as lastError', 'owner'])
      .where('kind', '=', kind.name)
      .execute(),
  );
}

const isEmpty = async () => (await entries()).length === 0;

test('runs an entry after its transaction commits, and never after a rollback', async () => {
  const done: string[] = [];
  one.jobs.handle(kind, ({ text }) => Promise.resolve(void done.push(text)));
  one.jobs.start();
  const rolledBack = one.databases.directory.transact(async (trx) => {
    await enqueue(trx, kind, { text: 'rolled back' });
    one.jobs.wakeOutbox();
    throw new Error('on purpose');
  });
  await expect(rolledBack).rejects.toThrow('on purpose');
  await enqueueAll(['committed']);
  one.jobs.wakeOutbox();
  await waitUntil(isEmpty);
  expect(done).toEqual(['committed']);
});

test('retries a handler that throws, with growing pauses and the same id', async () => {
  const attempts: { attempt: Attempt; at: number }[] = [];
  one.jobs.handle(kind, (_payload, attempt) => {
    attempts.push({ attempt, at: performance.now() });
    if (attempts.length < 4) throw Object.assign(new Error('secret'), { code: 'E_TEST' });
    return Promise.resolve();
  });
  await enqueueAll(['a']);
  one.jobs.start();
  const waking = setInterval(() => one.jobs.wakeOutbox(), 50);
  try {
    await waitUntil(async () => (await entries())[0]?.lastError === 'E_TEST');
    await waitUntil(isEmpty);
  } finally {
    clearInterval(waking);
  }
  expect(attempts.map(({ attempt }) => attempt.attempt)).toEqual([1, 2, 3, 4]);
  expect(new Set(attempts.map(({ attempt }) => attempt.id)).size).toBe(1);
  const pauses = attempts.slice(1).map(({ at }, index) => at - attempts[index]!.at);
  for (const [index, seconds] of [1, 2, 4].entries())
    expect(pauses[index]).toBeGreaterThan(seconds * 1000 - 50);
});

test('keeps a failing entry with its attempts and the kind of its error', async () => {
  one.jobs.handle(kind, () => Promise.reject(new TypeError('secret')));
  await enqueueAll(['a']);
  await one.databases.directory.transact((db) =>
    db.updateTable('outbox').set({ attempts: 5000 }).where('kind', '=', kind.name).execute(),
  );
  one.jobs.start();
  await waitUntil(async () => (await entries())[0]?.lastError !== null);
  expect(await entries()).toEqual([
    { id: expect.any(String), attempts: 5001, lastError: 'TypeError', owner: null },
  ]);
  const { rows } = await one.databases.directory.transact((db) =>
    sql<{ minutes: number }>`
      SELECT TIMESTAMPDIFF(MINUTE, UTC_TIMESTAMP(3), due_at) AS minutes FROM outbox
      WHERE kind = ${kind.name}`.execute(db),
  );
  expect(rows[0]!.minutes).toBeGreaterThan(50);
  expect(rows[0]!.minutes).toBeLessThanOrEqual(60);
});

test('another instance runs the entry of an instance that is cut off', async () => {
  const attempts: (Attempt & { instance: JobsInstance })[] = [];
  for (const instance of [one, other]) {
    instance.jobs.handle(kind, async (_payload, attempt) => {
      attempts.push({ ...attempt, instance });
      if (attempts.length === 1) await once(attempt.signal, 'abort');
    });
  }
  await enqueueAll(['a']);
  one.jobs.start();
  await waitUntil(() => attempts.length === 1);
  one.isCutOff = true;
  other.jobs.start();
  await waitUntil(() => attempts.length === 2);
  await waitUntil(isEmpty);
  expect(attempts.map(({ instance, attempt }) => [instance, attempt])).toEqual([
    [one, 1],
    [other, 2],
  ]);
  expect(attempts[0]!.id).toBe(attempts[1]!.id);
  one.isCutOff = false;
  await waitUntil(() => attempts[0]!.signal.aborted);
});

test('two instances share a backlog, run each entry once and limit concurrency', async () => {
  const texts = Array.from({ length: 60 }, (_, index) => String(index));
  await enqueueAll(texts);
  const done: string[] = [];
  const most = new Map<JobsInstance, number>();
  for (const instance of [one, other]) {
    let running = 0;
    instance.jobs.handle(kind, async ({ text }) => {
      most.set(instance, Math.max(most.get(instance) ?? 0, ++running));
      // Longer than a claim takes on a busy machine.
      await new Promise((resolve) => setTimeout(resolve, 400));
      done.push(text);
      running--;
    });
    instance.jobs.start();
  }
  await waitUntil(isEmpty);
  expect(done.toSorted()).toEqual(texts.toSorted());
  expect([...most.keys()]).toHaveLength(2);
  for (const running of most.values()) {
    expect(running).toBeGreaterThan(1);
    expect(running).toBeLessThanOrEqual(4);
  }
});

test('leaves entries without a handler alone, and a slow entry does not block the others', async () => {
  const slow = new AbortController();
  const done: string[] = [];
  one.jobs.handle({ ...kind, name: `${kind.name}.other` }, () => Promise.resolve());
  one.jobs.start();
  await enqueueAll(['slow', 'quick']);
  one.jobs.wakeOutbox();
  other.jobs.handle(kind, async ({ text }) => {
    if (text === 'slow') await once(slow.signal, 'abort');
    done.push(text);
  });
  other.jobs.start();
  await waitUntil(() => done.includes('quick'));
  await enqueueAll(['later']);
  other.jobs.wakeOutbox();
  await waitUntil(() => done.includes('later'));
  slow.abort();
  await waitUntil(isEmpty);
  expect(done).toEqual(['quick', 'later', 'slow']);
});

test('a kind with a limit leaves room for others, and goes on when it can', async () => {
  const slow = { ...kind, name: `${kind.name}-s` };
  let running = 0;
  let most = 0;
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  let delivered = 0;
  one.jobs.handle(
    slow,
    async () => {
      most = Math.max(most, ++running);
      await released;
      running--;
      delivered++;
    },
    { atOnce: 1 },
  );
  const done: string[] = [];
  one.jobs.handle(kind, ({ text }) => Promise.resolve(void done.push(text)));
  await one.databases.directory.transact(async (trx) => {
    for (const text of ['1', '2', '3', '4', '5', '6']) await enqueue(trx, slow, { text });
  });
  await enqueueAll(['quick']);
  one.jobs.start();
  await waitUntil(() => done.length === 1 && running === 1);
  release();
  await waitUntil(() => delivered === 6);
  expect(most).toBe(1);
  const left = () =>
    one.databases.directory.transact((db) =>
      db.selectFrom('outbox').select('id').where('kind', '=', slow.name).execute(),
    );
  await waitUntil(async () => (await left()).length === 0);
});
