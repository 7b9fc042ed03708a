import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as compose from 'docker-compose';
import type { RowDataPacket } from 'mysql2/promise';
import request from 'supertest';
import { PROJECT_DIR } from '../../tools/launcher/stack-config.ts';
import { launchChromium } from '../support/chromium.ts';
import { Client, uniqueCode } from '../support/client.ts';
import { waitUntil } from '../support/wait-until.ts';
import { Deployment, docker, failingWithOutput, GROUP_FILES, PROJECT, SCALED_FILES } from './deployment.ts';

const run = promisify(execFile);
/** The part of `docker inspect` that the tests use. */
interface Container {
  Config: { User: string };
  HostConfig: {
    SecurityOpt: string[];
    Memory: number;
    PidsLimit: number;
    LogConfig: { Config: Record<string, string> };
    RestartPolicy: { Name: string };
  };
}

const PASSWORD = 'la contraseña del almacén';

let deployment: Deployment;
let client: Client;

beforeAll(async () => {
  try {
    await docker('info');
  } catch {
    throw new Error('npm run test:compose needs a running Docker Engine with Compose v2');
  }
  deployment = await Deployment.create();
  await docker('compose', '--project-name', PROJECT, 'down', '--volumes').catch(() => undefined);
  const seconds = async (work: () => Promise<unknown>) => {
    const startedAt = Date.now();
    await work();
    return Math.round((Date.now() - startedAt) / 1000);
  };
  const building = await seconds(() => failingWithOutput(compose.buildOne('web1', deployment.options)));
  console.log(
    `Building the image took ${building} s; docker compose up --wait took ${await seconds(() => deployment.up())} s`,
  );
});

afterAll(async () => {
  for (const config of [SCALED_FILES, GROUP_FILES]) {
    await compose.downAll({
      ...deployment.options,
      config,
      commandOptions: ['--volumes', '--remove-orphans'],
    });
  }
});

async function logIn(): Promise<Client> {
  const person = new Client(deployment.url);
  const response = await person.logIn('admin', PASSWORD);
  expect(response.status).toBe(303);
  return person;
}

async function countByInstance(total: number): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (let i = 0; i < total; i++) {
    const instance = (await fetch(`${deployment.url}/health/live`)).headers.get('x-served-by')!;
    counts[instance] = (counts[instance] ?? 0) + 1;
  }
  return counts;
}

async function rowOn(portName: string, code: string): Promise<RowDataPacket[]> {
  const server = await deployment.connect(portName);
  const [rows] = await server.query<RowDataPacket[]>('SELECT quantity FROM product WHERE code = ?', [code]);
  await server.end();
  return rows;
}

test('every Compose file is valid', async () => {
  for (const files of [['docker-compose.yml'], SCALED_FILES, GROUP_FILES]) {
    const args = files.flatMap((file) => ['--file', join(PROJECT_DIR, file)]);
    await docker('compose', ...args, 'config', '--quiet');
  }
});

test('starts without configuration, and the generated password logs in once', async () => {
  const password = /Password:\s+(\S+)/.exec(await deployment.logs('migrate'))?.[1] ?? '';
  client = new Client(deployment.url);
  expect((await client.logIn('admin', 'admin123')).status).toBe(422);
  expect((await client.logIn('admin', password)).status).toBe(303);
  await client.takeToken('/password');
  const changed = await client.post('/password', {
    current: password,
    password: PASSWORD,
    repeated: PASSWORD,
  });
  expect(changed.headers.location).toBe('/');
  client = await logIn();
});

test('balances 600 requests as 300, 200 and 100', async () => {
  expect(await countByInstance(600)).toEqual({ web1: 300, web2: 200, web3: 100 });
});

test('a product created in the browser appears on the replica, which refuses writes', async () => {
  const code = uniqueCode();
  const browser = await launchChromium();
  const page = await browser.newPage({ baseURL: deployment.url, locale: 'es-ES' });
  await page.goto('/login');
  await page.fill('#username', 'admin');
  await page.fill('#password', PASSWORD);
  await page.keyboard.press('Enter');
  // The first steps of an empty catalogue.
  await page.click('.home-steps a[href="/products/new"]');
  await page.fill('#name', 'Hecho en el navegador');
  await page.fill('#code', code);
  await page.fill('#quantity', '4');
  await page.selectOption('#category', { label: 'Hogar' });
  await page.click('button:has-text("Guardar")');
  await page.waitForSelector('text=Producto agregado');
  await browser.close();

  await waitUntil(async () => (await rowOn('MYSQL_REPLICA_PORT', code)).length === 1);
  const replica = await deployment.connect('MYSQL_REPLICA_PORT');
  await expect(replica.query('DELETE FROM product')).rejects.toMatchObject({
    code: 'ER_OPTION_PREVENTS_STATEMENT',
  });
  await replica.end();
});

test.each([
  [1, 'Primary'],
  [2, 'Replica'],
])('phpMyAdmin logs in to server %d, %s, and shows the rows', async (number, name) => {
  const agent = request.agent(deployment.phpMyAdminUrl);
  const page = await agent.get('/').redirects(2);
  expect(page.text).toMatch(new RegExp(`value="${number}"[^>]*>\\s*${name}`));
  const token = /name="token" value="([^"]*)"/.exec(page.text)![1]!;
  const entered = await agent
    .post('/index.php?route=/')
    .type('form')
    .send({ token, server: number, pma_username: 'root', pma_password: await deployment.rootPassword() })
    .redirects(2);
  expect(entered.text).toContain('logged_in:true');
  const rows = await agent.get(`/index.php?route=/sql&server=${number}&db=inventario&table=product&pos=0`);
  expect(rows.text).toContain('Hecho en el navegador');
});

test('containers run with least privilege and hold no secret in their settings', async () => {
  const inspect = async (service: string) => {
    const id = await deployment.containerId(service);
    const [container] = JSON.parse(await docker('inspect', id)) as Container[];
    return container!;
  };
  for (const service of [
    ...['nginx', 'web1', 'web2', 'web3', 'db', 'db-replica'],
    ...['prepare', 'migrate', 'keep-replicas'],
  ]) {
    const { Config, HostConfig } = await inspect(service);
    expect(Config.User).toMatch(/^(node|101:101|999:999)$/);
    expect(HostConfig).toMatchObject({ ReadonlyRootfs: true, CapDrop: ['ALL'], CapAdd: null });
    expect(HostConfig.SecurityOpt).toContain('no-new-privileges:true');
    expect(HostConfig.Memory).toBeGreaterThan(0);
    expect(HostConfig.PidsLimit).toBeGreaterThan(0);
    expect(HostConfig.LogConfig.Config).toEqual({ 'max-size': '10m', 'max-file': '3' });
    const runsOnce = ['prepare', 'migrate'].includes(service);
    expect(HostConfig.RestartPolicy.Name).toMatch(runsOnce ? /^(no)?$/ : /^unless-stopped$/);
  }
  const secrets = await docker(
    'exec',
    await deployment.containerId('web1'),
    'sh',
    '-c',
    'cat /secrets/web/*',
  );
  for (const service of ['web1', 'web2', 'web3']) {
    const description = JSON.stringify(await inspect(service));
    for (const secret of secrets.match(/.{32}/g)!) expect(description).not.toContain(secret);
    expect(description).not.toMatch(/"(APP|MONITOR|ROOT)_PASSWORD=/);
  }
  await expect(
    docker('exec', await deployment.containerId('web1'), 'ls', '/secrets/database/root_password'),
  ).rejects.toThrow();
});

test('databases and phpMyAdmin listen on this machine only, and their network is internal', async () => {
  for (const [service, port] of [
    ['db', '3306'],
    ['db-replica', '3306'],
    ['phpmyadmin', '80'],
  ] as const) {
    expect(await docker('port', await deployment.containerId(service), port)).toMatch(/^127\.0\.0\.1:/);
  }
  const networks = JSON.parse(await docker('network', 'inspect', `${PROJECT}_back`)) as {
    Internal: boolean;
  }[];
  expect(networks[0]!.Internal).toBe(true);
});

test('the image is small and contains no compilers or development dependencies', async () => {
  const size = async (image: string) =>
    Number(await docker('image', 'inspect', image, '--format', '{{.Size}}'));
  const added = (await size(`${PROJECT}:local`)) - (await size('node:24-trixie-slim'));
  console.log(`The image is ${Math.round(added / 1e6)} MB above its base`);
  expect(added).toBeLessThan(300e6);
  const found = await docker(
    'run',
    '--rm',
    `${PROJECT}:local`,
    'sh',
    '-c',
    'ls node_modules; command -v gcc g++ make cc tsc || true',
  );
  const names = found.split('\n');
  for (const name of ['jest', 'typescript', 'eslint', 'playwright-core', 'node', 'docker-compose']) {
    expect(names).not.toContain(name);
  }
  expect(found).not.toMatch(/\/(gcc|g\+\+|make|cc|tsc)$/m);
});

/** Sends GETs and, with `register`, equally many POSTs until stopped; collects failures. */
function load(workers: number, register: boolean) {
  const failures: string[] = [];
  const registered: string[] = [];
  const state = { running: true, requests: 0 };
  const work = async (index: number) => {
    const person = await logIn();
    while (state.running) {
      state.requests++;
      if (register && index % 2 === 1) {
        const code = uniqueCode();
        const response = await person.post('/products', {
          name: 'Bajo carga',
          code,
          quantity: 1,
          unit: 'u',
          category: 'Otros',
        });
        if (response.status === 303) registered.push(code);
        else failures.push(`POST ${response.status} ${String(response.headers['x-served-by'])}`);
      } else {
        const response = await person.get('/products');
        if (response.status !== 200)
          failures.push(`GET ${response.status} ${String(response.headers['x-served-by'])}`);
      }
    }
  };
  const workersDone = Promise.all(Array.from({ length: workers }, (_, index) => work(index)));
  return {
    requests: () => state.requests,
    async stop() {
      state.running = false;
      await workersDone;
      return { failures, registered, requests: state.requests };
    },
  };
}

test('killing an instance under load fails no GET, and Docker restarts it', async () => {
  const running = load(6, false);
  const id = await deployment.containerId('web1');
  const pid = Number(await docker('inspect', id, '--format', '{{.State.Pid}}'));
  await waitUntil(() => running.requests() > 20);
  process.kill(pid, 'SIGKILL');
  await waitUntil(() => running.requests() > 100);
  expect((await running.stop()).failures).toEqual([]);
  await waitUntil(async () => (await countByInstance(6)).web1 !== undefined);
});

test('a rolling update under load fails no request and applies no POST twice', async () => {
  const before = await deployment.containerId('web1');
  const running = load(6, true);
  await sleep(1000);
  // A changed log level makes Compose replace every instance, like a new version.
  deployment.env.LOG_LEVEL = 'warn';
  await run(process.execPath, [join(PROJECT_DIR, 'tools/rolling-update.js')], {
    cwd: PROJECT_DIR,
    env: { ...process.env, ...deployment.env },
    maxBuffer: 64 * 1024 * 1024,
  });
  await sleep(1000);
  const { failures, registered, requests } = await running.stop();
  console.log(
    `Rolling update: ${requests} requests, ${registered.length} products registered, ${failures.length} failures`,
  );
  expect(await deployment.containerId('web1')).not.toBe(before);
  expect(failures).toEqual([]);
  const primary = await deployment.connect('MYSQL_PORT');
  const [rows] = await primary.query<RowDataPacket[]>("SELECT code FROM product WHERE name = 'Bajo carga'");
  await primary.end();
  expect(rows.map(({ code }) => String(code)).sort()).toEqual(registered.sort());
});

test('a replica whose volume was removed is cloned again', async () => {
  const { code } = await client.register({ quantity: 3 });
  await compose.rm({ ...deployment.options, commandOptions: ['--stop'] }, 'db-replica');
  await docker('volume', 'rm', `${PROJECT}_db-replica-data`);
  expect((await client.get('/products')).status).toBe(200);
  await deployment.up();
  expect(await rowOn('MYSQL_REPLICA_PORT', code)).toEqual([{ quantity: 3 }]);
});

test('a replica whose rows differ is out of use until the next up, which clones it', async () => {
  const { id, code } = await client.register({ quantity: 3 });
  await waitUntil(async () => (await rowOn('MYSQL_REPLICA_PORT', code)).length === 1);
  const replica = await deployment.connect('MYSQL_REPLICA_PORT');
  await replica.query('SET sql_log_bin = 0');
  await replica.query('SET GLOBAL super_read_only = OFF');
  await replica.query('SET GLOBAL read_only = OFF');
  await replica.query('UPDATE product SET quantity = 4 WHERE id = ?', [id]);
  await replica.query('SET GLOBAL super_read_only = ON');
  await replica.end();
  const outOfUse = async () => {
    const health = await fetch(`${deployment.url}/health`, { headers: { accept: 'application/json' } });
    return ((await health.json()) as { servers: { outOfUse?: string }[] }).servers[1]?.outOfUse;
  };
  const primary = await deployment.connect('MYSQL_PORT');
  await waitUntil(async () => {
    await primary.query(
      "UPDATE job_lease SET due_at = UTC_TIMESTAMP(3) WHERE name = 'compare replicas' AND owner IS NULL",
    );
    return (await outOfUse()) === 'different';
  });
  await primary.end();
  await deployment.up();
  expect(await rowOn('MYSQL_REPLICA_PORT', code)).toEqual([{ quantity: 3 }]);
  await waitUntil(async () => (await outOfUse()) === undefined);
});

test.each(['db', 'db-replica'])('replication resumes after a restart of %s', async (service) => {
  await failingWithOutput(compose.restartOne(service, deployment.options));
  let code = '';
  // Each instance meets the primary again in its own time.
  await waitUntil(async () => Boolean(({ code } = await client.register()).code));
  await waitUntil(async () => (await rowOn('MYSQL_REPLICA_PORT', code)).length === 1);
});

test('restarting everything keeps the data, and replication resumes', async () => {
  const { code } = await client.register({ quantity: 6 });
  await failingWithOutput(compose.restartAll(deployment.options));
  await waitUntil(async () => Boolean((client = await logIn())));
  expect(await client.findByCode(code)).toMatchObject({ quantity: 6 });
  let after = '';
  await waitUntil(async () => Boolean(({ code: after } = await client.register({ quantity: 1 })).code));
  await waitUntil(async () => (await rowOn('MYSQL_REPLICA_PORT', after)).length === 1);
});

test('a lost primary is replaced without restarting instances or losing data, and returns as a replica', async () => {
  deployment.env.SEMI_SYNC = 'on';
  await deployment.up();
  const { id, code } = await client.register({ quantity: 1 });
  await docker('kill', '--signal', 'KILL', await deployment.containerId('db'));
  const promotion = promote('db-replica');
  const key = crypto.randomUUID();
  await waitUntil(async () => (await client.changeQuantity(id, { delta: 1 }, key)).status === 200);
  expect((await client.findByCode(code)).quantity).toBe(2);
  await docker('start', await deployment.containerId('db'));
  await promotion;
  await waitUntil(async () => (await rowOn('MYSQL_PORT', code))[0]?.quantity === 2);

  // Switch back while both are alive; another `up` changes nothing.
  await promote('db');
  await deployment.up();
  expect((await client.changeQuantity(id, { delta: 1 })).status).toBe(200);
  await waitUntil(async () => (await rowOn('MYSQL_REPLICA_PORT', code))[0]?.quantity === 3);
  delete deployment.env.SEMI_SYNC;
});

async function promote(service: string): Promise<void> {
  await failingWithOutput(
    compose.run('promote', service, { ...deployment.options, commandOptions: ['--rm', '-T'] }),
  );
}

test('four instances and three replicas share the work', async () => {
  deployment.files = SCALED_FILES;
  await deployment.up();
  client = await logIn();
  expect(await countByInstance(140)).toEqual({ web1: 60, web2: 40, web3: 20, web4: 20 });
  const { code } = await client.register();
  for (const name of ['MYSQL_REPLICA_PORT', 'MYSQL_REPLICA_2_PORT', 'MYSQL_REPLICA_3_PORT']) {
    await waitUntil(async () => (await rowOn(name, code)).length === 1);
  }
  const health = await fetch(`${deployment.url}/health`, { headers: { accept: 'application/json' } });
  const { servers } = (await health.json()) as { servers: { name: string; reachable: boolean }[] };
  expect(servers.filter(({ reachable }) => reachable)).toHaveLength(4);
});

test('reads are spread across the replicas', async () => {
  const countReads = async (portName: string) => {
    const server = await deployment.connect(portName);
    const [[row]] = await server.query<RowDataPacket[]>("SHOW GLOBAL STATUS LIKE 'Com_select'");
    await server.end();
    return Number(row?.Value);
  };
  const replicas = ['MYSQL_REPLICA_PORT', 'MYSQL_REPLICA_2_PORT', 'MYSQL_REPLICA_3_PORT'];
  const before = await Promise.all(replicas.map(countReads));
  for (let i = 0; i < 60; i++) await client.search({ search: 'producto' });
  const after = await Promise.all(replicas.map(countReads));
  // 60 searches with two queries each, page and total: 120 over three replicas.
  for (const [index, reads] of after.entries()) expect(reads - before[index]!).toBeGreaterThan(20);
});

test('secrets and weights can be chosen, and changed', async () => {
  deployment.env.APP_PASSWORD = 'elegida-por-el-dueño-1';
  deployment.env.WEB1_WEIGHT = '1';
  deployment.env.WEB2_WEIGHT = '1';
  await deployment.up(['--force-recreate']);
  client = await logIn();
  expect(await countByInstance(40)).toEqual({ web1: 10, web2: 10, web3: 10, web4: 10 });
  const used = await docker('exec', await deployment.containerId('web1'), 'cat', '/secrets/web/app_password');
  expect(used).toBe('elegida-por-el-dueño-1');
});

test('refuses example passwords and names the setting', async () => {
  const refused = compose.run('prepare', ['node', 'dist/commands/prepare.js'], {
    ...deployment.options,
    commandOptions: ['--rm', '--env', 'APP_PASSWORD=changeme-changeme'],
  });
  await expect(refused).rejects.toMatchObject({
    err: expect.stringContaining(
      'APP_PASSWORD is not acceptable; it must be a secret of at least 16 characters',
    ) as unknown,
  });
});

test("the pair's data become a group's, which elects another primary by itself", async () => {
  const { id, code } = await client.register({ quantity: 5 });
  deployment.files = GROUP_FILES;
  await deployment.up(['--remove-orphans']);
  client = await logIn();
  expect(await client.findByCode(code)).toMatchObject({ quantity: 5 });
  await waitUntil(isWholeGroup);

  const lost = await groupPrimary();
  const service = { db1: 'db', db2: 'db-replica', db3: 'db3' }[lost]!;
  await docker('kill', '--signal', 'KILL', await deployment.containerId(service));
  const key = crypto.randomUUID();
  await waitUntil(async () => (await client.changeQuantity(id, { delta: 1 }, key)).status === 200);
  expect(await groupPrimary()).not.toBe(lost);
  await docker('start', await deployment.containerId(service));
  await waitUntil(isWholeGroup);
  expect((await client.findByCode(code)).quantity).toBe(6);
});

interface GroupServer {
  name: string;
  role: string;
  member?: { state: string; reached: number };
}

async function groupServers(): Promise<GroupServer[]> {
  const health = await fetch(`${deployment.url}/health`, { headers: { accept: 'application/json' } });
  return ((await health.json()) as { servers: GroupServer[] }).servers;
}

async function groupPrimary(): Promise<string> {
  return (await groupServers()).find(({ role }) => role === 'primary')!.name;
}

async function isWholeGroup(): Promise<boolean> {
  return (await groupServers()).every(({ member }) => member?.state === 'ONLINE' && member.reached === 3);
}

test('down -v leaves nothing', async () => {
  for (const config of [SCALED_FILES, GROUP_FILES]) {
    await compose.downAll({
      ...deployment.options,
      config,
      commandOptions: ['--volumes', '--remove-orphans'],
    });
  }
  const label = `label=com.docker.compose.project=${PROJECT}`;
  expect(await docker('ps', '--all', '--quiet', '--filter', label)).toBe('');
  expect(await docker('volume', 'ls', '--quiet', '--filter', label)).toBe('');
  expect(await docker('network', 'ls', '--quiet', '--filter', label)).toBe('');
});
