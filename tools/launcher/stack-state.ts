import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Role } from './supervisor.ts';

/** A process as it stands in the record: its start time tells it from a later one of the same pid. */
export interface RecordedProcess {
  name: string;
  role: Role | 'launcher';
  pid: number;
  startedAt: string;
  port?: number;
  weight?: number;
}

/** What runs, kept in VAR_DIR for `npm run status`, `npm stop` and the next start. */
export interface StackState {
  url: string;
  launcher: RecordedProcess;
  /** All MySQL servers, also one that does not run just now; the first primary is the first. */
  servers: { name: string; port: number }[];
  semiSync: boolean;
  processes: RecordedProcess[];
}

const stateFile = (varDir: string) => join(varDir, 'run/stack.json');
const lockFile = (varDir: string) => join(varDir, 'run/launcher.json');

export function writeState(varDir: string, state: StackState): void {
  const file = stateFile(varDir);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, JSON.stringify(state, null, 2));
  renameSync(`${file}.new`, file);
}

/** Forgets the stack that this process has launched. */
export function removeState(varDir: string): void {
  rmSync(stateFile(varDir), { force: true });
  rmSync(lockFile(varDir), { force: true });
}

/**
 * Makes this process the one that launches in `varDir`.
 *
 * @returns whether it may: false while another launcher lives
 */
export function takeLaunchLock(varDir: string): boolean {
  const file = lockFile(varDir);
  mkdirSync(dirname(file), { recursive: true });
  const self = JSON.stringify(recordProcess(process.pid, { name: 'launcher', role: 'launcher' }));
  for (;;) {
    try {
      writeFileSync(file, self, { flag: 'wx' });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = readJson(file) as RecordedProcess | undefined;
    if (holder && isAlive(holder)) return false;
    rmSync(file, { force: true });
  }
}

/** The record of the stack in `varDir`; undefined when none was left. */
export function readState(varDir: string): StackState | undefined {
  return readJson(stateFile(varDir)) as StackState | undefined;
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

export function recordProcess(
  pid: number,
  process: Omit<RecordedProcess, 'pid' | 'startedAt'>,
): RecordedProcess {
  return { ...process, pid, startedAt: startTime(pid) ?? '' };
}

export function isAlive({ pid, startedAt }: RecordedProcess): boolean {
  return startTime(pid) === startedAt;
}

/** When a process was started, in the system's own notation; undefined when there is none. */
function startTime(pid: number): string | undefined {
  try {
    if (process.platform !== 'linux') {
      return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    }
    // Field 22 of proc(5)'s stat, the 20th behind the name in parentheses; field 3 is Z for a zombie.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/** Ends what a launcher that was killed has left running, with the workers of what was killed too. */
export async function stopLeftovers(state: StackState, say: (line: string) => void): Promise<void> {
  const isLeft = (process: RecordedProcess) => isAlive(process) || hasOrphans(process);
  const leftovers = state.processes.filter(isLeft);
  if (leftovers.length === 0) return;
  say(`Stopping what an earlier start has left: ${leftovers.map(({ name }) => name).join(', ')}`);
  for (const { pid } of leftovers) signalGroup(pid, 'SIGTERM');
  const giveUpAt = Date.now() + 30_000;
  while (leftovers.some(isLeft) && Date.now() < giveUpAt) await sleep(100);
  for (const { pid } of leftovers.filter(isLeft)) signalGroup(pid, 'SIGKILL');
}

/** The process is gone and its group is not: the system gives its pid to nobody else until it is. */
function hasOrphans({ pid }: RecordedProcess): boolean {
  return startTime(pid) === undefined && signalGroup(pid, 0);
}

/** Every process is started as the leader of a group, which its workers belong to. */
export function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-pid, signal);
  } catch {
    return false;
  }
}
