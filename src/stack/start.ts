import { readFileSync } from 'node:fs';
import { DATABASE_SECRETS, ensureSecrets, secretFile, WEB_SECRETS, type SecretName } from '../secrets.ts';
import { setUp } from '../setup.ts';
import { SettingsError } from '../settings.ts';
import { findOrInstallPrograms, MissingProgramsError, type Programs } from './install/programs.ts';
import { checkPorts, PortTakenError } from './ports.ts';
import {
  initializeDatabase,
  mysqlProcess,
  nginxProcess,
  phpMyAdminProcess,
  reachable,
  webProcess,
} from './processes.ts';
import { readStackConfig, type StackConfig } from './stack-config.ts';
import { isAlive, readState, recordProcess, removeState, stopLeftovers, writeState } from './stack-state.ts';
import { Supervisor, type ProcessSpec } from './supervisor.ts';
import { printSummary } from './summary.ts';

const say = (line: string) => console.log(line);

/** The processes in the order they were started; they are stopped in the opposite one. */
const started: Supervisor[][] = [];
let stopping: Promise<void> | undefined;

try {
  await start(readStackConfig(process.argv.slice(2)));
} catch (error) {
  if (!stopping) {
    console.error(isExpected(error) ? error.message : error);
    process.exitCode = 1;
    await stop();
  }
}

async function start(config: StackConfig): Promise<void> {
  const earlier = readState(config.varDir);
  if (earlier && isAlive(earlier.launcher)) {
    say(`Inventario runs already, on ${earlier.url} (npm run status shows it, npm stop ends it).`);
    process.exitCode = 1;
    return;
  }
  if (earlier) await stopLeftovers(earlier, say);
  await checkPorts(config);
  const programs = await findOrInstallPrograms(
    config.runtimeDir,
    { phpMyAdmin: config.phpMyAdminPort !== undefined },
    say,
  );
  await ensureSecrets(config.secretsDir, [...DATABASE_SECRETS, ...WEB_SECRETS], { mode: 0o600 });

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (!stopping) say('Stopping ...');
      void stop().then(() => removeState(config.varDir));
    });
  }

  const servers = [config.primary, ...config.replicas];
  record(config);
  await Promise.all(servers.map((server) => initializeDatabase(config, programs, server)));
  await startTogether(config, [mysqlProcess(config, programs, config.primary)]);
  await startTogether(
    config,
    config.replicas.map((server) => mysqlProcess(config, programs, server)),
  );
  const oneTimePassword = await setUp(setupConfig(config), say);
  await startTogether(
    config,
    config.web.map((instance) => webProcess(config, instance)),
  );
  await startTogether(config, await entrances(config, programs));
  if (!stopping)
    printSummary(
      config,
      started.flat().map(({ spec }) => spec),
      oneTimePassword,
    );
}

async function entrances(config: StackConfig, programs: Programs): Promise<ProcessSpec[]> {
  const nginx = await nginxProcess(config, programs);
  if (!programs.php || !config.phpMyAdminPort) return [nginx];
  return [nginx, await phpMyAdminProcess(config, programs.php, config.phpMyAdminPort)];
}

async function startTogether(config: StackConfig, specs: ProcessSpec[]): Promise<void> {
  if (stopping) throw new Error('stopped');
  const group = specs.map((spec) => new Supervisor(spec, say, () => record(config)));
  started.push(group);
  await Promise.all(group.map((supervisor) => supervisor.start()));
}

async function stop(): Promise<void> {
  stopping ??= (async () => {
    for (const group of started.toReversed()) {
      await Promise.all(group.map((supervisor) => supervisor.stop()));
    }
  })();
  return stopping;
}

function record(config: StackConfig): void {
  const running = started.flat().filter(({ pid }) => pid !== undefined);
  writeState(config.varDir, {
    url: `http://${reachable(config.host)}:${config.port}`,
    launcher: recordProcess(process.pid, { name: 'launcher', role: 'launcher' }),
    processes: running.map(({ pid, spec: { name, role, port, weight } }) =>
      recordProcess(pid!, { name, role, port, ...(weight && { weight }) }),
    ),
  });
}

function setupConfig(config: StackConfig) {
  const secret = (name: SecretName) => readFileSync(secretFile(config.secretsDir, name), 'utf8');
  const address = ({ port }: { port: number }) => ({ host: '127.0.0.1', port });
  return {
    PRIMARY: address(config.primary),
    REPLICAS: config.replicas.map(address),
    DEMO: config.demo,
    ADMIN_PASSWORD: undefined,
    ROOT_PASSWORD: secret('ROOT_PASSWORD'),
    MIGRATOR_PASSWORD: secret('MIGRATOR_PASSWORD'),
    APP_PASSWORD: secret('APP_PASSWORD'),
    REPLICATOR_PASSWORD: secret('REPLICATOR_PASSWORD'),
    MONITOR_PASSWORD: secret('MONITOR_PASSWORD'),
  };
}

/** Errors whose message says all that the reader needs. */
function isExpected(error: unknown): error is Error {
  return [SettingsError, PortTakenError, MissingProgramsError].some((type) => error instanceof type);
}
