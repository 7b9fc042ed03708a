import { mkdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { secretFile, WEB_SECRETS } from '../../src/config/secrets.ts';
import type { Programs } from './install/programs.ts';
import { isListening } from './ports.ts';
import { dataDir, groupOptions, hasData, mysqldOptions } from './server-data.ts';
import { PROJECT_DIR, type DatabaseServer, type StackConfig, type WebInstance } from './stack-config.ts';
import type { ProcessSpec } from './supervisor.ts';
import { whyUnwritable } from './unwritable.ts';

const isRoot = process.getuid?.() === 0;
/** mysqld exits with this code to request a restart, for example after a clone. */
const MYSQLD_RESTART = 16;

const logFile = (config: StackConfig, name: string) => join(config.varDir, 'log', `${name}.log`);

export function mysqlProcess(config: StackConfig, programs: Programs, server: DatabaseServer): ProcessSpec {
  return {
    name: server.name,
    role: server === config.primary && !config.group ? 'primary' : 'replica',
    port: server.port,
    command: programs.mysqld,
    args: [...mysqldOptions(config, server), ...groupOptions(config, server)],
    // Tells mysqld that a supervisor restarts it on request.
    env: { MYSQLD_PARENT_PID: String(process.pid) },
    restartCode: MYSQLD_RESTART,
    // Its disk may be read-only, or unmounted to be repaired.
    canStart: async () => hasData(config, server) && !(await whyUnwritable(dataDir(config, server))),
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
      GROUP: config.group ? 'on' : 'off',
      DEMO: config.demo ? 'on' : 'off',
      // The launcher takes a replica out of use that crashes.
      COUNT_RESTARTS: 'off',
      SESSION_IDLE_MINUTES: String(config.sessionIdleMinutes),
      SESSION_MAX_HOURS: String(config.sessionMaxHours),
      TZ_DEFAULT: config.timeZone,
      TRASH_DAYS: String(config.trashDays),
      SHOP: config.shop ? 'on' : 'off',
      CURRENCY: config.currency.code,
      ...alertEnvironment(config),
      ...config.gateways,
      ...Object.fromEntries(WEB_SECRETS.map((name) => [`${name}_FILE`, secretFile(config.secretsDir, name)])),
    },
    logFile: logFile(config, instance.name),
    isReady: () => answersOk(`http://127.0.0.1:${instance.port}/health/ready`),
  };
}

function alertEnvironment(config: StackConfig): Record<string, string> {
  const given = Object.entries(config.alerts).filter(([, value]) => value !== undefined);
  return { PUBLIC_URL: siteOf(config), ...Object.fromEntries(given) };
}

function siteOf({ host, port }: StackConfig): string {
  return `http://${reachableHost(host)}:${port}`;
}

/** Payment gateways for the demonstration, in which no money moves. */
export function simulatorProcess(config: StackConfig, port: number): ProcessSpec {
  return {
    name: 'simulator',
    role: 'simulator',
    port,
    command: process.execPath,
    args: [join(PROJECT_DIR, 'tools/gateway-simulators/run.ts')],
    env: { PORT: String(port), SITE: siteOf(config) },
    logFile: logFile(config, 'simulator'),
    isReady: () => answersOk(`http://127.0.0.1:${port}/`),
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
