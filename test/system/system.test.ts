import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { SystemView } from '../../src/system/system-view.ts';
import { Client, uniqueCode } from '../support/client.ts';
import { createPerson } from '../support/people.ts';
import { stack } from '../support/shared-stack.ts';
import { waitUntil } from '../support/wait-until.ts';

const NAMES = ['web1', 'web2', 'web3'];
let primary: Connection;
const clients: Record<string, Client> = {};

beforeAll(async () => {
  primary = await stack.connect('primary');
  for (const name of NAMES) {
    clients[name] = await Client.signedIn(`http://127.0.0.1:${stack.process(name).port}`);
  }
});

afterAll(async () => {
  await primary.end();
});

async function look(drawer: string): Promise<SystemView> {
  const response = await clients[drawer]!.get('/api/system');
  if (response.status !== 200) throw new Error(`${drawer} answered with ${response.status}`);
  return response.body as SystemView;
}

const instance = (system: SystemView, name: string) => system.instances.find((one) => one.name === name)!;
const server = (system: SystemView, name: string) => system.servers.find((one) => one.name === name)!;

async function heartbeats() {
  const [rows] = await primary.query<RowDataPacket[]>(
    `SELECT instance, started_at, TIMESTAMPDIFF(SECOND, seen_at, due_at) AS intervalSeconds
     FROM instance_heartbeat ORDER BY instance`,
  );
  return rows as { instance: string; started_at: Date; intervalSeconds: number }[];
}

test('every instance shows all instances, and every server with its GTIDs', async () => {
  for (const drawer of NAMES) {
    await waitUntil(async () => (await look(drawer)).instances.every(({ condition }) => condition === 'up'));
    const system = await look(drawer);
    expect(system.drawnBy).toBe(drawer);
    expect(system.instances.map(({ name, weight }) => [name, weight])).toEqual([
      ['web1', 3],
      ['web2', 2],
      ['web3', 1],
    ]);
    const shares = system.instances.map(({ share }) => share ?? 0);
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1);
    expect(instance(system, drawer).pools.map((pool) => pool.server)).toEqual(['primary', 'replica1']);
    expect(server(system, 'primary').version).toMatch(/^\d+\.\d+/);
    expect(server(system, 'primary').gtidExecuted).toMatch(/^[0-9a-f-]{36}:/);
    expect(server(system, 'primary').tape).toHaveLength(40);
  }
});

test('a hung instance is shown as silent until it recovers', async () => {
  const { pid } = stack.process('web3');
  process.kill(pid, 'SIGSTOP');
  try {
    await waitUntil(async () => instance(await look('web1'), 'web3').condition === 'silent');
    const system = await look('web2');
    expect(instance(system, 'web3')).toMatchObject({
      condition: 'silent',
      activity: { lastMinute: { requests: 0 } },
    });
    expect(instance(system, 'web3').share).toBeUndefined();
    const page = await clients.web1!.get('/system');
    expect(page.text).toContain('web3 no da señal');
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  await waitUntil(async () => instance(await look('web1'), 'web3').condition === 'up');
});

test('an instance that shuts down removes its heartbeat', async () => {
  const has = async (name: string) => (await heartbeats()).some((row) => row.instance === name);
  expect(await has('web3')).toBe(true);
  process.kill(stack.process('web3').pid, 'SIGTERM');
  await waitUntil(async () => !(await has('web3')));
  await waitUntil(() => has('web3'));
  clients.web3 = await Client.signedIn(`http://127.0.0.1:${stack.process('web3').port}`);
});

test('a stopped replica falls behind, transaction by transaction, and catches up', async () => {
  const replica = await stack.connect('replica1');
  await replica.query('STOP REPLICA');
  try {
    await waitUntil(async () => {
      const { missing, condition } = server(await look('web1'), 'replica1');
      return condition === 'stopped' && (missing?.count ?? 0) >= 3;
    });
    const stopped = server(await look('web1'), 'replica1');
    expect(stopped).toMatchObject({ condition: 'stopped', receiving: false, applying: false });
    const hollow = stopped.tape.filter((has) => !has).length;
    expect(hollow).toBeGreaterThanOrEqual(3);
    expect(stopped.tape.slice(-hollow)).not.toContain(true);
    // Compare with GTID_SUBTRACT.
    const [[answer]] = await primary.query<RowDataPacket[]>(
      'SELECT GTID_SUBTRACT(?, @@gtid_executed) AS unknown, GTID_SUBSET(?, ?) AS has',
      [stopped.missing!.set, stopped.missing!.set, stopped.gtidExecuted],
    );
    expect(answer).toEqual({ unknown: '', has: 0 });
  } finally {
    await replica.query('START REPLICA');
    await replica.end();
  }
  await waitUntil(async () => {
    const { condition, missing } = server(await look('web1'), 'replica1');
    return condition === 'up' && missing!.count <= 2;
  });
});

test('while the primary is away the page still works, and marks its data as old', async () => {
  await look('web1');
  const { pid } = stack.process('primary');
  process.kill(pid, 'SIGSTOP');
  try {
    await waitUntil(async () => {
      const system = await look('web1');
      return system.isFromReplica && instance(system, 'web2').condition === 'unknown';
    });
    const system = await look('web1');
    expect(server(system, 'primary').condition).toBe('down');
    expect(server(system, 'replica1').condition).not.toBe('down');
    expect(instance(system, 'web1').condition).toBe('up');
    const { text } = await clients.web1!.get('/system');
    expect(text).toContain('se leyeron en una réplica');
    expect(text).toContain('se puede consultar, pero no guardar');
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  await waitUntil(async () => {
    const system = await look('web1');
    return !system.isFromReplica && system.instances.every(({ condition }) => condition === 'up');
  });
});

test('every instance shows an error, by kind and request id only', async () => {
  await primary.query('ALTER TABLE product RENAME TO product_away');
  let id: string;
  try {
    const typed = { name: 'Nada', code: uniqueCode(), quantity: 1, unit: 'unidad', category: 'Otros' };
    const failed = await clients.web2!.post('/products', typed);
    expect(failed.status).toBe(500);
    id = String(failed.headers['x-request-id']);
  } finally {
    await primary.query('ALTER TABLE product_away RENAME TO product');
  }
  await waitUntil(async () => (await look('web1')).errors.some(({ requestId }) => requestId === id));
  const error = (await look('web1')).errors.find(({ requestId }) => requestId === id);
  expect(error).toEqual({
    at: expect.any(String),
    kind: 'ER_NO_SUCH_TABLE',
    requestId: id,
    instance: 'web2',
  });
});

test('heartbeats are one row per instance, rare while unwatched, and move no own write', async () => {
  const lastWrites = async () => (await primary.query('SELECT * FROM last_write ORDER BY user_id'))[0];
  const before = await lastWrites();
  await waitUntil(async () => (await heartbeats()).every(({ intervalSeconds }) => intervalSeconds === 10));
  await waitUntil(async () => {
    await look('web1');
    return (await heartbeats()).every(({ intervalSeconds }) => intervalSeconds === 2);
  });
  expect((await heartbeats()).map((row) => row.instance)).toEqual(NAMES);
  expect(await lastWrites()).toEqual(before);
});

test('only administrators see the page', async () => {
  const { client: clerk } = await createPerson(await Client.signedIn(), 'clerk');
  for (const path of ['/system', '/system/live', '/api/system'])
    expect((await clerk.get(path)).status).toBe(403);
  expect((await clerk.get('/products')).text).not.toContain('href="/system"');
  const nobody = new Client();
  expect((await nobody.get('/system')).status).toBe(303);
  expect((await nobody.get('/system/live')).status).toBe(303);
  expect((await nobody.get('/api/system')).status).toBe(401);
});
