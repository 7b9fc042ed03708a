import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PROJECT_DIR, STACK_SETTINGS } from '../../tools/launcher/stack-config.ts';
import { StackData } from './stack-data.ts';

export interface StartOptions {
  args?: string[];
  env?: Record<string, string>;
  varDir?: string;
  port?: number;
  /** Another source tree. */
  projectDir?: string;
}

/** A separate `npm start` with its own ports and data. */
export class Stack {
  readonly varDir: string;
  readonly port: number;
  readonly launcher: ChildProcess;
  output = '';

  private constructor(varDir: string, port: number, launcher: ChildProcess) {
    this.varDir = varDir;
    this.port = port;
    this.launcher = launcher;
    for (const stream of [launcher.stdout, launcher.stderr]) {
      stream?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    }
  }

  static async spawn({
    args = [],
    env = {},
    varDir,
    port,
    projectDir = PROJECT_DIR,
  }: StartOptions = {}): Promise<Stack> {
    const folder = varDir ?? (await mkdtemp(join(tmpdir(), 'inventario-test-')));
    const freePort = port ?? (await findFreePorts());
    const launcher = spawn(process.execPath, [join(projectDir, 'tools/launcher/start.ts'), ...args], {
      env: { ...environmentWithoutSettings(), PORT: String(freePort), VAR_DIR: folder, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new Stack(folder, freePort, launcher);
  }

  /** @throws with the launcher's output if it exits */
  static async start(options: StartOptions = {}): Promise<Stack> {
    const stack = await Stack.spawn(options);
    await stack.waitUntilRunning();
    return stack;
  }

  /** Waits until everything runs. @throws with the launcher's output if it exits */
  async waitUntilRunning(giveUp?: AbortSignal): Promise<void> {
    while (!this.output.includes('Stop it with')) {
      if (this.launcher.exitCode !== null) throw new Error(`npm start ended:\n${this.output}`);
      await sleep(50, undefined, { signal: giveUp });
    }
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get data(): StackData {
    return new StackData(this.varDir);
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.launcher.exitCode !== null || this.launcher.signalCode !== null) return;
    const ended = once(this.launcher, 'exit');
    this.launcher.kill(signal);
    await ended;
  }

  async stopAndClean(): Promise<void> {
    await this.stop();
    // Processes that were killed may still be writing.
    await rm(this.varDir, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** The environment without the developer's own settings, except where the servers are installed. */
export function environmentWithoutSettings(): NodeJS.ProcessEnv {
  const ours = STACK_SETTINGS.filter((name) => name !== 'RUNTIME_DIR');
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.includes(name)));
}

const FIRST_PORT = 12_000;
const PORTS_EACH = 40;
const BLOCKS = 448;
const BLOCKS_APART = 8;
let block =
  BLOCKS_APART * Math.floor((Math.random() * BLOCKS) / BLOCKS_APART) +
  Number(process.env.JEST_WORKER_ID ?? 0);

/**
 * The first of forty ports, below the ephemeral range, of which those a system uses are free. Another call gives
 * others, and each of Jest's workers has its own, so that systems that start at the same time do not meet.
 */
export async function findFreePorts(): Promise<number> {
  for (;;) {
    block = (block + BLOCKS_APART) % BLOCKS;
    const first = FIRST_PORT + PORTS_EACH * block;
    const offsets = [0, 1, 2, 11, 12, 13, 14, 21, 22, 23, 24];
    const free = await Promise.all(offsets.map((offset) => isFree(first + offset)));
    if (free.every(Boolean)) return first;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
