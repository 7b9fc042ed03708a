import { execFile } from 'node:child_process';
import { constants, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { secretFile, WEB_SECRETS } from '../../src/config/secrets.ts';
import type { Programs } from './install/programs.ts';
import { isListening } from './ports.ts';
import { PROJECT_DIR, type DatabaseServer, type StackConfig, type WebInstance } from './stack-config.ts';
import type { ProcessSpec } from './supervisor.ts';

const run = promisify(execFile);
const isRoot = process.getuid?.() === 0;
/** mysqld exits with this code to request a restart, for example after a clone. */
const MYSQLD_RESTART = 16;

const logFile = (config: StackConfig, name: string) => join(config.varDir, 'log', `${name}.log`);

function mysqldOptions(config: StackConfig, server: DatabaseServer): string[] {
  return [
    `--defaults-file=${join(PROJECT_DIR, 'mysql/server.cnf')}`,
    ...(isRoot ? ['--user=root'] : []),
    `--datadir=${dataDir(config, server)}`,
    `--server-id=${server.serverId}`,
    // Relative to the data folder: a socket's path is limited to 107 characters.
    '--socket=mysqld.sock',
    `--port=${server.port}`,
    '--bind-address=127.0.0.1',
    '--report-host=127.0.0.1',
    `--report-port=${server.port}`,
    '--pid-file=mysqld.pid',
  ];
}

export function dataDir(config: StackConfig, server: DatabaseServer): string {
  return join(config.varDir, 'mysql', server.name);
}

export function hasData(config: StackConfig, server: DatabaseServer): boolean {
  return (
    existsSync(join(dataDir(config, server), 'mysql.ibd')) && !existsSync(initializingMarker(config, server))
  );
}

/** A promotion persists super_read_only = OFF. */
export function hasBeenPromoted(config: StackConfig, server: DatabaseServer): boolean {
  const persisted = join(dataDir(config, server), 'mysqld-auto.cnf');
  if (!hasData(config, server) || !existsSync(persisted)) return false;
  return /"super_read_only"\s*:\s*\{\s*"Value"\s*:\s*"OFF"/.test(readFileSync(persisted, 'utf8'));
}

/** Exists during initialization; if one was interrupted, it starts again. */
function initializingMarker(config: StackConfig, server: DatabaseServer): string {
  return join(config.varDir, 'run', `${server.name}.marker`);
}

/** Initializes the first server without data and copies it for the others, which takes a fraction of the time. */
export async function prepareDatabases(
  config: StackConfig,
  programs: Programs,
  servers: DatabaseServer[],
  stopping: AbortSignal,
): Promise<void> {
  const [first, ...others] = servers.filter((server) => !hasData(config, server));
  if (!first) return;
  await makeData(config, first, () => initialize(config, programs, first, stopping));
  for (const server of others) {
    stopping.throwIfAborted();
    await makeData(config, server, async (folder) => {
      await cp(dataDir(config, first), folder, { recursive: true, mode: constants.COPYFILE_FICLONE });
      // Holds the server's identity; mysqld makes a new one.
      await rm(join(folder, 'auto.cnf'), { force: true });
    });
  }
}

async function makeData(
  config: StackConfig,
  server: DatabaseServer,
  make: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = dataDir(config, server);
  const marker = initializingMarker(config, server);
  await rm(folder, { recursive: true, force: true });
  await mkdir(join(folder, '..'), { recursive: true });
  await writeFile(marker, '');
  await make(folder);
  await rm(marker);
}

async function initialize(
  config: StackConfig,
  programs: Programs,
  server: DatabaseServer,
  stopping: AbortSignal,
): Promise<void> {
  const password = await readFile(secretFile(config.secretsDir, 'ROOT_PASSWORD'), 'utf8');
  const initFile = join(config.varDir, 'run', `${server.name}-init.sql`);
  // --init-file takes one statement per line. root may use TCP, which is bound to loopback.
  const statements = [
    'SET sql_log_bin = 0;',
    `ALTER USER root@localhost IDENTIFIED BY '${password}';`,
    `CREATE USER root@'%' IDENTIFIED BY '${password}';`,
    "GRANT ALL ON *.* TO root@'%' WITH GRANT OPTION;",
  ];
  await writeFile(initFile, statements.join('\n') + '\n', { mode: 0o600 });
  try {
    const options = [...mysqldOptions(config, server), '--initialize-insecure', `--init-file=${initFile}`];
    await run(programs.mysqld, options, { signal: stopping });
  } catch (error) {
    const { stderr = '', message } = error as { stderr?: string; message: string };
    const errors = stderr.split('\n').filter((line) => line.includes('[ERROR]'));
    throw new Error(`${server.name} cannot be initialized: ${errors.join('\n') || message}`);
  } finally {
    await rm(initFile);
  }
}

export function mysqlProcess(config: StackConfig, programs: Programs, server: DatabaseServer): ProcessSpec {
  return {
    name: server.name,
    role: server === config.primary ? 'primary' : 'replica',
    port: server.port,
    command: programs.mysqld,
    args: mysqldOptions(config, server),
    // Tells mysqld that a supervisor restarts it on request.
    env: { MYSQLD_PARENT_PID: String(process.pid) },
    restartCode: MYSQLD_RESTART,
    logFile: logFile(config, server.name),
    isReady: () => isListening(server.port),
  };
}

const loopback = ({ port }: { port: number }) => `127.0.0.1:${port}`;

export function webProcess(config: StackConfig, instance: WebInstance): ProcessSpec {
  return {
    name: instance.name,
    role: 'web',
    port: instance.port,
    weight: instance.weight,
    command: process.execPath,
    args: [join(PROJECT_DIR, 'src/server.ts')],
    env: {
      NODE_ENV: 'production',
      INSTANCE: instance.name,
      PORT: String(instance.port),
      WEIGHT: String(instance.weight),
      PRIMARY: loopback(config.primary),
      REPLICAS: config.replicas.map(loopback).join(','),
      DEMO: config.demo ? 'on' : 'off',
      SESSION_IDLE_MINUTES: String(config.sessionIdleMinutes),
      SESSION_MAX_HOURS: String(config.sessionMaxHours),
      TZ_DEFAULT: config.timeZone,
      ...Object.fromEntries(WEB_SECRETS.map((name) => [`${name}_FILE`, secretFile(config.secretsDir, name)])),
    },
    logFile: logFile(config, instance.name),
    isReady: () => answersOk(`http://127.0.0.1:${instance.port}/health/ready`),
  };
}

export async function nginxProcess(config: StackConfig, programs: Programs): Promise<ProcessSpec> {
  const runDir = join(config.varDir, 'run/nginx');
  mkdirSync(runDir, { recursive: true });
  const site = join(runDir, 'inventario.conf');
  const main = join(runDir, 'nginx.conf');
  const servers = config.web.map(
    (instance) => `server ${loopback(instance)} weight=${instance.weight} max_fails=1 fail_timeout=3s;`,
  );
  await render('inventario.conf.template', site, {
    UPSTREAM_SERVERS: servers.join('\n    '),
    RESOLVER: '',
    FORWARDED_PROTO: '$scheme',
    LISTEN: `${urlHost(config.host)}:${config.port}`,
  });
  await render('local.conf.template', main, {
    RUN_DIR: runDir,
    SITE: site,
    USER: isRoot ? 'user root;' : '',
  });
  return {
    name: 'nginx',
    role: 'nginx',
    port: config.port,
    command: programs.nginx,
    args: ['-e', 'stderr', '-p', runDir, '-c', main],
    logFile: logFile(config, 'nginx'),
    isReady: () => answersOk(`http://${reachableHost(config.host)}:${config.port}/health/live`),
    stopSignal: 'SIGQUIT',
  };
}

/** Like envsubst in NGINX's Docker image: replaces `${NAME}` for the given names only. */
async function render(template: string, file: string, values: Record<string, string>) {
  const text = await readFile(join(PROJECT_DIR, 'nginx', template), 'utf8');
  await writeFile(
    file,
    text.replace(/\$\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole),
  );
}

export async function phpMyAdminProcess(
  config: StackConfig,
  php: NonNullable<Programs['php']>,
  port: number,
): Promise<ProcessSpec> {
  const runDir = join(config.varDir, 'run/phpmyadmin');
  mkdirSync(join(runDir, 'sessions'), { recursive: true });
  const configuration = join(runDir, 'config.inc.php');
  const secret = await readFile(secretFile(config.secretsDir, 'SESSION_SECRET'), 'utf8');
  const servers = [config.primary, ...config.replicas].map(
    ({ name, port }, index) =>
      `$cfg['Servers'][${index + 1}] = ['verbose' => '${name}', 'host' => '127.0.0.1', 'port' => ${port}, 'auth_type' => 'cookie'];`,
  );
  const lines = ['<?php', `$cfg['blowfish_secret'] = '${secret}';`, ...servers];
  await writeFile(configuration, lines.join('\n') + '\n', { mode: 0o600 });
  return {
    name: 'phpmyadmin',
    role: 'phpmyadmin',
    port,
    command: php.command,
    args: [
      '-d',
      `session.save_path=${join(runDir, 'sessions')}`,
      '-S',
      `127.0.0.1:${port}`,
      '-t',
      php.phpMyAdmin,
    ],
    env: {
      PHPMYADMIN_CONFIG: configuration,
      PHPMYADMIN_TEMP: `${runDir}/`,
      PHP_CLI_SERVER_WORKERS: '4',
    },
    logFile: logFile(config, 'phpmyadmin'),
    isReady: () => isListening(port),
  };
}

/** The host by which local programs reach a server that listens on `host`. */
export function reachableHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return urlHost(host === '::' ? '::1' : host);
}

function urlHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

async function answersOk(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2000) })).ok;
  } catch {
    return false;
  }
}
