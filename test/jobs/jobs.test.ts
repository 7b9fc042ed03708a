import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { sql, type RawBuilder } from 'kysely';
import { z } from 'zod';
import { LeaseLostError, type Lease } from '../../src/jobs/lease.ts';
import { JobsInstance } from '../support/jobs-instance.ts';
import { waitUntil } from '../support/wait-until.ts';

let one: JobsInstance;
let other: JobsInstance;
/** Unique, so that the running system ignores it. */
let name: string;

beforeEach(async () => {
  one = await JobsInstance.open();
  other = await JobsInstance.open();
  name = `test-${randomUUID().slice(0, 8)}`;
});

afterEach(() => Promise.all([one.close(), other.close()]));

const due = (condition: RawBuilder<boolean>) => ({ group: one.databases.directory, condition });

/** Starts an instance and waits for `times` polls. */
async function startAndPoll(instance: JobsInstance, times: number): Promise<void> {
  let seen = 0;
  instance.jobs.whenDue('counted', due(sql<boolean>`TRUE`), () => {
    seen++;
    return Promise.resolve();
  });
  instance.jobs.start();
  await waitUntil(() => seen >= times);
}

const isFree = async () => {
  const found = one.databases.directory.transact((db) =>
    db.selectFrom('job_lease').select('owner').where('name', '=', name).executeTakeFirst(),
  );
  return (await found)?.owner === null;
};

test('only one instance works under a lease, however long the work takes', async () => {
  let running = 0;
  let most = 0;
  let begun = 0;
  const owners = new Set<JobsInstance>();
  for (const instance of [one, other]) {
    instance.jobs.underLease(name, 0, async ({ signal }) => {
      owners.add(instance);
      most = Math.max(most, ++running);
      if (++begun === 1) await once(signal, 'abort');
      running--;
    });
  }
  one.jobs.start();
  await waitUntil(() => begun === 1);
  // Longer than an unrenewed lease lasts.
  await startAndPoll(other, 6);
  expect({ begun, owners: [...owners] }).toEqual({ begun: 1, owners: [one] });
  // A stopping instance releases the job.
  await one.jobs.stop();
  await waitUntil(() => owners.has(other));
  expect(most).toBe(1);
});

test('another instance takes over from an owner that is cut off, and the owner notices', async () => {
  const leases: { instance: JobsInstance; lease: Lease }[] = [];
  for (const instance of [one, other]) {
    instance.jobs.underLease(name, 600, async (lease) => {
      leases.push({ instance, lease });
      await once(lease.signal, 'abort');
      throw new Error('interrupted');
    });
  }
  one.jobs.start();
  await waitUntil(() => leases.length === 1);
  one.isCutOff = true;
  other.jobs.start();
  await waitUntil(() => leases.length === 2);
  expect(leases.map(({ instance }) => instance)).toEqual([one, other]);
  expect(leases[0]!.lease.signal.aborted).toBe(false);
  one.isCutOff = false;
  await waitUntil(() => leases[0]!.lease.signal.aborted);
  expect(() => leases[0]!.lease.check()).toThrow(LeaseLostError);
  // The late update of the first owner has no effect.
  expect(await isFree()).toBe(false);
  expect(leases[1]!.lease.signal.aborted).toBe(false);
});

test('a job is due again after its interval, on any instance and even after a failure', async () => {
  let runs = 0;
  for (const instance of [one, other]) {
    instance.jobs.underLease(name, 600, () => {
      runs++;
      return Promise.reject(new Error('on purpose'));
    });
  }
  one.jobs.start();
  await waitUntil(() => runs === 1);
  await startAndPoll(other, 2);
  expect(runs).toBe(1);
  await one.databases.directory.transact((db) =>
    sql`UPDATE job_lease SET due_at = UTC_TIMESTAMP(3) WHERE name = ${name}`.execute(db),
  );
  await waitUntil(() => runs === 2);
});

test('repeated runs never overlap, and a wake during a run is not lost', async () => {
  let running = 0;
  let most = 0;
  let runs = 0;
  one.jobs.every(name, 20, async () => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, 100));
    running--;
    if (++runs % 2 === 0) throw new Error('on purpose');
  });
  one.jobs.start();
  await waitUntil(() => runs >= 4);
  await one.jobs.stop();
  expect({ most, running }).toEqual({ most: 1, running: 0 });

  let woken = 0;
  let release: () => void = () => undefined;
  other.jobs.whenDue(name, due(sql<boolean>`FALSE`), () => {
    woken++;
    return new Promise<void>((resolve) => (release = resolve));
  });
  other.jobs.start();
  other.jobs.wake(name);
  expect(woken).toBe(1);
  other.jobs.wake(name);
  release();
  await waitUntil(() => woken === 2);
  release();
});

test('idle jobs share one query per poll', async () => {
  one.jobs.underLease(name, 600, () => Promise.resolve());
  one.jobs.handle({ name, payload: z.object({}) }, () => Promise.resolve());
  one.jobs.whenDue(`${name} never`, due(sql<boolean>`FALSE`), () => Promise.reject(new Error('not due')));
  const callsAtPolls: number[] = [];
  let isIdle = false;
  one.jobs.whenDue('counted', due(sql<boolean>`TRUE`), () => {
    if (isIdle) callsAtPolls.push(one.calls);
    return Promise.resolve();
  });
  one.jobs.start();
  await waitUntil(isFree);
  isIdle = true;
  await waitUntil(() => callsAtPolls.length >= 3);
  const [first = 0, second = 0, third = 0] = callsAtPolls;
  expect([second - first, third - second]).toEqual([1, 1]);
});
