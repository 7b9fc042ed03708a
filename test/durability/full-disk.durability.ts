import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { RowDataPacket } from 'mysql2/promise';
import { isAlive } from '../../tools/launcher/stack-state.ts';
import { Session, type Answer } from '../support/session.ts';
import { Stack } from '../support/stack.ts';
import { waitUntil } from '../support/wait-until.ts';
import { SmallDisk } from './small-disk.ts';

/** Tells an answer that comes from one that hangs. */
const HANGS_MS = 10_000;
const REFUSALS = 6;

const disk = SmallDisk.mount();
if (!disk) console.warn('The tests of a full disk are skipped: they mount one, which takes root.');

(disk ? describe : describe.skip)('on a disk of its own', () => {
  let stack: Stack;
  let session: Session;

  beforeAll(async () => {
    stack = await Stack.start({ varDir: disk!.folder });
    session = await Session.signIn(stack.url);
  });
  afterEach(() => disk!.free());
  afterAll(async () => {
    await stack.stop();
    disk!.unmount();
  });

  async function register(): Promise<number> {
    const code = randomUUID();
    const form = { code, name: code, quantity: 0, unit: 'unidad', category: 'Otros' };
    const { location } = await session.send(stack.url, {
      path: '/products',
      method: 'POST',
      form,
      key: code,
    });
    return Number(/\d+$/.exec(location)![0]);
  }

  const addOne = (id: number, key: string) => ({
    path: `/api/products/${id}/quantity`,
    method: 'PATCH' as const,
    json: { delta: 1 },
    key,
  });

  /** Sends one write after the other, until enough have been refused. */
  async function writeUntilRefused(id: number): Promise<{ keys: string[]; refused: Answer[] }> {
    const keys: string[] = [];
    const refused: Answer[] = [];
    while (refused.length < REFUSALS) {
      const key = randomUUID();
      keys.push(key);
      const answer = await session.send(stack.url, addOne(id, key), HANGS_MS);
      expect([200, 503]).toContain(answer.status);
      if (answer.status === 503) refused.push(answer);
    }
    return { keys, refused };
  }

  async function readEverywhere(): Promise<void> {
    for (const url of [stack.url, ...stack.data.instanceUrls()]) {
      for (const path of ['/products', '/api/products?search=a', '/products/export.csv?search=zzzz']) {
        expect([path, (await session.send(url, { path }, HANGS_MS)).status]).toEqual([path, 200]);
      }
    }
  }

  /** Through NGINX, which has not served these files before. */
  async function readStyles(): Promise<void> {
    const { text } = await session.send(stack.url, { path: '/system' });
    const files = Array.from(text.matchAll(/(?:href|src)="(\/static\/[^"]+)"/g), ([, path]) => path!);
    expect(files.length).toBeGreaterThan(5);
    for (const path of files) {
      expect([path, (await session.send(stack.url, { path }, HANGS_MS)).status]).toEqual([path, 200]);
    }
  }

  async function condition(): Promise<string | undefined> {
    const { text } = await session.send(stack.url, { path: '/api/system' });
    const { servers } = JSON.parse(text) as { servers: { role: string; condition: string }[] };
    return servers.find(({ role }) => role === 'primary')?.condition;
  }

  async function movements(server: string, id: number): Promise<unknown> {
    const connection = await stack.data.connect(server);
    const [[row]] = await connection.query<RowDataPacket[]>(
      `SELECT quantity, (SELECT COUNT(*) FROM stock_movement WHERE product_id = product.id AND delta = 1) AS count
       FROM product WHERE id = ?`,
      [id],
    );
    await connection.end();
    return { quantity: row?.quantity as unknown, count: row?.count as unknown };
  }

  /** Kills an instance, and waits until another process serves in its place. */
  async function restartInstance(name: string): Promise<number> {
    const { pid, port } = stack.data.process(name);
    process.kill(pid, 'SIGKILL');
    const ready = async () => (await fetch(`http://127.0.0.1:${port}/health/ready`)).ok;
    await waitUntil(async () => !(await ready().catch(() => false)));
    await waitUntil(ready);
    return pid;
  }

  test('a full disk: reads go on, writes are refused soon, and none is lost or repeated afterwards', async () => {
    const id = await register();
    await movements('replica1', id);
    disk!.fill();
    const { keys, refused } = await writeUntilRefused(id);
    for (const { text } of refused) expect(text).toMatch(/el disco del servidor está lleno/);
    await readEverywhere();
    await readStyles();
    // A busy machine may miss one status query.
    await waitUntil(async () => (await condition()) === 'full');
    const { text } = await session.send(stack.url, { path: '/products' });
    expect(text).toContain('El disco del servidor está lleno');
    const earlierPid = await restartInstance('web3');
    await waitUntil(async () => (await condition()) === 'full');
    expect(stack.launcher.exitCode).toBe(null);

    disk!.free();
    // MySQL looks once a minute.
    for (const key of keys) {
      const { status } = await session.sendUntilAnswered([stack.url], addOne(id, key));
      expect(status).toBe(200);
    }
    const expected = { quantity: keys.length, count: keys.length };
    for (const server of ['primary', 'replica1']) {
      await waitUntil(async () => JSON.stringify(await movements(server, id)) === JSON.stringify(expected));
    }
    await waitUntil(async () => (await condition()) === 'up');
    // `npm run status` knows the new process.
    await waitUntil(() => {
      const now = stack.data.process('web3');
      return now.pid !== earlierPid && isAlive(now);
    });
  }, 300_000);

  test('no file left to create: reads and writes go on, and an instance restarts', async () => {
    const id = await register();
    disk!.refuseNewFiles();
    try {
      await readEverywhere();
      expect((await session.send(stack.url, addOne(id, randomUUID()), HANGS_MS)).status).toBe(200);
      await restartInstance('web2');
      await readEverywhere();
    } finally {
      disk!.allowNewFiles();
    }
    await waitUntil(() => isAlive(stack.data.process('web2')));
  }, 300_000);

  test('an upload that NGINX cannot buffer is refused with a reason', async () => {
    disk!.fill();
    const body = new FormData();
    body.append('_csrf', session.token);
    body.append('_key', randomUUID());
    body.append('file', new Blob(['x'.repeat(1_000_000)]), 'productos.csv');
    const headers = { cookie: session.cookie, accept: 'text/html' };
    const answer = await fetch(`${stack.url}/imports`, { method: 'POST', body, headers });
    expect(answer.status).toBe(507);
    expect(await answer.text()).toContain('El disco del servidor está lleno o es de solo lectura.');
  });
});
