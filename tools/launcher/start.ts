import { accessSync, constants, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { DATABASE_SECRETS, ensureSecrets, secretFile, WEB_SECRETS } from '../../src/config/secrets.ts';
import { setUpGroup } from '../../src/commands/set-up-group.ts';
import { setUp } from '../../src/commands/set-up-servers.ts';
import { keepReplicas } from '../../src/database/keep-replicas.ts';
import { keepGroup } from '../../src/database/replication-group/keep-group.ts';
import { ReplicaAheadError, TwoPrimariesError } from '../../src/database/replication.ts';
import { NoPrimaryError } from '../../src/database/servers.ts';
import { SettingsError } from '../../src/config/settings.ts';
import { CannotStartError, explainSystemError } from './cannot-start.ts';
import { checkDataVersion, checkFolders, checkState } from './check-state.ts';
import { DatabaseServers } from './database-servers.ts';
import { findOrInstallPrograms, MissingProgramsError, type Programs } from './install/programs.ts';
import { checkPorts, PortTakenError } from './ports.ts';
import { rotateLog } from './log-files.ts';
import { nginxProcess, phpMyAdminProcess, reachableHost, simulatorProcess, webProcess } from './processes.ts';
import { Progress } from './progress.js';
import { hasData, hasUnknownFiles, prepareDatabases, putAside } from './server-data.ts';
import { readSetupConfig } from './setup-config.ts';
import { readStackConfig, type StackConfig } from './stack-config.ts';
import {
  readState,
  recordProcess,
  removeState,
  stopLeftovers,
  takeLaunchLock,
  writeState,
} from './stack-state.ts';
import { Supervisor, type ProcessSpec } from './supervisor.ts';
import { printSummary } from './summary.ts';
import { watchFolders, writtenFolders } from './unwritable.ts';

const LOOK_AT_LOGS_MS = 60_000;
const SAVE_STATE_AGAIN_MS = 5000;

// Its output may be a file on a full disk, or a terminal that was closed.
for (const output of [process.stdout, process.stderr]) output.on('error', () => undefined);

const progress = new Progress();
const log = (line: string) => progress.log(line);
/** run.js has done the first. */
const step = (number: number, title: string) => progress.begin(`[${number}/6] ${title}`);

/** In start order; stopped in reverse. */
const started: Supervisor[][] = [];
/** Members that left their group together would wait for one another. */
const oneByOne = new Set<Supervisor[]>();
let outOfUse: ReadonlyMap<string, string> = new Map();
const stopped = new AbortController();
let stopping: Promise<void> | undefined;
let savingAgain: NodeJS.Timeout | undefined;

try {
  const config = readStackConfig(process.argv.slice(2));
  await checkFolders(config);
  makeFolders(config);
  if (takeLaunchLock(config.varDir)) {
    process.on('exit', () => removeState(config.varDir));
    await start(config);
  } else {
    log('Inventario is already running here (npm run status shows it, npm stop stops it).');
    process.exitCode = 1;
  }
} catch (error) {
  progress.end();
  if (!stopping) console.error(explain(error));
  await stop();
  process.exit(1);
}

async function start(config: StackConfig): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (!stopping) log('Stopping ...');
      // Exit explicitly, because pending waits would hold the process for minutes.
      void stop().then(() => process.exit(0));
    });
  }
  const earlier = readState(config.varDir);
  if (earlier) await stopLeftovers(earlier, log);
  await checkPorts(config);
  checkEmpty(config);
  checkState(config);
  step(2, 'MySQL and NGINX');
  const wanted = { phpMyAdmin: config.phpMyAdminPort !== undefined };
  const programs = await findOrInstallPrograms(config.runtimeDir, wanted, progress);
  checkDataVersion(config, programs.mysqlVersion);
  await prepareSecrets(config);
  if (!config.demo) writeFileSync(config.ownDataMarker, '');

  const servers = [config.primary, ...config.replicas];
  saveState(config);
  step(3, `Preparing the data of ${servers.length} MySQL servers`);
  for (const server of servers.filter((each) => hasUnknownFiles(config, each))) {
    log(`${server.name}: incomplete data are put aside in ${await putAside(config, server)}`);
  }
  await prepareDatabases(config, programs, servers, stopped.signal);
  step(4, 'Starting MySQL');
  const databases = new DatabaseServers({
    config,
    programs,
    log,
    onChange: () => trySaveState(config),
    stopping: stopped.signal,
  });
  // In two groups: replicas stop before the primary.
  started.push(databases.primary, databases.replicas);
  if (config.group) oneByOne.add(databases.replicas);
  ({ outOfUse } = databases);
  await databases.start();
  step(5, 'Setting up accounts, tables and replication');
  const oneTimePassword = await setUpDatabases(config, databases);
  step(6, `Starting ${config.web.length} instances and NGINX`);
  await startTogether(
    config,
    config.web.map((instance) => webProcess(config, instance)),
  );
  await startTogether(config, await frontProcesses(config, programs));
  progress.end();
  setInterval(() => {
    for (const { spec } of started.flat()) rotateLog(spec.logFile);
  }, LOOK_AT_LOGS_MS);
  if (!stopping)
    printSummary(
      config,
      started.flat().flatMap(({ spec }) => (outOfUse.has(spec.name) ? [] : [spec])),
      oneTimePassword,
    );
  void watchFolders(writtenFolders(config.varDir, servers), { log, signal: stopped.signal });
  const keep = config.group ? keepGroup : keepReplicas;
  void keep(readSetupConfig(config), { log, signal: stopped.signal });
}

/** @returns a new administrator's one-time password */
async function setUpDatabases(config: StackConfig, databases: DatabaseServers): Promise<string | undefined> {
  const tell = (line: string) => !stopping && log(line);
  if (!config.group) {
    return setUp(readSetupConfig(config), {
      log: tell,
      renew: (name) => databases.renew(name),
      leftOut: new Set(outOfUse.keys()),
    });
  }
  const oneTimePassword = await setUpGroup(readSetupConfig(config), { log: tell, signal: stopped.signal });
  await databases.replaceLeftOut();
  return oneTimePassword;
}

async function frontProcesses(config: StackConfig, programs: Programs): Promise<ProcessSpec[]> {
  const { phpMyAdminPort, simulatorPort } = config;
  return [
    await nginxProcess(config, programs),
    ...(programs.php && phpMyAdminPort
      ? [await phpMyAdminProcess(config, programs.php, phpMyAdminPort)]
      : []),
    ...(simulatorPort ? [simulatorProcess(config, simulatorPort)] : []),
  ];
}

async function startTogether(config: StackConfig, specs: ProcessSpec[]): Promise<void> {
  if (stopping) throw new Error('stopped');
  const group = specs.map((spec) => new Supervisor(spec, log, () => trySaveState(config)));
  started.push(group);
  await Promise.all(group.map((supervisor) => supervisor.start()));
}

async function stop(): Promise<void> {
  stopped.abort();
  stopping ??= (async () => {
    for (const group of started.toReversed()) {
      if (oneByOne.has(group)) for (const supervisor of group) await supervisor.stop();
      else await Promise.all(group.map((supervisor) => supervisor.stop()));
    }
  })();
  return stopping;
}

/** A full disk must not stop the stack: the state is saved once there is space. */
function trySaveState(config: StackConfig): void {
  try {
    saveState(config);
    if (savingAgain) log("The stack's state is saved again.");
    clearTimeout(savingAgain);
    savingAgain = undefined;
  } catch (error) {
    if (!savingAgain) log(`Cannot save the stack's state: ${String(error)}`);
    clearTimeout(savingAgain);
    savingAgain = setTimeout(() => trySaveState(config), SAVE_STATE_AGAIN_MS).unref();
  }
}

function saveState(config: StackConfig): void {
  const running = started.flat().filter(({ pid }) => pid !== undefined);
  writeState(config.varDir, {
    url: `http://${reachableHost(config.host)}:${config.port}`,
    launcher: recordProcess(process.pid, { name: 'launcher', role: 'launcher' }),
    servers: [config.primary, ...config.replicas].map(({ name, folder, port }) => {
      const reason = outOfUse.get(name);
      return { name, folder, port, ...(reason && { outOfUse: reason }) };
    }),
    semiSync: config.semiSync,
    group: config.group,
    processes: running.map(({ pid, spec: { name, role, port, weight } }) =>
      recordProcess(pid!, { name, role, port, ...(weight && { weight }) }),
    ),
  });
}

/** @throws SettingsError when it is too late to start empty */
function checkEmpty(config: StackConfig): void {
  if (!process.argv.includes('--empty') || existsSync(config.ownDataMarker)) return;
  if (!hasData(config, config.primary)) return;
  throw new SettingsError(
    `--empty is for the first start, and ${config.varDir} holds data. To start over without them, delete that folder.`,
  );
}

/** Only unexpected errors are shown with their stack. */
function explain(error: unknown): unknown {
  const expected = [
    ...[SettingsError, PortTakenError, MissingProgramsError, CannotStartError],
    ...[NoPrimaryError, ReplicaAheadError, TwoPrimariesError],
  ];
  if (expected.some((type) => error instanceof type)) return (error as Error).message;
  return explainSystemError(error) ?? error;
}

/** Data keep the passwords they were made with; the set-up gives them the new ones. */
async function prepareSecrets(config: StackConfig): Promise<void> {
  const hadData = hasData(config, config.primary);
  const names = [...DATABASE_SECRETS, ...WEB_SECRETS];
  const missing = await ensureSecrets(config.secretsDir, names, { mode: 0o600 });
  if (!hadData) return;
  for (const name of missing) {
    const effect = name === 'SESSION_SECRET' ? 'everyone logs in again' : 'the servers get it now';
    log(`${secretFile(config.secretsDir, name)} was gone; a new one was made, and ${effect}.`);
  }
}

function makeFolders({ varDir, runtimeDir }: StackConfig): void {
  for (const [setting, folder] of [
    ['VAR_DIR', varDir],
    ['RUNTIME_DIR', runtimeDir],
  ] as const) {
    try {
      mkdirSync(folder, { recursive: true });
      accessSync(folder, constants.W_OK);
    } catch {
      throw new SettingsError(`${setting} is "${folder}"; it must be a folder that can be written to`);
    }
  }
}
