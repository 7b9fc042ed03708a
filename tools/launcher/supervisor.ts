import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, fstatSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { CannotStartError, explainLog } from './cannot-start.ts';
import { openLog } from './log-files.ts';
import { signalGroup } from './stack-state.ts';

export type Role = 'primary' | 'replica' | 'web' | 'nginx' | 'phpmyadmin' | 'simulator';

export interface ProcessSpec {
  name: string;
  role: Role;
  port: number;
  /** In NGINX's upstream; for web instances. */
  weight?: number;
  command: string;
  args: string[];
  env?: Record<string, string>;
  logFile: string;
  isReady: () => Promise<boolean>;
  stopSignal?: NodeJS.Signals;
  /** An exit code that requests an immediate restart. */
  restartCode?: number;
  /** Called at the third crash in a few minutes. @returns true to leave it stopped */
  onCrashLoop?: () => boolean;
  /** Asked before it is started again. A server whose data cannot be used would only end. */
  canStart?: () => Promise<boolean>;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** After running this long, the pause is reset. */
const HEALTHY_MS = 60_000;
const ASK_AGAIN_MS = 2000;
const START_LIMIT_MS = 120_000;
const STOP_LIMIT_MS = 30_000;
const CRASH_WINDOW_MS = 5 * 60_000;
const MAX_CRASHES = 3;
/** Of someone who ends it from outside, such as the system when memory runs out. */
const KILL_SIGNALS = ['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP'];

export class Supervisor {
  readonly spec: ProcessSpec;
  readonly #log: (line: string) => void;
  readonly #onChange: () => void;
  #child: ChildProcess | undefined;
  #pause = FIRST_PAUSE_MS;
  #startedAt = 0;
  #crashes: number[] = [];
  #logStart = 0;
  #stopping = new AbortController();

  constructor(spec: ProcessSpec, log: (line: string) => void, onChange: () => void) {
    this.spec = spec;
    this.#log = log;
    this.#onChange = onChange;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** @throws CannotStartError when the process exits or is not ready within START_LIMIT_MS */
  async start(): Promise<void> {
    const child = this.#spawn();
    const giveUpAt = Date.now() + START_LIMIT_MS;
    for (;;) {
      const isReady = await this.spec.isReady();
      // Check this even if ready: another program may be answering on the port.
      if (hasEnded(child)) throw this.#failure('did not start');
      if (isReady) break;
      if (Date.now() > giveUpAt) throw this.#failure('does not answer');
      await sleep(100, undefined, { signal: this.#stopping.signal });
    }
    this.#keepAlive(child);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    const child = this.#child;
    if (!child || hasEnded(child)) return;
    const ended = once(child, 'exit');
    child.kill(this.spec.stopSignal ?? 'SIGTERM');
    const killer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
    await ended;
    clearTimeout(killer);
  }

  #failure(what: string): CannotStartError {
    const { name, logFile } = this.spec;
    const log = existsSync(logFile) ? readFileSync(logFile).subarray(this.#logStart).toString() : '';
    return new CannotStartError(`${name} ${what}:\n${explainLog(log)}\nIts log: ${logFile}`);
  }

  #spawn(): ChildProcess {
    const { command, args, env, logFile } = this.spec;
    const log = openLog(logFile);
    this.#logStart = log === 'ignore' ? 0 : fstatSync(log).size;
    // Own process group: Ctrl-C reaches only the launcher, which stops everything in order.
    const child = spawn(command, args, {
      detached: true,
      stdio: ['ignore', log, log],
      env: { PATH: process.env.PATH, LANG: 'C.UTF-8', ...env },
    });
    if (log === 'ignore')
      this.#log(
        `${this.spec.name} runs without a log until it is started again: ${logFile} cannot be opened`,
      );
    else closeSync(log);
    this.#child = child;
    this.#startedAt = Date.now();
    child.on('error', (error) => this.#log(`${this.spec.name}: ${error.message}`));
    child.on('exit', () => {
      // Orphaned workers (NGINX, PHP) would keep the port open.
      if (child.pid) signalGroup(child.pid, 'SIGKILL');
      this.#child = undefined;
      this.#onChange();
    });
    this.#onChange();
    return child;
  }

  #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  #keepAlive(child: ChildProcess): void {
    if (hasEnded(child)) void this.#restart(child.exitCode, child.signalCode);
    else child.on('exit', (code, signal) => void this.#restart(code, signal));
  }

  #isCrashLoop(code: number | null, signal: NodeJS.Signals | null): boolean {
    const isFailure = Boolean(code) && code !== this.spec.restartCode;
    const isCrash = signal ? !KILL_SIGNALS.includes(signal) : isFailure;
    if (!isCrash) return false;
    const now = Date.now();
    this.#crashes = [...this.#crashes.filter((at) => at > now - CRASH_WINDOW_MS), now];
    return this.#crashes.length >= MAX_CRASHES;
  }

  async #untilStartable(): Promise<void> {
    const { name, canStart } = this.spec;
    if (!canStart || (await canStart())) return;
    this.#log(`${name} is started again once its folder can be used`);
    while (!this.#isStopping() && !(await canStart())) {
      await sleep(ASK_AGAIN_MS, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
    }
  }

  async #restart(code: number | null, signal: NodeJS.Signals | null): Promise<void> {
    if (this.#isStopping()) return;
    if (this.#isCrashLoop(code, signal) && this.spec.onCrashLoop?.()) return;
    if (code === null || code !== this.spec.restartCode) {
      if (Date.now() - this.#startedAt > HEALTHY_MS) this.#pause = FIRST_PAUSE_MS;
      const reason = signal ? `was ended by ${signal}` : `ended with code ${code}`;
      this.#log(`${this.spec.name} ${reason}; starting it again in ${this.#pause / 1000} s`);
      const pause = this.#pause;
      this.#pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
      await sleep(pause, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
    }
    await this.#untilStartable();
    if (this.#isStopping()) return;
    try {
      this.#keepAlive(this.#spawn());
    } catch (error) {
      this.#log(`${this.spec.name}: ${String(error)}`);
      await this.#restart(null, null);
    }
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
}
