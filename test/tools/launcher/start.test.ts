import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rename, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from '@jest/globals';
import type { RowDataPacket } from 'mysql2/promise';
import { PROJECT_DIR, STACK_SETTINGS } from '../../../tools/launcher/stack-config.ts';
import { isAlive, readState } from '../../../tools/launcher/stack-state.ts';
import { Client } from '../../support/client.ts';
import { environmentWithoutSettings, findFreePorts, Stack } from '../../support/stack.ts';
import { waitUntil } from '../../support/wait-until.ts';

const run = promisify(execFile);
const stacks: Stack[] = [];

async function start(options?: Parameters<typeof Stack.start>[0]): Promise<Stack> {
  const stack = await Stack.start(options);
  stacks.push(stack);
  return stack;
}

afterAll(async () => {
  // Some of them share their data.
  await Promise.all(stacks.map((stack) => stack.stop()));
  await Promise.all(stacks.map((stack) => stack.stopAndClean()));
});

async function outcome(options: Parameters<typeof Stack.spawn>[0]) {
  const stack = await Stack.spawn(options);
  stacks.push(stack);
  const [code] = (await once(stack.launcher, 'exit')) as [number];
  await sleep(50);
  return { code, output: stack.output, left: stack.data.processes().filter(isAlive) };
}

test('names a taken port and the setting that moves it, and leaves nothing running', async () => {
  const port = await findFreePorts();
  const blocker = createServer().listen(port + 12, '127.0.0.1');
  await once(blocker, 'listening');
  const { code, output, left } = await outcome({ port });
  blocker.close();
  expect(code).toBe(1);
  expect(output).toContain(
    `Port ${port + 12} (web2) is in use by another program. Choose another with WEB_PORT=NUMBER.`,
  );
  expect(left).toEqual([]);
});

test.each([
  [{ env: { PORT: '80000' } }, 'PORT is "80000"; it must be a whole number from 1 to 65535'],
  [{ env: { MYSQL_PORT: 'abc' } }, 'MYSQL_PORT is "abc"; it must be a whole number from 1 to 65535'],
  [
    { env: { PORT: '65530' } },
    'Port 65541 (web1) is beyond the last port, 65535; set PORT or WEB_PORT to another',
  ],
  [{ env: { PORT: '15080', WEB_PORT: '15080' } }, 'Port 15080 (web1) is the port of NGINX too'],
  [
    { env: { HOST: 'no-such-host.invalid' } },
    'HOST is "no-such-host.invalid"; it must be an address of this machine',
  ],
  [{ env: { VAR_DIR: '/dev/null' } }, 'VAR_DIR is "/dev/null"; it must be a folder that can be written to'],
  [
    { env: { TZ_DEFAULT: 'Guayaquil' } },
    'TZ_DEFAULT is "Guayaquil"; it must be a time zone, such as America/Guayaquil or Europe/Madrid',
  ],
  [{ env: { TRASH_DAYS: '0' } }, 'TRASH_DAYS is "0"; it must be a whole number from 1 to 3650'],
  [
    { env: { CURRENCY: 'PESO' } },
    'CURRENCY is "PESO"; it must be the ISO 4217 code of a currency, such as USD, EUR or COP',
  ],
  [
    { env: { SMTP_URL: 'mail.example.com' } },
    'SMTP_URL is not acceptable; it must be the address of a mail server, such as smtps://',
  ],
  [{ env: { SMTP_URL: 'smtp://127.0.0.1' } }, 'MAIL_FROM is not set; it must be a mail address'],
  [
    { env: { WEBHOOK_URL: 'ftp://127.0.0.1' } },
    'WEBHOOK_URL is not acceptable; it must be an address with https://',
  ],
  [{ env: { WEBHOOK_URL: 'http://127.0.0.1' } }, 'WEBHOOK_SECRET is not set; it must be whsec_ and'],
  [{ args: ['--web', '0'] }, '--web is "0"; it must be a whole number from 1 to 9'],
  [{ args: ['--webs', '2'] }, 'Options: --web NUMBER, --replicas NUMBER, --group, --phpmyadmin'],
  [{ args: ['--group', '--replicas', '3'] }, '--group needs three or five servers'],
])('refuses to start with a bad setting and says what it accepts: %j', async (options, message) => {
  const { code, output } = await outcome(options);
  expect(code).toBe(1);
  expect(output).toContain(message);
});

test('the README lists every setting of npm start', async () => {
  for (const file of ['README.md', 'README.es.md']) {
    const text = await readFile(join(PROJECT_DIR, file), 'utf8');
    expect(STACK_SETTINGS.filter((name) => !text.includes(`| \`${name}\` |`))).toEqual([]);
  }
});

test('runs four instances and three replicas, and status shows them', async () => {
  const stack = await start({ args: ['--web', '4', '--replicas', '3'] });
  const names = stack.data.processes().map(({ name }) => name);
  expect(names.sort()).toEqual([
    'nginx',
    'primary',
    'replica1',
    'replica2',
    'replica3',
    'web1',
    'web2',
    'web3',
    'web4',
  ]);

  const counts: Record<string, number> = {};
  for (let i = 0; i < 140; i++) {
    const servedBy = (await fetch(`${stack.url}/health/live`)).headers.get('x-served-by')!;
    counts[servedBy] = (counts[servedBy] ?? 0) + 1;
  }
  expect(counts).toEqual({ web1: 60, web2: 40, web3: 20, web4: 20 });

  const client = await Client.signedIn(stack.url);
  const { code } = await client.register();
  for (const name of ['replica1', 'replica2', 'replica3']) {
    const replica = await stack.data.connect(name);
    const giveUpAt = Date.now() + 20_000;
    let found: RowDataPacket[] = [];
    while (found.length === 0 && Date.now() < giveUpAt) {
      [found] = await replica.query<RowDataPacket[]>('SELECT code FROM product WHERE code = ?', [code]);
    }
    expect(found).toEqual([{ code }]);
    await replica.end();
  }

  const { stdout } = await run(process.execPath, [join(PROJECT_DIR, 'tools/launcher/status.ts'), '--json'], {
    env: { ...environmentWithoutSettings(), VAR_DIR: stack.varDir, PORT: String(stack.port) },
  });
  const status = JSON.parse(stdout) as { running: boolean; processes: Record<string, unknown>[] };
  expect(status.running).toBe(true);
  expect(status.processes.find(({ name }) => name === 'web4')).toMatchObject({
    alive: true,
    weight: 1,
    port: stack.port + 14,
  });
  expect(status.processes.find(({ name }) => name === 'replica3')).toMatchObject({
    alive: true,
    lagSeconds: expect.any(Number) as unknown,
  });

  const processes = stack.data.processes();
  await stack.stop('SIGINT');
  expect(processes.filter(isAlive)).toEqual([]);
  expect(readState(stack.varDir)).toBeUndefined();
});

/** One system, with a product of quantity 8, that the tests below damage and start again. */
let stack: Stack;
let product: { id: number; code: string };

async function startAgain(): Promise<void> {
  stack = await start({ varDir: stack.varDir, port: stack.port });
}

async function killLauncher(): Promise<void> {
  const ended = once(stack.launcher, 'exit');
  stack.launcher.kill('SIGKILL');
  await ended;
}

async function expectTheProduct(): Promise<void> {
  const client = await Client.signedIn(stack.url);
  expect(await client.findByCode(product.code)).toMatchObject({ id: product.id, quantity: 8 });
}

test('restarts with all data after kill -9 of everything, and clones a lost replica again', async () => {
  stack = await start();
  const client = await Client.signedIn(stack.url);
  product = await client.register({ quantity: 5 });
  await client.changeQuantity(product.id, { delta: 3 });
  const again = await outcome({ varDir: stack.varDir, port: stack.port });
  expect(again.output).toContain('Inventario is already running here');

  const processes = stack.data.processes();
  await killLauncher();
  for (const { pid } of processes) process.kill(pid, 'SIGKILL');
  while (processes.some(isAlive)) await sleep(50);
  await rm(join(stack.varDir, 'mysql/replica1'), { recursive: true });

  await startAgain();
  expect(stack.output).toContain('replica1: copying the primary');
  await expectTheProduct();
});

test('stops what a killed launcher left, at the next start or by npm stop, and needs no new clone', async () => {
  const orphans = stack.data.processes();
  await killLauncher();
  await startAgain();
  expect(stack.output).toContain('Stopping what an earlier start left behind');
  expect(stack.output).not.toContain('copying the primary');
  expect(orphans.filter(isAlive)).toEqual([]);

  const left = stack.data.processes();
  await killLauncher();
  await run(process.execPath, [join(PROJECT_DIR, 'tools/launcher/stop.ts')], {
    env: { ...environmentWithoutSettings(), VAR_DIR: stack.varDir, PORT: String(stack.port) },
  });
  expect(left.filter(isAlive)).toEqual([]);
});

test('refuses another currency than that of the prices there are', async () => {
  const refused = await outcome({ varDir: stack.varDir, port: stack.port, env: { CURRENCY: 'EUR' } });
  expect(refused.code).toBe(1);
  expect(refused.output).toContain('CURRENCY is "EUR", but the prices and costs stored here are in USD');
  expect(refused.output).toContain('Set CURRENCY=USD, or begin with empty data');
  expect(refused.left).toEqual([]);
});

test("refuses to start without the primary's data, and the way out that it advises works", async () => {
  await rm(join(stack.varDir, 'mysql/primary'), { recursive: true });
  const refused = await outcome({ varDir: stack.varDir, port: stack.port });
  expect(refused.code).toBe(1);
  expect(refused.output).toContain('replica1 still has a copy');
  expect(refused.left).toEqual([]);

  await rename(join(stack.varDir, 'mysql/replica1'), join(stack.varDir, 'mysql/primary'));
  await startAgain();
  await expectTheProduct();
  const client = await Client.signedIn(stack.url);
  await client.changeQuantity(product.id, { delta: 1 });
});

test('clones a replica again when it needs purged binary logs', async () => {
  const replica = await stack.data.connect('replica1');
  await replica.query('STOP REPLICA; RESET PERSIST super_read_only');
  await replica.end();
  const client = await Client.signedIn(stack.url);
  const { code } = await client.register();
  const primary = await stack.data.connect('primary');
  await primary.query('FLUSH BINARY LOGS; PURGE BINARY LOGS BEFORE NOW() + INTERVAL 1 DAY');
  await primary.end();
  await stack.stop();
  await startAgain();
  expect(stack.output).toContain('replica1: copying the primary');
  const cloned = await stack.data.connect('replica1');
  const [rows] = await cloned.query<RowDataPacket[]>('SELECT code FROM product WHERE code = ?', [code]);
  await cloned.end();
  expect(rows).toEqual([{ code }]);
});

test('never clones over a replica that is ahead of the primary', async () => {
  const replica = await stack.data.connect('replica1');
  await replica.query("SET GLOBAL super_read_only = OFF; INSERT INTO category (name) VALUES ('Solo aquí')");
  await replica.end();
  await stack.stop();
  const refused = await outcome({ varDir: stack.varDir, port: stack.port });
  expect(refused.code).toBe(1);
  expect(refused.output).toContain('replica1 holds transactions that the primary does not have');
  expect(refused.left).toEqual([]);
});

test('stops at once during start-up and leaves nothing running', async () => {
  const stack = await Stack.spawn();
  stacks.push(stack);
  await waitUntil(() => stack.output.includes('schema:'));
  const processes = stack.data.processes();
  expect(processes.length).toBeGreaterThan(0);
  const startedAt = performance.now();
  await stack.stop();
  // Waiting for a stopped server would take two minutes.
  expect(performance.now() - startedAt).toBeLessThan(60_000);
  expect(processes.filter(isAlive)).toEqual([]);
  expect(readState(stack.varDir)).toBeUndefined();
});

test('off loopback there is no demo account: the administrator gets a one-time password', async () => {
  const stack = await start({ env: { HOST: '0.0.0.0' } });
  const password = /log in\s+admin \/ (\S+) \(temporary/.exec(stack.output)?.[1] ?? '';
  expect(password).toMatch(/^[a-z2-9-]{23}$/);
  const client = new Client(stack.url);
  expect((await client.get('/login')).text).not.toContain('admin123');
  expect((await client.logIn('admin', 'admin123')).status).toBe(422);
  expect((await client.logIn('admin', password)).status).toBe(303);
  expect((await client.get('/products')).headers.location).toBe('/password');
  await client.takeToken('/password');
  const changed = await client.post('/password', {
    current: password,
    password: 'una contraseña larga',
    repeated: 'una contraseña larga',
  });
  expect(changed.headers.location).toBe('/');
  expect((await client.get('/products')).text).toContain('Todavía no hay productos');
  await stack.stop();
  const second = await start({ varDir: stack.varDir, port: stack.port, env: { HOST: '0.0.0.0' } });
  expect(second.output).toContain('log in       admin, with the password you chose');
  await second.stop();
});
