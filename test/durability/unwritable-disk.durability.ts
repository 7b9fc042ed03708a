import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { RowDataPacket } from 'mysql2/promise';
import { PROJECT_DIR } from '../../tools/launcher/stack-config.ts';
import { refusedStart } from '../support/damage.ts';
import { Session, type Answer } from '../support/session.ts';
import { environmentWithoutSettings, Stack } from '../support/stack.ts';
import { waitUntil } from '../support/wait-until.ts';
import { Cluster } from './cluster.ts';
import { Ext4Disk } from './ext4-disk.ts';

const run = promisify(execFile);

/** Tells an answer that comes from one that hangs. */
const HANGS_MS = 10_000;
const REFUSALS = 6;

const disks = [Ext4Disk.mount(), Ext4Disk.mount(), Ext4Disk.mount()];
const [primaryDisk, replicaDisk, stateDisk] = disks as [Ext4Disk, Ext4Disk, Ext4Disk];
const areMounted = disks.every(Boolean);
if (!areMounted) {
  for (const disk of disks) disk?.unmount();
  console.warn(
    'The tests of an unwritable disk are skipped: they mount three, which takes root and loop devices.',
  );
}

/** One system, whose servers and whose state have a disk each, that the tests damage one after the other. */
(areMounted ? describe : describe.skip)('on disks that turn read-only or have no free inodes', () => {
  let stack: Stack;
  let session: Session;
  let id: number;
  /** Of every write that was sent. */
  const keys: string[] = [];

  beforeAll(async () => {
    const varDir = await mkdtemp(join(tmpdir(), 'inventario-test-'));
    stack = await Stack.start({ varDir });
    await stack.stop();
    primaryDisk.take(inVar('mysql/primary'));
    replicaDisk.take(inVar('mysql/replica1'));
    stateDisk.take(inVar('run'));
    await startAgain();
    id = await register();
  });
  afterAll(async () => {
    await stack.stop();
    for (const disk of disks) disk!.unmount();
    await rm(stack.varDir, { recursive: true, force: true });
  });

  const inVar = (path: string) => join(stack.varDir, path);

  async function startAgain(): Promise<void> {
    stack = await Stack.start({ varDir: stack.varDir, port: stack.port });
    session = await Session.signIn(stack.url);
  }

  async function register(): Promise<number> {
    const code = randomUUID();
    const form = { code, name: code, quantity: 0, unit: 'unidad', category: 'Otros' };
    const sent = { path: '/products', method: 'POST' as const, form, key: code };
    return Number(/\d+$/.exec((await session.send(stack.url, sent)).location)![0]);
  }

  const addOne = (key: string) => ({
    path: `/api/products/${id}/quantity`,
    method: 'PATCH' as const,
    json: { delta: 1 },
    key,
  });

  async function write(): Promise<Answer> {
    const key = randomUUID();
    keys.push(key);
    return session.send(stack.url, addOne(key), HANGS_MS);
  }

  async function writeUntilRefused(): Promise<void> {
    for (let refused = 0; refused < REFUSALS;) {
      const { status, text } = await write();
      expect([200, 503]).toContain(status);
      if (status !== 503) continue;
      refused++;
      expect(text).toMatch(/Puede reintentar sin riesgo de duplicar/);
    }
  }

  async function readEverywhere(): Promise<void> {
    for (const url of [stack.url, ...stack.data.instanceUrls()]) {
      for (const path of [
        '/products',
        '/api/products?search=a',
        '/products/export.csv?search=zzzz',
        '/tienda',
      ]) {
        expect([path, (await session.send(url, { path }, HANGS_MS)).status]).toEqual([path, 200]);
      }
    }
  }

  async function condition(name: string): Promise<string | undefined> {
    const { text } = await session.send(stack.url, { path: '/api/system' });
    const { servers } = JSON.parse(text) as { servers: { name: string; condition: string }[] };
    return servers.find((server) => server.name === name)?.condition;
  }

  async function command(name: string): Promise<string> {
    const env = { ...environmentWithoutSettings(), VAR_DIR: stack.varDir, PORT: String(stack.port) };
    const { stdout, stderr } = await run(process.execPath, [join(PROJECT_DIR, `tools/launcher/${name}.ts`)], {
      env,
    });
    return stdout + stderr;
  }

  /** On the terminal of `npm start`, and with `npm run status`. */
  async function expectWarning(path: string, reason: string): Promise<void> {
    const warning = `WARNING: No file can be created in ${inVar(path)}: ${reason}. What to do: docs/`;
    await waitUntil(() => stack.output.includes(warning));
    expect(await command('status')).toContain(warning);
  }

  /** Every write that was sent happens once, on both servers. */
  async function expectAllOnce(): Promise<void> {
    for (const key of keys) {
      expect((await session.sendUntilAnswered([stack.url], addOne(key))).status).toBe(200);
    }
    const expected = { quantity: keys.length, count: keys.length };
    for (const server of ['primary', 'replica1']) {
      await waitUntil(async () => JSON.stringify(await movements(server)) === JSON.stringify(expected));
    }
  }

  async function movements(server: string): Promise<unknown> {
    const connection = await stack.data.connect(server);
    const [[row]] = await connection.query<RowDataPacket[]>(
      `SELECT quantity, (SELECT COUNT(*) FROM stock_movement WHERE product_id = product.id) AS count
       FROM product WHERE id = ?`,
      [id],
    );
    await connection.end();
    return { quantity: row?.quantity as unknown, count: row?.count as unknown };
  }

  test('a primary without free inodes goes on until it needs a file; then a replica answers reads', async () => {
    primaryDisk.refuseNewFiles();
    await expectWarning('mysql/primary', 'no free inodes');
    expect((await write()).status).toBe(200);
    const primary = await stack.data.connect('primary');
    // As MySQL does by itself after 1 GB.
    await primary.query('FLUSH BINARY LOGS').catch(() => undefined);
    primary.destroy();
    await writeUntilRefused();
    await readEverywhere();
    expect(await command('status')).toMatch(/^ {2}primary +down/m);

    primaryDisk.allowNewFiles();
    await waitUntil(async () => (await condition('primary')) === 'up');
    await expectAllOnce();
  });

  test('a replica whose disk turns read-only keeps its data, and follows again once it is repaired', async () => {
    replicaDisk.turnReadOnly();
    expect((await write()).status).toBe(200);
    await waitUntil(async () => (await condition('replica1')) === 'down');
    await readEverywhere();
    expect((await write()).status).toBe(200);
    await expectWarning('mysql/replica1', 'read-only file system');

    replicaDisk.repair();
    await waitUntil(async () => (await condition('replica1')) === 'up');
    expect(stack.output).not.toMatch(/replica1 is out of use|copying the primary/);
    await expectAllOnce();
  });

  test('a primary whose disk turns read-only: reads go on, writes are refused soon, and a promotion works', async () => {
    primaryDisk.turnReadOnly();
    await writeUntilRefused();
    await readEverywhere();
    await expectWarning('mysql/primary', 'read-only file system');
    const { text } = await session.send(stack.url, { path: '/system' });
    expect(text).toContain('con npm start, también npm run status');

    const { done } = await new Cluster(stack, 'off').promote();
    await waitUntil(async () => (await write()).status === 200);
    await readEverywhere();
    primaryDisk.repair();
    await done;
    await expectAllOnce();
  });

  test('a read-only disk of the state stops nothing, and neither does npm stop need it', async () => {
    stateDisk.turnReadOnly();
    const { pid, port } = stack.data.process('web3');
    process.kill(pid, 'SIGKILL');
    expect((await write()).status).toBe(200);
    await waitUntil(() => stack.output.includes('web3 was ended by SIGKILL'));
    await waitUntil(async () => (await fetch(`http://127.0.0.1:${port}/health/ready`)).ok);
    await readEverywhere();
    await expectWarning('run', 'read-only file system');
    expect(await command('status')).toContain('This list may be out of date');
    const upload = new FormData();
    upload.append('file', new Blob(['x'.repeat(1_000_000)]), 'productos.csv');
    const headers = { cookie: session.cookie, accept: 'text/html' };
    const answer = await fetch(`${stack.url}/imports`, { method: 'POST', body: upload, headers });
    expect(answer.status).toBe(507);
    expect(await command('stop')).toBe('Inventario has stopped.\n');
  });

  test('a start names every read-only folder that it needs, and changes nothing', async () => {
    replicaDisk.turnReadOnly();
    const { code, output, left } = await refusedStart({ varDir: stack.varDir, port: stack.port });
    expect(code).toBe(1);
    // The replica has been promoted.
    expect(output).toMatch(
      /No file can be created in \S+\/run, \S+\/mysql\/replica1: read-only file system\./,
    );
    expect(output).not.toMatch(/^ {4}at /m);
    expect(left).toEqual([]);

    stateDisk.repair();
    replicaDisk.repair();
    await startAgain();
    await expectAllOnce();
  });
});
