import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MEGABYTES = 1500;

/** A disk in memory that can be filled and freed. Mounting it takes root, and Linux. */
export class SmallDisk {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** @returns undefined where it cannot be mounted */
  static mount(): SmallDisk | undefined {
    const folder = mkdtempSync(join(tmpdir(), 'inventario-disk-'));
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${MEGABYTES}m`, 'tmpfs', folder], {
        stdio: 'ignore',
      });
      return new SmallDisk(folder);
    } catch {
      rmSync(folder, { recursive: true });
      return undefined;
    }
  }

  /** To the last byte. */
  fill(): void {
    const file = openSync(join(this.folder, 'fill'), 'a');
    try {
      for (const bytes of [1024 * 1024, 4096]) {
        const zeros = Buffer.alloc(bytes);
        try {
          while (writeSync(file, zeros) > 0);
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
        }
      }
    } finally {
      closeSync(file);
    }
  }

  free(): void {
    rmSync(join(this.folder, 'fill'), { force: true });
  }

  /** No file can be created until `allowNewFiles`. */
  refuseNewFiles(): void {
    const { files, ffree } = statfsSync(this.folder);
    this.#remount(`nr_inodes=${files - ffree}`);
  }

  allowNewFiles(): void {
    this.#remount('nr_inodes=100k');
  }

  unmount(): void {
    execFileSync('umount', ['--lazy', this.folder]);
    rmSync(this.folder, { recursive: true, force: true });
  }

  #remount(option: string): void {
    execFileSync('mount', ['-o', `remount,${option}`, this.folder]);
  }
}
