/**
 * Runs a program of the project on the Node that the project pins:
 *
 *     node tools/launcher/run.js FILE [ARGUMENT...]
 *
 * Installs the npm packages first if they are missing or do not match package-lock.json.
 * Plain JavaScript, because a fresh clone may start it with an older Node.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { nodeAdvice } from './node-advice.js';
import { Progress } from './progress.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const pinnedNode = `${root}node_modules/node/bin/node`;
const stamp = `${root}node_modules/.installed-lock`;

if (process.platform === 'win32') {
  fail(
    'On Windows, run Inventario with Docker:\n\n    docker compose up --build -d --wait\n\n' +
      'or inside Debian on WSL 2, as the README shows:\n\n    wsl --install -d Debian',
  );
}
if (Number(process.versions.node.split('.')[0]) < 20) {
  const osRelease = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  fail(
    `Node ${process.versions.node} is too old; Inventario needs Node 20 or later.\n` +
      nodeAdvice(process.platform, osRelease),
  );
}
await installPackages();

const child = spawn(pinnedNode, process.argv.slice(2), {
  cwd: root,
  stdio: 'inherit',
  env: {
    // Starting takes half the time when the code is compiled already.
    NODE_COMPILE_CACHE: `${root}node_modules/.cache/compiled`,
    ...process.env,
    PATH: `${root}node_modules/node/bin:${process.env.PATH}`,
  },
});
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
  process.on(signal, () => child.kill(signal));
}
child.on('exit', (code, signal) => {
  process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 143);
});

async function installPackages() {
  const lock = readFileSync(`${root}package-lock.json`, 'utf8');
  const hash = createHash('sha256').update(lock).digest('hex');
  const isInstalled = existsSync(stamp) && readFileSync(stamp, 'utf8') === hash;
  const { folders, present } = packageFolders(lock);
  if (isInstalled && existsSync(pinnedNode) && present().length === folders.length) return;
  const progress = new Progress();
  const isStart = process.argv[2]?.endsWith('/start.ts');
  progress.begin(`${isStart ? '[1/6] ' : ''}Installing the npm packages and Node 24 into node_modules`);
  progress.detail = () => `${present().length} of ${folders.length} packages`;
  const npm = spawn('npm', ['ci', '--include=dev', '--no-audit', '--no-fund'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, NODE_ENV: '' },
  });
  let output = '';
  npm.stderr.on('data', (chunk) => (output += chunk));
  const problem = await new Promise((resolve) => {
    npm.on('error', ({ message }) => resolve(message));
    npm.on('close', (code) => resolve(code === 0 ? undefined : ''));
  });
  progress.end();
  if (problem !== undefined || !existsSync(pinnedNode)) {
    const errors = output.split('\n').filter((line) => line.startsWith('npm error'));
    fail(['npm ci failed:', problem ?? '', ...errors.slice(0, 12)].join('\n'));
  }
  writeFileSync(stamp, hash);
}

/**
 * Those for some systems only are left out.
 *
 * @param {string} lock
 */
function packageFolders(lock) {
  const folders = Object.entries(JSON.parse(lock).packages)
    .filter(([folder, { os, cpu, libc, optional }]) => folder && !os && !cpu && !libc && !optional)
    .map(([folder]) => folder);
  return { folders, present: () => folders.filter((folder) => existsSync(`${root}${folder}/package.json`)) };
}

/** @param {string} message */
function fail(message) {
  console.error(message);
  process.exit(1);
}
