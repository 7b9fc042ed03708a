import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { webProcess } from '../../tools/launcher/processes.ts';
import { readStackConfig } from '../../tools/launcher/stack-config.ts';
import { Supervisor } from '../../tools/launcher/supervisor.ts';
import { findFreePorts, Stack } from '../support/stack.ts';
import { seconds, type LoadTimes } from './catalogue/load.ts';
import { prepareCatalogue } from './catalogue/prepare.ts';
import { median } from './timing.ts';

export interface BuildTimes extends LoadTimes {
  /** Including the clone of the replica. */
  start: number;
}

export interface Instance {
  /** From start until ready. */
  ms: number;
  /** Resident megabytes when ready. */
  memory: number;
}

/** A system in a temporary folder. */
export class BenchSystem {
  readonly stack: Stack;
  readonly built: BuildTimes;

  private constructor(stack: Stack, built: BuildTimes) {
    this.stack = stack;
    this.built = built;
  }

  static async with<T>(
    { products, stopping }: { products: number; stopping: AbortSignal },
    measure: (system: BenchSystem) => Promise<T>,
  ): Promise<T> {
    const varDir = await mkdtemp(join(tmpdir(), 'inventario-bench-'));
    const port = await findFreePorts();
    let stack: Stack | undefined;
    try {
      const times = await prepareCatalogue({ varDir, port, products, stopping, log: console.log });
      stopping.throwIfAborted();
      const start = await seconds(async () => {
        stack = await Stack.spawn({ varDir, port });
        await stack.waitUntilRunning(stopping);
      });
      const system = new BenchSystem(stack!, { ...times, start });
      return await Promise.race([measure(system), rejectOnAbort(stopping)]);
    } finally {
      await stack?.stop();
      await rm(varDir, { recursive: true, force: true });
    }
  }

  get url(): string {
    return this.stack.url;
  }

  get data() {
    return this.stack.data;
  }

  /** Resident megabytes of each instance. */
  instanceMemory(): number[] {
    const instances = this.data.processes().filter(({ role }) => role === 'web');
    return instances.map(({ pid }) => residentMegabytes(pid));
  }

  /** Starts an extra instance `times` times. @returns the medians */
  async startInstance(times: number): Promise<Instance> {
    const starts: Instance[] = [];
    while (starts.length < times) starts.push(await this.#startOnce());
    return { ms: median(starts.map(({ ms }) => ms)), memory: median(starts.map(({ memory }) => memory)) };
  }

  async #startOnce(): Promise<Instance> {
    const { varDir, port } = this.stack;
    const config = readStackConfig([], { VAR_DIR: varDir, PORT: String(port) });
    const instance = { name: 'web9', port: port + 14, weight: 1 };
    const supervisor = new Supervisor(webProcess(config, instance), console.log, () => undefined);
    try {
      const began = performance.now();
      await supervisor.start();
      return { ms: performance.now() - began, memory: residentMegabytes(supervisor.pid!) };
    } finally {
      await supervisor.stop();
    }
  }
}

function residentMegabytes(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1024;
}

function rejectOnAbort(stopping: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    stopping.addEventListener('abort', () => reject(stopping.reason as Error), { once: true });
  });
}
