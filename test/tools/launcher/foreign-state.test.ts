import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import {
  chmod,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { PROJECT_DIR } from '../../../tools/launcher/stack-config.ts';
import { Client } from '../../support/client.ts';
import { refusedStart } from '../../support/damage.ts';
import { environmentWithoutSettings, Stack } from '../../support/stack.ts';
import { waitUntil } from '../../support/wait-until.ts';

const run = promisify(execFile);
const isRoot = process.getuid?.() === 0;
const NOBODY = 65_534;

/** One system that has been stopped; each test spoils something and restores it. */
let stack: Stack;
let again: { varDir: string; port: number };

beforeAll(async () => {
  stack = await Stack.start();
  again = { varDir: stack.varDir, port: stack.port };
  await stack.stop();
});

afterAll(() => stack.stopAndClean());

const inVar = (...path: string[]) => join(again.varDir, ...path);

/** A refusal without a stack of calls. */
async function refusal(options: Parameters<typeof Stack.spawn>[0] = again): Promise<string> {
  const { code, output, left } = await refusedStart(options);
  expect(code).toBe(1);
  expect(output).not.toMatch(/^ {4}at /m);
  expect(left).toEqual([]);
  return output;
}

test('a root password that is gone is named, and no new one is written', async () => {
  const file = inVar('secrets/root_password');
  await rename(file, `${file}.away`);
  const output = await refusal();
  expect(output).toContain(`${file} is gone: the password of the databases in ${inVar('mysql')}.`);
  expect(output).toContain('Put the file back from a backup.');
  expect(existsSync(file)).toBe(false);
  await rename(`${file}.away`, file);
});

test('a root password that is not that of the data is named before anything is changed there', async () => {
  const file = inVar('secrets/root_password');
  const own = await readFile(file, 'utf8');
  await writeFile(file, 'the password of other data');
  expect(await refusal()).toContain("primary does not accept root's password");
  await writeFile(file, own);
});

test('any other secret that is gone is made anew, announced and used', async () => {
  const names = ['migrator', 'app', 'replicator', 'monitor'].map((name) => `${name}_password`);
  const files = [...names, 'session_secret'].map((name) => inVar('secrets', name));
  for (const file of files) await rm(file);
  stack = await Stack.start(again);
  for (const file of files) expect(stack.output).toContain(`${file} was gone; a new one was made`);
  const client = await Client.signedIn(stack.url);
  await client.register();
  expect(stack.output).not.toContain('copying the primary');
  await stack.stop();
});

test('data of a newer MySQL are named with both versions', async () => {
  const file = inVar('mysql/primary/mysql_upgrade_history');
  const own = await readFile(file, 'utf8');
  await writeFile(file, own.replaceAll(/"version":"\d+\.\d+/g, '"version":"99.1'));
  expect(await refusal()).toMatch(
    /mysql\/primary was made by MySQL 99\.1, which is newer than the MySQL \d+\.\d+/,
  );
  await writeFile(file, own);
});

test('data that belong to another user are named, with the command that takes them over', async () => {
  const file = inVar('mysql/primary/ibdata1');
  // Root may read everything, so the start runs as another user.
  if (isRoot) {
    await run('chown', ['-R', String(NOBODY), again.varDir]);
    await run('chown', ['0', file]);
  } else await chmod(file, 0);
  const launcher = spawn(process.execPath, [join(PROJECT_DIR, 'tools/launcher/start.ts')], {
    ...(isRoot && { uid: NOBODY, gid: NOBODY }),
    env: {
      ...environmentWithoutSettings(),
      PORT: String(again.port),
      VAR_DIR: again.varDir,
      RUNTIME_DIR: inVar('runtime'),
    },
  });
  let output = '';
  launcher.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(launcher, 'close')) as [number];
  expect(code).toBe(1);
  expect(output).toContain(`${file} belongs to another user`);
  expect(output).toContain(`sudo chown -R `);
  if (isRoot) await run('chown', ['-R', '0', again.varDir]);
  else await chmod(file, 0o640);
});

test('files in place of data stay as they are', async () => {
  const varDir = await mkdtemp(join(tmpdir(), 'inventario-test-'));
  await mkdir(join(varDir, 'mysql/primary'), { recursive: true });
  await writeFile(join(varDir, 'mysql/primary/notes.txt'), 'mine');
  const output = await refusal({ varDir });
  expect(output).toContain('not the whole data of a MySQL server: mysql.ibd is missing');
  expect(await readdir(join(varDir, 'mysql/primary'))).toEqual(['notes.txt']);
  await rm(varDir, { recursive: true });
});

(isRoot && process.platform === 'linux' ? test : test.skip)('a disk without space is named', async () => {
  const disk = await mkdtemp(join(tmpdir(), 'inventario-test-'));
  await run('mount', ['-t', 'tmpfs', '-o', 'size=50m', 'tmpfs', disk]);
  try {
    expect(await refusal({ varDir: disk })).toMatch(
      /has \d+ MB of free space left, and this start needs \d+ MB/,
    );
  } finally {
    await run('umount', [disk]);
    await rm(disk, { recursive: true });
  }
});

test('a program that was installed but does not run is installed again', async () => {
  const runtimeDir = await mkdtemp(join(tmpdir(), 'inventario-test-'));
  const folder = join(runtimeDir, 'mysql');
  await mkdir(join(folder, 'bin'), { recursive: true });
  await writeFile(join(folder, 'bin/mysqld'), '#!/bin/sh\nexit 127\n', { mode: 0o755 });
  const recipe = { packages: ['mysql-server-core', 'mysql-client-core'], folder };
  await writeFile(join(folder, 'installed.json'), JSON.stringify(recipe));
  const started = await Stack.spawn({ env: { RUNTIME_DIR: runtimeDir } });
  await waitUntil(() => /MySQL in \S+ does not run: files are missing or damaged/.test(started.output));
  await started.stop('SIGKILL');
  await rm(started.varDir, { recursive: true });
  await rm(runtimeDir, { recursive: true, maxRetries: 5 });
});

test('packages that are missing are installed again', async () => {
  const project = await mkdtemp(join(tmpdir(), 'inventario-test-'));
  for (const name of ['run.js', 'node-advice.js', 'progress.js']) {
    await cp(join(PROJECT_DIR, 'tools/launcher', name), join(project, 'tools/launcher', name));
  }
  const lock = JSON.stringify({ packages: { '': {}, 'node_modules/one': {}, 'node_modules/two': {} } });
  await writeFile(join(project, 'package.json'), '{ "type": "module" }');
  await writeFile(join(project, 'package-lock.json'), lock);
  await mkdir(join(project, 'node_modules/node/bin'), { recursive: true });
  await symlink(process.execPath, join(project, 'node_modules/node/bin/node'));
  await mkdir(join(project, 'node_modules/one'));
  await writeFile(join(project, 'node_modules/one/package.json'), '{}');
  const hash = createHash('sha256').update(lock).digest('hex');
  await writeFile(join(project, 'node_modules/.installed-lock'), hash);
  const npm = '#!/bin/sh\nmkdir node_modules/two && echo "{}" > node_modules/two/package.json\n';
  await mkdir(join(project, 'bin'));
  await writeFile(join(project, 'bin/npm'), npm, { mode: 0o755 });

  const env = { ...process.env, PATH: `${join(project, 'bin')}:${process.env.PATH}` };
  const start = () => run(process.execPath, ['tools/launcher/run.js', '-p', '40 + 2'], { cwd: project, env });
  expect((await start()).stdout).toMatch(/Installing the npm packages[^]*42/);
  expect((await start()).stdout).toBe('42\n');
  await rm(project, { recursive: true });
});
