import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pino } from 'pino';
import type { Connection, ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import { isAway } from '../../src/database/away.ts';
import { closeDatabases, type Databases } from '../../src/database/databases.ts';
import type { DatabaseGroup } from '../../src/database/database-group.ts';
import type { GroupTables } from '../../src/database/tables.ts';
import { compareReplicas, type FoundFault } from '../../src/system/compare-replicas.ts';
import { replicaJobs } from '../../src/system/replica-jobs.ts';
import { Client } from '../support/client.ts';
import { JobsInstance } from '../support/jobs-instance.ts';
import { openDatabases } from '../support/open-databases.ts';
import { replicaHasAll } from '../support/replication.ts';
import { stack, withDelayedReplica } from '../support/shared-stack.ts';
import { waitUntil } from '../support/wait-until.ts';

let databases: Databases;
let group: DatabaseGroup<GroupTables>;
let primary: Connection;

beforeAll(async () => {
  databases = await openDatabases();
  group = databases.groups.get('main')!;
  primary = await stack.connect('primary');
  // The instances compare at the same place, and would take the replica that these tests change out of use.
  await waitUntil(async () => {
    const [{ affectedRows }] = await primary.query<ResultSetHeader>(
      `UPDATE job_lease SET due_at = UTC_TIMESTAMP(3) + INTERVAL 1 HOUR
       WHERE name = 'compare replicas' AND owner IS NULL`,
    );
    return affectedRows === 1;
  });
});

afterAll(async () => {
  await closeDatabases(databases);
  await primary.query("UPDATE job_lease SET due_at = UTC_TIMESTAMP(3) WHERE name = 'compare replicas'");
  await primary.end();
});

/** Compares a table after the given key, or until something is found. Other tests may have filled it. */
async function compareTable(table: string, after?: number): Promise<FoundFault | undefined> {
  const position = { in_table: table, after_key: after === undefined ? null : JSON.stringify([after]) };
  const begin = () =>
    primary.query('INSERT INTO replica_check SET id = 1, ? ON DUPLICATE KEY UPDATE ?', [position, position]);
  await begin();
  const lease = { check: () => undefined, signal: new AbortController().signal };
  const found: FoundFault[] = [];
  for (;;) {
    // For a moment after it has met the primary, an instance saves nothing.
    await waitUntil(() => group.replicas().length === 1 && group.monitor.canSave());
    try {
      await compareReplicas(group, lease, (fault) => Promise.resolve(void found.push(fault)));
    } catch (error) {
      // The primary of a busy machine may answer too late. Nothing has been said then.
      if (!isAway(error)) throw error;
      await begin();
      continue;
    }
    const [[next]] = await primary.query<RowDataPacket[]>('SELECT in_table FROM replica_check');
    if (found.length > 0 || next?.in_table !== table) return found[0];
  }
}

/** Changes the replica only, and back. */
async function withChangedReplica<T>(change: string, back: string, work: () => Promise<T>): Promise<T> {
  const replica = await stack.connect('replica1');
  const write = (statement: string) =>
    replica.query(
      `SET sql_log_bin = 0; SET GLOBAL super_read_only = OFF; SET GLOBAL read_only = OFF;
       ${statement}; SET GLOBAL super_read_only = ON`,
    );
  await write(change);
  try {
    return await work();
  } finally {
    await write(back);
    await replica.end();
  }
}

test('equal servers have no difference, whatever changes while they are compared', async () => {
  const client = await Client.signedIn();
  const { id } = await client.register({ quantity: 1 });
  const stopping = new AbortController();
  const changing = (async () => {
    while (!stopping.signal.aborted) {
      await client.changeQuantity(id, { delta: 1 });
      // Without pauses, a busy machine falls so far behind that the replica is not compared at all.
      await sleep(50);
    }
  })();
  const compare = async () => {
    for (const table of ['product', 'product_event', 'stock_movement']) {
      const [[newest]] = await primary.query<RowDataPacket[]>(
        `SELECT CAST(MAX(id) AS SIGNED) - 500 AS id FROM ${table}`,
      );
      expect(await compareTable(table, Number(newest?.id))).toBeUndefined();
    }
  };
  try {
    await compare();
    await withDelayedReplica(1, compare);
  } finally {
    stopping.abort();
    await changing;
  }
});

test('begins again once the table is gone where it stopped', async () => {
  expect(await compareTable('zzz')).toBeUndefined();
});

test.each([
  [
    'one value of a row',
    'UPDATE category SET name = REVERSE(name) WHERE id = 2',
    'UPDATE category SET name = REVERSE(name) WHERE id = 2',
    'category',
  ],
  [
    'a row that is missing',
    'CREATE TABLE kept SELECT * FROM product_event LIMIT 1; DELETE FROM product_event WHERE id = (SELECT id FROM kept)',
    'INSERT INTO product_event SELECT * FROM kept; DROP TABLE kept',
    'product_event',
  ],
  [
    'bytes under a key of two columns',
    'UPDATE search_posting SET products = REVERSE(products) WHERE LENGTH(products) > 2 ORDER BY gram, chunk LIMIT 9',
    'UPDATE search_posting SET products = REVERSE(products) WHERE LENGTH(products) > 2 ORDER BY gram, chunk LIMIT 9',
    'search_posting',
  ],
])('finds %s', async (_what, change, back, table) => {
  expect(await replicaHasAll(stack)).toBe(true);
  const find = async () => {
    let fault: FoundFault | undefined;
    // Nothing is said of a replica that is a second late; the next round says it.
    await waitUntil(async () => (fault = await compareTable(table)) !== undefined);
    return fault;
  };
  expect(await withChangedReplica(change, back, find)).toEqual({
    server: 'replica1',
    fault: 'different',
    table,
  });
});

test('where instances count restarts, three in five minutes take a replica out of use', async () => {
  const instance = await JobsInstance.open();
  replicaJobs(instance.jobs, instance.databases, { logger: pino({ level: 'silent' }), countRestarts: true });
  instance.jobs.start();
  const state = () => instance.databases.directory.monitor.states().find(({ name }) => name === 'replica1')!;
  const isInUse = () => state().reachable && state().outOfUse === undefined;
  const outOfUse = async () => {
    const response = await new Client().get('/health').set('Accept', 'application/json');
    return (response.body as { servers: { outOfUse?: string }[] }).servers[1]?.outOfUse;
  };
  try {
    for (let restart = 1; restart <= 3; restart++) {
      expect(await outOfUse()).toBeUndefined();
      await waitUntil(() => isInUse() && state().restarts === restart - 1);
      const { pid } = stack.process('replica1');
      process.kill(pid, 'SIGKILL');
      await waitUntil(() => stack.process('replica1').pid !== pid);
    }
    await waitUntil(async () => (await outOfUse()) === 'crashing');
    await waitUntil(() => instance.databases.directory.replicas().length === 0);
    // As the set-up does once it has cloned the replica.
    await primary.query('DELETE FROM replica_fault');
    await waitUntil(isInUse);
    await once(AbortSignal.timeout(3000), 'abort');
    expect(state().outOfUse).toBeUndefined();
    await waitUntil(isInUse);
  } finally {
    await instance.close();
    await primary.query('DELETE FROM replica_fault');
  }
});
