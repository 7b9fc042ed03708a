/**
 * Runs a program of the project on the Node that the project pins:
 *
 *     node tools/launcher/run.js FILE [ARGUMENT...]
 *
 * Installs the npm packages first if they are missing or do not match package-lock.json.
 * Plain JavaScript, because a fresh clone may start it with an older Node.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const pinnedNode = `${root}node_modules/node/bin/node`;
const stamp = `${root}node_modules/.installed-lock`;

if (process.platform === 'win32') {
  fail('On Windows, run Inventario with Docker: docker compose up --build -d --wait');
}
if (Number(process.versions.node.split('.')[0]) < 20) {
  fail(`Node ${process.versions.node} is too old; install Node 20 or later.`);
}
installPackages();

const child = spawn(pinnedNode, process.argv.slice(2), {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, PATH: `${root}node_modules/node/bin:${process.env.PATH}` },
});
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
  process.on(signal, () => child.kill(signal));
}
child.on('exit', (code, signal) => {
  process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 143);
});

function installPackages() {
  const lock = createHash('sha256')
    .update(readFileSync(`${root}package-lock.json`))
    .digest('hex');
  const installed = existsSync(stamp) && readFileSync(stamp, 'utf8') === lock;
  if (installed && existsSync(pinnedNode)) return;
  console.log('Installing the npm packages and Node 24 into node_modules ...');
  const npm = spawnSync('npm', ['ci', '--include=dev', '--no-audit', '--no-fund'], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, NODE_ENV: '' },
  });
  if (npm.status !== 0 || !existsSync(pinnedNode)) {
    const errors = (npm.stderr ?? '').split('\n').filter((line) => line.startsWith('npm error'));
    fail(['npm ci failed:', npm.error?.message ?? '', ...errors.slice(0, 12)].join('\n'));
  }
  writeFileSync(stamp, lock);
}

/** @param {string} message */
function fail(message) {
  console.error(message);
  process.exit(1);
}
