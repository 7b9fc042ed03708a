import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from '@jest/globals';
import { nodeAdvice } from '../../../tools/launcher/node-advice.js';
import { Progress } from '../../../tools/launcher/progress.js';
import { PROJECT_DIR } from '../../../tools/launcher/stack-config.ts';
import { Client } from '../../support/client.ts';
import { stack as sharedStack } from '../../support/shared-stack.ts';
import { environmentWithoutSettings, Stack } from '../../support/stack.ts';

const run = promisify(execFile);
const stacks: Stack[] = [];

afterAll(async () => {
  // Some of them share their data.
  await Promise.all(stacks.map((stack) => stack.stop()));
  await Promise.all(stacks.map((stack) => stack.stopAndClean()));
});

test('refuses an older Node with the commands that bring a newer one', async () => {
  const older =
    "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '18.20.4' } })";
  const args = [
    '--import',
    `data:text/javascript,${older}`,
    'tools/launcher/run.js',
    'tools/launcher/start.ts',
  ];
  const refusal = run(process.execPath, args, { cwd: PROJECT_DIR });
  await expect(refusal).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^Node 18\.20\.4 is too old[^]*\n {4}\S[^]*(?:npm|brew)/) as unknown,
  });
});

test.each([
  ['Debian 12', 'linux', 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n', 'sudo apt install npm'],
  [
    'Ubuntu',
    'linux',
    'PRETTY_NAME="Ubuntu 24.04.3 LTS"\nID=ubuntu\nID_LIKE=debian\n',
    'sudo apt install npm',
  ],
  ['Fedora', 'linux', 'PRETTY_NAME="Fedora Linux 43"\nID=fedora\n', 'sudo npm install --global node@24'],
  ['macOS', 'darwin', '', 'brew install node'],
])('on %s, says how to get Node', (_name, platform, osRelease, command) => {
  const lines = nodeAdvice(platform, osRelease).split('\n');
  expect(lines).toContain(`    ${command}`);
});

test.each([
  [true, '\r\u001b[K[1/2] MySQL ...\r\u001b[K[1/2] MySQL: 45 %\r\u001b[K[1/2] MySQL: done in 0 s\n'],
  [false, '[1/2] MySQL ...\nInstalling\n'],
])('shows progress on one line of a terminal (%s), or line by line', (isTTY, expected) => {
  let written = '';
  const write = (text: string) => (written += text);
  const progress = new Progress({ isTTY, columns: 80, write } as unknown as NodeJS.WriteStream);
  progress.begin('[1/2] MySQL');
  progress.detail = '45 %';
  progress.log('Installing');
  progress.end();
  expect(written.replace('\r\u001b[KInstalling\n', '')).toBe(expected);
});

test('--empty starts without products and demo account, and later starts remember it', async () => {
  const stack = await Stack.start({ args: ['--empty'] });
  stacks.push(stack);
  expect(stack.output).toMatch(/\[2\/6\] [^]*\[3\/6\] [^]*\[4\/6\] [^]*\[5\/6\] [^]*\[6\/6\] /);
  const password = /log in\s+admin \/ (\S+) \(temporary/.exec(stack.output)?.[1] ?? '';
  expect((await new Client(stack.url).logIn('admin', 'admin123')).status).toBe(422);
  expect((await new Client(stack.url).logIn('admin', password)).status).toBe(303);
  await stack.stop();

  const again = await Stack.start({ varDir: stack.varDir, port: stack.port });
  stacks.push(again);
  expect(again.output).not.toContain('admin123');
  const primary = await again.data.connect('primary');
  const [products] = await primary.query('SELECT id FROM product LIMIT 1');
  await primary.end();
  expect(products).toEqual([]);
});

test('--empty is refused where there are data, which stay', async () => {
  const varDir = await mkdtemp(join(tmpdir(), 'inventario-test-'));
  await mkdir(join(varDir, 'mysql/primary'), { recursive: true });
  await writeFile(join(varDir, 'mysql/primary/mysql.ibd'), 'data');
  const stack = await Stack.spawn({ varDir, args: ['--empty'] });
  stacks.push(stack);
  await once(stack.launcher, 'close');
  expect(stack.launcher.exitCode).toBe(1);
  expect(stack.output).toContain(`--empty is for the first start, and ${varDir} holds data`);
});

test('sql opens the server that it is given, on the ports of this system', async () => {
  const env = { ...environmentWithoutSettings(), VAR_DIR: sharedStack.varDir };
  const sql = (...args: string[]) =>
    run(process.execPath, [join(PROJECT_DIR, 'tools/launcher/sql.ts'), ...args], { env });
  const { stdout } = await sql('replica1', '-Ne', 'SELECT @@port, DATABASE()');
  expect(stdout).toBe(`${sharedStack.process('replica1').port}\tinventario\n`);
  await expect(sql('replica7')).rejects.toMatchObject({
    stderr: 'Name a server: npm run sql -- primary | replica1\n',
  });
});
