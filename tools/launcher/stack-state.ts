import { mkdirSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Role } from './supervisor.ts';

export interface RecordedProcess {
  name: string;
  role: Role | 'launcher';
  pid: number;
  /** Distinguishes it from a later process with the same pid. */
  startedAt: string;
  port?: number;
  weight?: number;
}

/** Kept in VAR_DIR for `npm run status`, `npm stop` and the next start. */
export interface StackState {
  url: string;
  launcher: RecordedProcess;
  /** All MySQL servers, running or not. The original primary comes first. */
  servers: { name: string; folder: string; port: number; outOfUse?: string }[];
  semiSync: boolean;
  group: boolean;
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

export function removeState(varDir: string): void {
  for (const file of [stateFile(varDir), lockFile(varDir)]) {
    try {
      unlinkSync(file);
    } catch {
      // Missing, or on a read-only disk: it names processes that have ended, which the next start sees.
    }
  }
}

/** @returns false while another launcher is running in `varDir` */
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
    unlinkSync(file);
  }
}

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

/** In the system's notation; undefined without such a process. */
function startTime(pid: number): string | undefined {
  try {
    if (process.platform !== 'linux') {
      return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    }
    // proc(5) stat: field 22 is the start time, field 3 the state (Z for a zombie).
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

export async function stopLeftovers(state: StackState, log: (line: string) => void): Promise<void> {
  const isRunning = (process: RecordedProcess) => isAlive(process) || hasOrphans(process);
  const leftovers = state.processes.filter(isRunning);
  if (leftovers.length === 0) return;
  log(`Stopping what an earlier start left behind: ${leftovers.map(({ name }) => name).join(', ')}`);
  for (const { pid } of leftovers) signalGroup(pid, 'SIGTERM');
  const giveUpAt = Date.now() + 30_000;
  while (leftovers.some(isRunning) && Date.now() < giveUpAt) await sleep(100);
  for (const { pid } of leftovers.filter(isRunning)) signalGroup(pid, 'SIGKILL');
}

/** The process has ended but its group has not. The system does not reuse the pid until then. */
function hasOrphans({ pid }: RecordedProcess): boolean {
  return startTime(pid) === undefined && signalGroup(pid, 0);
}

/** Each process leads a group that includes its workers. */
export function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-pid, signal);
  } catch {
    return false;
  }
}
