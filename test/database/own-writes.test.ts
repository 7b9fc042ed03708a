import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { closeDatabases, type Databases } from '../../src/database/databases.ts';
import { findProduct } from '../../src/products/product-queries.ts';
import { Client } from '../support/client.ts';
import { openDatabases } from '../support/open-databases.ts';
import { waitUntilAll } from '../support/primary-away.ts';
import { waitUntil } from '../support/wait-until.ts';
import { stack, withDelayedReplica } from '../support/shared-stack.ts';

let client: Client;
let databases: Databases;

beforeAll(async () => {
  client = await Client.signedIn();
  databases = await openDatabases();
});

afterAll(() => closeDatabases(databases));

test('users always see their own last write while the replica lags a second', async () => {
  const { id, code } = await client.register({ quantity: 0 });
  await withDelayedReplica(1, async () => {
    const nobody = { kind: 'user' as const, id: 0, lastWrite: {} };
    let staleWithoutWaiting = 0;
    for (let written = 1; written <= 40; written++) {
      await client.changeQuantity(id, { delta: 1 });
      // Control: a user without writes reads from the lagging replica.
      const seenByOthers = await databases.catalogue.readReplica(nobody, (db) => findProduct(db, id));
      if (seenByOthers?.quantity !== written) staleWithoutWaiting++;
      expect((await client.findByCode(code)).quantity).toBe(written);
    }
    expect(staleWithoutWaiting).toBeGreaterThan(0);
  });
});

test('users see their own writes on another device and after many concurrent writes', async () => {
  const { id, code } = await client.register({ quantity: 0 });
  const phone = await Client.signedIn();
  await withDelayedReplica(1, async () => {
    await Promise.all(Array.from({ length: 20 }, () => client.changeQuantity(id, { delta: 1 })));
    expect((await phone.findByCode(code)).quantity).toBe(20);
  });
});

test('reads use the replica, or the primary while replication is stopped', async () => {
  const port = async (db: Parameters<Parameters<Databases['catalogue']['readReplica']>[1]>[0]) => {
    const { sql } = await import('kysely');
    const { rows } = await sql<{ port: number }>`SELECT @@port AS port`.execute(db);
    return rows[0]?.port;
  };
  const reader = { kind: 'user' as const, id: 0, lastWrite: {} };
  await waitUntil(() => databases.catalogue.monitor.isUpToDate('replica1'));
  const ofReplica = stack.process('replica1').port;
  await waitUntil(async () => (await databases.catalogue.readReplica(reader, port)) === ofReplica);
  const replica = await stack.connect('replica1');
  await replica.query('STOP REPLICA');
  try {
    const giveUpAt = Date.now() + 20_000;
    while (databases.catalogue.monitor.isFitForReading('replica1') && Date.now() < giveUpAt) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(await databases.catalogue.readReplica(reader, port)).toBe(stack.process('primary').port);
  } finally {
    await replica.query('START REPLICA');
    await replica.end();
  }
});

test('detects a hung server without delaying requests or the checks of other servers', async () => {
  const { id, code } = await client.register({ quantity: 1 });
  const hung = stack.process('replica1').pid;
  process.kill(hung, 'SIGSTOP');
  try {
    expect((await client.get('/products')).status).toBe(200);
    expect((await client.changeQuantity(id, { delta: 1 })).status).toBe(200);
    expect((await client.findByCode(code)).quantity).toBe(2);
    await waitUntil(() => !databases.catalogue.monitor.isFitForReading('replica1'));
    expect(databases.catalogue.monitor.isPrimaryReachable()).toBe(true);
  } finally {
    process.kill(hung, 'SIGCONT');
  }
  await waitUntil(() => databases.catalogue.monitor.isFitForReading('replica1'));
});

test('reports that the primary is down and resumes writing by itself', async () => {
  const { id } = await client.register({ quantity: 1 });
  process.kill(stack.process('primary').pid, 'SIGKILL');
  const refused = await client.changeQuantity(id, { delta: 1 });
  if (refused.status !== 200) {
    expect(refused.status).toBe(503);
    expect((refused.body as { error: string }).error).toContain('la base de datos no responde');
  }
  await waitUntil(async () => (await client.changeQuantity(id, { delta: 1 })).status === 200);
  await waitUntilAll('can save');
});
