import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

const MEGABYTES = 700;
/** Free inodes are filled one by one. */
const INODES = 1000;
/** Of e2fsck: errors were corrected. */
const CORRECTED = 1;

/** A disk that turns read-only at an error, as Linux does to one that fails. Mounting it takes root, and Linux. */
export class Ext4Disk {
  readonly folder: string;
  readonly #parent: string;
  readonly #image: string;
  #device = '';

  private constructor() {
    this.#parent = mkdtempSync(join(tmpdir(), 'inventario-disk-'));
    this.#image = join(this.#parent, 'image');
    this.folder = join(this.#parent, 'mounted');
    mkdirSync(this.folder);
  }

  /** @returns undefined where it cannot be mounted */
  static mount(): Ext4Disk | undefined {
    const disk = new Ext4Disk();
    try {
      writeFileSync(disk.#image, '');
      truncateSync(disk.#image, MEGABYTES * 1024 * 1024);
      execFileSync('mkfs.ext4', ['-q', '-F', '-N', String(INODES), disk.#image], { stdio: 'ignore' });
      disk.#mount();
      return disk;
    } catch {
      rmSync(disk.#parent, { recursive: true });
      return undefined;
    }
  }

  /** Moves a folder here, and leaves a link to it. */
  take(folder: string): void {
    const moved = join(this.folder, basename(folder));
    execFileSync('mv', [folder, moved]);
    execFileSync('ln', ['-s', moved, folder]);
    // An error would undo what has not reached the disk.
    execFileSync('sync', ['--file-system', this.folder]);
  }

  turnReadOnly(): void {
    writeFileSync(`/sys/fs/ext4/${this.#device}/trigger_fs_error`, '1');
  }

  /** Nothing may use the disk. */
  repair(): void {
    execFileSync('umount', [this.folder]);
    const { status, stdout } = spawnSync('e2fsck', ['-fy', this.#image], { encoding: 'utf8' });
    if (status === null || status > CORRECTED) throw new Error(`e2fsck ended with ${status}: ${stdout}`);
    this.#mount();
  }

  /** No file can be created until `allowNewFiles`. */
  refuseNewFiles(): void {
    mkdirSync(this.#filled);
    try {
      for (let i = 0; ; i++) writeFileSync(join(this.#filled, String(i)), '');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }

  allowNewFiles(): void {
    rmSync(this.#filled, { recursive: true, force: true });
  }

  unmount(): void {
    execFileSync('umount', ['--lazy', this.folder]);
    rmSync(this.#parent, { recursive: true, force: true });
  }

  get #filled(): string {
    return join(this.folder, 'filled');
  }

  #mount(): void {
    execFileSync('mount', ['-o', 'loop,errors=remount-ro', this.#image, this.folder], { stdio: 'ignore' });
    const source = execFileSync('findmnt', ['--noheadings', '--output', 'SOURCE', this.folder]);
    this.#device = basename(source.toString().trim());
  }
}
