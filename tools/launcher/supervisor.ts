import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync, closeSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { signalGroup } from './stack-state.ts';

export type Role = 'primary' | 'replica' | 'web' | 'nginx' | 'phpmyadmin';

export interface ProcessSpec {
  name: string;
  role: Role;
  port: number;
  /** NGINX's weight, for web instances. */
  weight?: number;
  command: string;
  args: string[];
  env?: Record<string, string>;
  logFile: string;
  /** Whether it serves now. */
  isReady: () => Promise<boolean>;
  stopSignal?: NodeJS.Signals;
  /** An exit code that asks to be started again at once, without it being a failure. */
  restartCode?: number;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** A process that ran this long was well: the next pause begins small again. */
const HEALTHY_MS = 60_000;
const START_LIMIT_MS = 120_000;
const STOP_LIMIT_MS = 30_000;
const LOG_LIMIT_BYTES = 10 * 1024 * 1024;

/** Keeps one process running: starts it again, after a growing pause, whenever it ends by itself. */
export class Supervisor {
  readonly spec: ProcessSpec;
  readonly #say: (line: string) => void;
  readonly #onChange: () => void;
  #child: ChildProcess | undefined;
  #pause = FIRST_PAUSE_MS;
  #startedAt = 0;
  #stopping = new AbortController();

  constructor(spec: ProcessSpec, say: (line: string) => void, onChange: () => void) {
    this.spec = spec;
    this.#say = say;
    this.#onChange = onChange;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /**
   * Starts the process and waits until it serves.
   *
   * @throws when it ends before that, or does not serve in two minutes
   */
  async start(): Promise<void> {
    const child = this.#spawn();
    const giveUpAt = Date.now() + START_LIMIT_MS;
    for (;;) {
      const isReady = await this.spec.isReady();
      // Only then: something else that answers on its port must not be taken for it.
      if (hasEnded(child)) throw new Error(`${this.spec.name} did not start; see ${this.spec.logFile}`);
      if (isReady) break;
      if (Date.now() > giveUpAt) {
        throw new Error(`${this.spec.name} does not answer; see ${this.spec.logFile}`);
      }
      await sleep(100, undefined, { signal: this.#stopping.signal });
    }
    this.#keepAlive(child);
  }

  /** Asks the process to end and waits; kills it when it does not end in half a minute. */
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

  #spawn(): ChildProcess {
    const { command, args, env, logFile } = this.spec;
    const log = openLog(logFile);
    // A group of its own: Ctrl-C in the terminal reaches the launcher alone, which stops all in order.
    const child = spawn(command, args, {
      detached: true,
      stdio: ['ignore', log, log],
      env: { PATH: process.env.PATH, LANG: 'C.UTF-8', ...env },
    });
    closeSync(log);
    this.#child = child;
    this.#startedAt = Date.now();
    child.on('error', (error) => this.#say(`${this.spec.name}: ${error.message}`));
    child.on('exit', () => {
      // Workers of a process that was killed (NGINX, PHP) would hold on to its port.
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
    if (hasEnded(child)) void this.#revive(child.exitCode, child.signalCode);
    else child.on('exit', (code, signal) => void this.#revive(code, signal));
  }

  async #revive(code: number | null, signal: NodeJS.Signals | null): Promise<void> {
    if (this.#isStopping()) return;
    if (code === null || code !== this.spec.restartCode) {
      if (Date.now() - this.#startedAt > HEALTHY_MS) this.#pause = FIRST_PAUSE_MS;
      const reason = signal ? `was ended by ${signal}` : `ended with code ${code}`;
      this.#say(`${this.spec.name} ${reason}; starting it again in ${this.#pause / 1000} s`);
      const pause = this.#pause;
      this.#pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
      await sleep(pause, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
    }
    if (this.#isStopping()) return;
    try {
      this.#keepAlive(this.#spawn());
    } catch (error) {
      // A full disk, say: its log cannot be written. It is tried again like a process that has ended.
      this.#say(`${this.spec.name}: ${String(error)}`);
      await this.#revive(null, null);
    }
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
}

/** Opens a log for appending; a large one makes room, and the one before it is kept as NAME.1. */
function openLog(file: string): number {
  mkdirSync(dirname(file), { recursive: true });
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size > LOG_LIMIT_BYTES) renameSync(file, `${file}.1`);
  return openSync(file, 'a');
}
