import { execFile } from 'node:child_process';
import { readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { RowDataPacket } from 'mysql2/promise';
import type { ServerState } from '../../src/database/server-watch.ts';
import { PROJECT_DIR } from '../../tools/launcher/stack-config.ts';
import { Client } from '../support/client.ts';
import { overwritePages, refusedStart } from '../support/damage.ts';
import { replicaHasAll } from '../support/replication.ts';
import { environmentWithoutSettings, Stack } from '../support/stack.ts';
import { waitUntil } from '../support/wait-until.ts';

const run = promisify(execFile);

/** One system, with a product of quantity 5, that each test damages and starts again. */
let stack: Stack;
let client: Client;
let product: { id: number; code: string };

beforeAll(async () => {
  stack = await Stack.start();
  client = await Client.signedIn(stack.url);
  product = await client.register({ quantity: 5 });
});

afterAll(() => stack.stopAndClean());

const inData = (server: string, ...path: string[]) => join(stack.varDir, 'mysql', server, ...path);

async function startAgain(): Promise<void> {
  stack = await Stack.start({ varDir: stack.varDir, port: stack.port });
  client = await Client.signedIn(stack.url);
}

async function replica(url = stack.url): Promise<Partial<ServerState>> {
  const response = await fetch(`${url}/health`, { headers: { accept: 'application/json' } });
  const { servers } = (await response.json()) as { servers: ServerState[] };
  return servers.find(({ name }) => name === 'replica1')!;
}

/** Each instance learns it when it next asks the primary. */
async function isKnownEverywhere(fault: ServerState['outOfUse']): Promise<boolean> {
  const known = await Promise.all(stack.data.instanceUrls().map(replica));
  return known.every(({ outOfUse }) => outOfUse === fault);
}

async function status(): Promise<string> {
  const env = { ...environmentWithoutSettings(), VAR_DIR: stack.varDir, PORT: String(stack.port) };
  const { stdout } = await run(process.execPath, [join(PROJECT_DIR, 'tools/launcher/status.ts')], { env });
  return stdout;
}

/** The replica was cloned, is in use, and the folder from before is kept once. */
async function expectClone(): Promise<void> {
  expect(stack.output).toContain('replica1: its data are put aside in');
  expect(stack.output).toContain('replica1: copying the primary');
  expect(stack.output).not.toMatch(/^ {4}at /m);
  expect((await readdir(join(stack.varDir, 'mysql'))).sort()).toEqual([
    'primary',
    'replica1',
    'replica1.aside',
  ]);
  await waitUntil(async () => (await replica()).replication?.receiving === true);
  expect(await replica()).not.toHaveProperty('outOfUse');
  expect(await replicaHasAll(stack.data)).toBe(true);
  const copy = await stack.data.connect('replica1');
  const [rows] = await copy.query<RowDataPacket[]>('SELECT quantity FROM product WHERE id = ?', [product.id]);
  await copy.end();
  expect(rows).toEqual([{ quantity: 5 }]);
}

test('rows that differ from the primary take a replica out of use, and the next start clones it', async () => {
  const copy = await stack.data.connect('replica1');
  await copy.query(
    `SET sql_log_bin = 0; SET GLOBAL super_read_only = OFF; SET GLOBAL read_only = OFF;
     UPDATE product SET quantity = 6 WHERE id = ${product.id}; SET GLOBAL super_read_only = ON`,
  );
  await copy.end();
  const primary = await stack.data.connect('primary');
  await waitUntil(async () => {
    // Not while it runs, which would take its lease away.
    await primary.query(
      "UPDATE job_lease SET due_at = UTC_TIMESTAMP(3) WHERE name = 'compare replicas' AND owner IS NULL",
    );
    return isKnownEverywhere('different');
  });
  await primary.end();
  for (let i = 0; i < 6; i++) expect(await client.findByCode(product.code)).toMatchObject({ quantity: 5 });

  const health = await client.get('/health').set('Accept', 'text/html');
  expect(health.text).toContain('Sus datos difieren de los del primario.');
  expect((await client.get('/system')).text).toContain('replica1 está fuera de uso');
  expect(await status()).toMatch(/replica1 .*out of use: its data differ from the primary's/);

  await stack.stop();
  await startAgain();
  expect(stack.output).toContain("replica1: cannot follow the primary: its data differ from the primary's");
  await expectClone();
});

test('a replica that dies of its pages is out of use after three crashes, and no read fails', async () => {
  await stack.stop();
  await overwritePages(inData('replica1', 'inventario/product.ibd'), 4, 20);
  await startAgain();
  const statuses = new Set<number>();
  await waitUntil(async () => {
    statuses.add((await client.get('/products')).status);
    return isKnownEverywhere('crashing');
  });
  expect([...statuses]).toEqual([200]);
  expect(stack.output).toContain('replica1 is out of use: it crashed again and again');
  expect(await status()).toMatch(/replica1 +down .*out of use: it crashed again and again/);
  expect((await client.get('/system')).text).toContain('Se detuvo con errores una y otra vez.');

  await stack.stop();
  await startAgain();
  await expectClone();
});

test('a replica that does not start is put aside and cloned', async () => {
  await stack.stop();
  await overwritePages(inData('replica1', 'mysql.ibd'), 0, 60);
  await startAgain();
  expect(stack.output).toMatch(/replica1 did not start:\n.*\[ERROR\]/);
  await expectClone();
});

test('a replica whose binary log and relay log are damaged is put aside and cloned', async () => {
  const { code } = await client.register();
  await stack.stop();
  for (const name of await readdir(inData('replica1'))) {
    if (/^(binlog|relay)\.(\d+|index)$/.test(name)) await overwritePages(inData('replica1', name), 0, 1);
  }
  await startAgain();
  await expectClone();
  expect(await client.findByCode(code)).toBeDefined();
});

test('a primary that does not start says why, touches no replica, and the way out works', async () => {
  await stack.stop();
  await overwritePages(inData('primary', 'mysql.ibd'), 0, 60);
  const { code, output, left } = await refusedStart({ varDir: stack.varDir, port: stack.port });
  expect(code).toBe(1);
  expect(output).toMatch(/primary did not start:\n.*\[ERROR\]/);
  expect(output).toContain('replica1 has a copy of the data');
  expect(output).not.toContain('put aside');
  expect(output).not.toMatch(/^ {4}at /m);
  expect(left).toEqual([]);

  await rename(inData('primary'), join(stack.varDir, 'primary-damaged'));
  await rename(inData('replica1'), inData('primary'));
  await startAgain();
  expect(await client.findByCode(product.code)).toMatchObject({ quantity: 5 });
});
