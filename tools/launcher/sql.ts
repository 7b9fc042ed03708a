import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { secretFile } from '../../src/config/secrets.ts';
import { readStackConfig } from './stack-config.ts';
import { readState } from './stack-state.ts';

/** Opens MySQL's client as root: `npm run sql -- SERVER [OPTION OF mysql...]`. */
const [name, ...options] = process.argv.slice(2);
const config = readStackConfig([]);
const servers = readState(config.varDir)?.servers ?? [];
const server = servers.find((candidate) => candidate.name === name);
if (server) {
  const installed = join(config.runtimeDir, 'mysql/bin/mysql');
  // In a file, because other users of the machine can see arguments.
  const account = join(config.varDir, 'run/sql.cnf');
  const password = readFileSync(secretFile(config.secretsDir, 'ROOT_PASSWORD'), 'utf8');
  writeFileSync(account, `[client]\nuser=root\npassword="${password}"\n`, { mode: 0o600 });
  const client = spawn(
    existsSync(installed) ? installed : 'mysql',
    [`--defaults-file=${account}`, '--host=127.0.0.1', `--port=${server.port}`, ...options, 'inventario'],
    { stdio: 'inherit' },
  );
  client.on('error', ({ message }) => console.error(`MySQL's client cannot be started: ${message}`));
  client.on('exit', (code) => (process.exitCode = code ?? 1));
  // Ctrl-C ends a statement, which is for the client to decide.
  process.on('SIGINT', () => undefined);
} else {
  console.error(
    servers.length === 0
      ? 'Inventario is not running. Start it with: npm start'
      : `Name a server: npm run sql -- ${servers.map((each) => each.name).join(' | ')}`,
  );
  process.exitCode = 1;
}
