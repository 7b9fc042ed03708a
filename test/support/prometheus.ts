import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { once } from 'node:events';
import { unpackDebianPackages } from '../../tools/launcher/install/debian-packages.ts';
import { PROJECT_DIR } from '../../tools/launcher/stack-config.ts';

const INSTALLED = join(PROJECT_DIR, '.runtime/prometheus');

/** Prometheus from PATH, or Debian's unpacked into .runtime. */
async function findOrInstall(): Promise<string> {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const onPath = folders.map((folder) => join(folder, 'prometheus')).find(existsSync);
  if (onPath) return onPath;
  if (!existsSync(INSTALLED)) {
    const unpacked = `${INSTALLED}.new`;
    await rm(unpacked, { recursive: true, force: true });
    await mkdir(unpacked, { recursive: true });
    const osRelease = await readFile('/etc/os-release', 'utf8');
    const suite = /^VERSION_CODENAME=(\w+)/m.exec(osRelease)?.[1] ?? 'stable';
    await unpackDebianPackages({ packages: ['prometheus'], suite, onTopOfMachine: true, into: unpacked });
    await rename(join(unpacked, 'usr/bin/prometheus'), INSTALLED);
    await rm(unpacked, { recursive: true });
  }
  return INSTALLED;
}

/** A real Prometheus with the settings of monitoring/, but shorter intervals and other targets. */
export class Prometheus {
  readonly #url: string;
  readonly #folder: string;
  readonly #process: ChildProcess;

  private constructor(url: string, folder: string, running: ChildProcess) {
    this.#url = url;
    this.#folder = folder;
    this.#process = running;
  }

  static async start(port: number, targets: string[]): Promise<Prometheus> {
    const program = await findOrInstall();
    const folder = await mkdtemp(join(tmpdir(), 'inventario-prometheus-'));
    await cp(join(PROJECT_DIR, 'monitoring'), folder, { recursive: true });
    const file = join(folder, 'prometheus.yml');
    const settings = (await readFile(file, 'utf8'))
      .replace(/targets: \[.*\]/, `targets: ${JSON.stringify(targets)}`)
      .replaceAll(/_interval: 10s/g, '_interval: 1s');
    await writeFile(file, settings);
    const running = spawn(
      program,
      [
        `--config.file=${file}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { stdio: 'ignore' },
    );
    return new Prometheus(`http://127.0.0.1:${port}`, folder, running);
  }

  /** `path` is relative to the HTTP API, such as `targets` or `query?query=up`. */
  async ask<T>(path: string): Promise<T> {
    const response = await fetch(`${this.#url}/api/v1/${path}`);
    const { data } = (await response.json()) as { data: T };
    return data;
  }

  async stop(): Promise<void> {
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGTERM');
    await ended;
    await rm(this.#folder, { recursive: true, force: true });
  }
}
