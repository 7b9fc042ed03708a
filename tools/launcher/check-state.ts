import { accessSync, constants, existsSync, readdirSync, readFileSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { secretFile } from '../../src/config/secrets.ts';
import { CannotStartError } from './cannot-start.ts';
import { dataDir, findNeededServers, hasData, hasUnknownFiles } from './server-data.ts';
import type { StackConfig } from './stack-config.ts';
import { describeUnwritable, findUnwritable } from './unwritable.ts';

/** Of a server without data, after its first minutes. */
const NEW_SERVER_MB = 300;
const ALWAYS_MB = 100;

/** @throws CannotStartError for state that is lost, damaged or another's, before anything is written */
export function checkState(config: StackConfig): void {
  checkOwner(config);
  checkPrimaryData(config);
  checkRootPassword(config);
  checkSpace(config);
}

function checkOwner({ varDir, secretsDir }: StackConfig): void {
  const foreign = [join(varDir, 'mysql'), secretsDir, join(varDir, 'run'), join(varDir, 'log')]
    .map(findForeign)
    .find((path) => path !== undefined);
  if (foreign === undefined) return;
  throw new CannotStartError(
    `${foreign} belongs to another user (id ${statSync(foreign).uid}) and may not be used.\n` +
      `Start as that user, or take the folder over: sudo chown -R $(id -un) ${varDir}`,
  );
}

/** The first file that this user may not read and write. */
function findForeign(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) return undefined;
  const isFolder = found.isDirectory();
  try {
    accessSync(path, constants.R_OK | constants.W_OK | (isFolder ? constants.X_OK : 0));
  } catch (error) {
    // Of a read-only disk; `checkFolders` tells whether it is needed.
    if ((error as NodeJS.ErrnoException).code !== 'EROFS') return path;
  }
  if (!isFolder) return undefined;
  for (const name of readdirSync(path)) {
    const foreign = findForeign(join(path, name));
    if (foreign !== undefined) return foreign;
  }
  return undefined;
}

/** Logs are not needed, and a replica is left out. @throws CannotStartError */
export async function checkFolders(config: StackConfig): Promise<void> {
  const { varDir, runtimeDir } = config;
  const data = findNeededServers(config).map((server) => dataDir(config, server));
  const unwritable = await findUnwritable([varDir, join(varDir, 'run'), runtimeDir, ...data]);
  if (unwritable.length > 0) throw new CannotStartError(describeUnwritable(unwritable));
}

/** The only copy of the data may be a replica's, or not be complete. */
function checkPrimaryData(config: StackConfig): void {
  const { primary, replicas } = config;
  if (hasData(config, primary) || !findNeededServers(config).includes(primary)) return;
  const folder = dataDir(config, primary);
  const survivor = replicas.find((server) => hasData(config, server));
  if (survivor) {
    throw new CannotStartError(
      `The primary's data is gone from ${folder}, and ${survivor.name} still has a copy.\n` +
        `To continue with that copy, rename ${dataDir(config, survivor)} to primary.\n` +
        "To begin anew, delete the replicas' folders too.",
    );
  }
  if (hasUnknownFiles(config, primary)) {
    throw new CannotStartError(
      `${folder} holds files, but not the whole data of a MySQL server: mysql.ibd is missing.\n` +
        'Put the folder back from a backup. To begin anew, move it away.',
    );
  }
}

function checkRootPassword(config: StackConfig): void {
  const file = secretFile(config.secretsDir, 'ROOT_PASSWORD');
  const hasDatabases = [config.primary, ...config.replicas].some((server) => hasData(config, server));
  if (!hasDatabases || (existsSync(file) && readFileSync(file, 'utf8') !== '')) return;
  throw new CannotStartError(
    `${file} is gone: the password of the databases in ${join(config.varDir, 'mysql')}.\n` +
      'Put the file back from a backup. If there is none, set a new password (docs/deployment.md#lost-secrets).\n' +
      `To begin anew without these data, delete ${config.varDir}.`,
  );
}

function checkSpace(config: StackConfig): void {
  const { bavail, bsize } = statfsSync(config.varDir);
  const free = Math.floor((bavail * bsize) / 1e6);
  const newServers = [config.primary, ...config.replicas].filter((server) => !hasData(config, server));
  const needed = ALWAYS_MB + newServers.length * NEW_SERVER_MB;
  if (free >= needed) return;
  throw new CannotStartError(
    `${config.varDir} has ${free} MB of free space left, and this start needs ${needed} MB.\n` +
      'Make room, or choose another folder with VAR_DIR.',
  );
}

/** @throws CannotStartError when MySQL's data were made by a newer version than `running`, such as "9.7" */
export function checkDataVersion(config: StackConfig, running: string): void {
  for (const server of findNeededServers(config)) {
    const made = readDataVersion(join(dataDir(config, server), 'mysql_upgrade_history'));
    if (made === undefined || compareVersions(made, running) <= 0) continue;
    throw new CannotStartError(
      `${dataDir(config, server)} was made by MySQL ${made}, which is newer than the MySQL ${running} of this start.\n` +
        `Start with MySQL ${made} or later: first on PATH, or in ${config.runtimeDir}.`,
    );
  }
}

/** MySQL appends to this file at each upgrade. */
function readDataVersion(file: string): string | undefined {
  if (!existsSync(file)) return undefined;
  return [...readFileSync(file, 'utf8').matchAll(/"version"\s*:\s*"(\d+\.\d+)/g)].at(-1)?.[1];
}

function compareVersions(one: string, other: string): number {
  return one.localeCompare(other, 'en', { numeric: true });
}
