import { execFile } from 'node:child_process';
import { constants, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { secretFile } from '../../src/config/secrets.ts';
import { CannotStartError, explainLog } from './cannot-start.ts';
import type { Programs } from './install/programs.ts';
import { PROJECT_DIR, type DatabaseServer, type StackConfig } from './stack-config.ts';

const run = promisify(execFile);
const isRoot = process.getuid?.() === 0;

export function mysqldOptions(config: StackConfig, server: DatabaseServer): string[] {
  return [
    `--defaults-file=${settingsFile(config)}`,
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

/** A data folder is initialised without them. */
export function groupOptions({ group, primary, replicas }: StackConfig, server: DatabaseServer): string[] {
  if (!group) return [];
  const address = ({ port }: DatabaseServer) => `127.0.0.1:${port}`;
  return [
    '--plugin-load-add=group_replication.so',
    `--loose-group-replication-local-address=${address(server)}`,
    `--loose-group-replication-group-seeds=${[primary, ...replicas].map(address).join(',')}`,
  ];
}

/** mysqld reads one file of settings, which may include others. */
function settingsFile({ varDir, group }: StackConfig): string {
  const settings = (name: string) => join(PROJECT_DIR, 'mysql', name);
  if (!group) return settings('server.cnf');
  const both = join(varDir, 'run/group.cnf');
  mkdirSync(join(varDir, 'run'), { recursive: true });
  writeFileSync(both, `!include ${settings('server.cnf')}\n!include ${settings('group.cnf')}\n`);
  return both;
}

export function dataDir(
  { varDir }: Pick<StackConfig, 'varDir'>,
  { folder }: Pick<DatabaseServer, 'folder'>,
): string {
  return join(varDir, 'mysql', folder);
}

export function hasData(config: StackConfig, server: DatabaseServer): boolean {
  return (
    existsSync(join(dataDir(config, server), 'mysql.ibd')) && !existsSync(initializingMarker(config, server))
  );
}

export function hasUnknownFiles(config: StackConfig, server: DatabaseServer): boolean {
  const folder = dataDir(config, server);
  if (hasData(config, server) || existsSync(initializingMarker(config, server))) return false;
  return existsSync(folder) && readdirSync(folder).length > 0;
}

/** The servers that are the primary as far as their files tell; any other can be cloned anew. None of a group is. */
export function findNeededServers(config: StackConfig): DatabaseServer[] {
  if (config.group) return [];
  const promoted = config.replicas.filter((server) => persistedReadOnly(config, server) === 'OFF');
  if (promoted.length === 0) return [config.primary];
  const mayBePrimary = hasData(config, config.primary) && persistedReadOnly(config, config.primary) !== 'ON';
  return mayBePrimary ? [config.primary, ...promoted] : promoted;
}

/** A promotion persists super_read_only = OFF; following another server, ON. */
function persistedReadOnly(config: StackConfig, server: DatabaseServer): string | undefined {
  const persisted = join(dataDir(config, server), 'mysqld-auto.cnf');
  if (!hasData(config, server) || !existsSync(persisted)) return undefined;
  return /"super_read_only"\s*:\s*\{\s*"Value"\s*:\s*"(\w+)"/.exec(readFileSync(persisted, 'utf8'))?.[1];
}

/** Keeps a server's folder in place of the one kept before. @returns where it is now */
export async function putAside(config: StackConfig, server: DatabaseServer): Promise<string> {
  const folder = dataDir(config, server);
  const kept = `${folder}.aside`;
  await rm(kept, { recursive: true, force: true });
  await rename(folder, kept);
  return kept;
}

/** Exists during initialization; if one was interrupted, it starts again. */
function initializingMarker(config: StackConfig, server: DatabaseServer): string {
  return join(config.varDir, 'run', `${server.folder}.marker`);
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
    stopping.throwIfAborted();
    throw new CannotStartError(`${server.name} cannot be initialized: ${explainLog(stderr) || message}`);
  } finally {
    await rm(initFile);
  }
}
