import { rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { dataDir } from './server-data.ts';
import type { DatabaseServer } from './stack-config.ts';

/** A folder in which no file can be created. */
export interface Unwritable {
  folder: string;
  reason: string;
}

/** Why a replica is left out that keeps its data. */
export const UNWRITABLE = 'its folder cannot be written to';

const LOOK_EVERY_MS = 5000;
/** Where MySQL spills large transactions and sorts. */
const TEMPORARY_FOLDER = '/tmp';
const WHAT_TO_DO = 'What to do: docs/deployment.md#a-disk-that-cannot-be-written-to';

/** @returns undefined also for a folder that is missing or another user's */
export async function whyUnwritable(folder: string): Promise<string | undefined> {
  // Access rights do not tell: ext4 keeps them when an error makes it read-only.
  const file = join(folder, `.write-test-${process.pid}`);
  try {
    await writeFile(file, 'x');
    return undefined;
  } catch (error) {
    return await reasonOf((error as NodeJS.ErrnoException).code, folder);
  } finally {
    await rm(file, { force: true }).catch(() => undefined);
  }
}

async function reasonOf(code: string | undefined, folder: string): Promise<string | undefined> {
  if (code === 'EROFS') return 'read-only file system';
  if (code === 'EIO') return 'input/output error';
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return undefined;
  const { files, ffree } = await statfs(folder);
  return files > 0 && ffree === 0 ? 'no free inodes' : 'no space left';
}

export async function findUnwritable(folders: string[]): Promise<Unwritable[]> {
  const found = await Promise.all(
    folders.map(async (folder) => ({ folder, reason: await whyUnwritable(folder) })),
  );
  return found.flatMap(({ folder, reason }) => (reason ? [{ folder, reason }] : []));
}

/** All that a running system writes to. */
export function writtenFolders(varDir: string, servers: Pick<DatabaseServer, 'folder'>[]): string[] {
  const data = servers.map((server) => dataDir({ varDir }, server));
  return [join(varDir, 'run'), join(varDir, 'log'), ...data, TEMPORARY_FOLDER];
}

/** One sentence for each reason; empty when there is none. */
export function describeUnwritable(found: Unwritable[]): string {
  const reasons = [...new Set(found.map(({ reason }) => reason))];
  const sentences = reasons.map((reason) => {
    const folders = found.filter((each) => each.reason === reason).map(({ folder }) => folder);
    return `No file can be created in ${folders.join(', ')}: ${reason}.`;
  });
  return sentences.length > 0 ? [...sentences, WHAT_TO_DO].join(' ') : '';
}

/** Says when folders cannot be written to, and when they can again. */
export async function watchFolders(
  folders: string[],
  { log, signal }: { log: (line: string) => void; signal: AbortSignal },
): Promise<void> {
  let known = '';
  while (!signal.aborted) {
    const problem = describeUnwritable(await findUnwritable(folders));
    if (problem !== known) log(problem ? `WARNING: ${problem}` : 'All folders can be written to again.');
    known = problem;
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}
