import { copyFileSync, mkdirSync, openSync, renameSync, statSync, truncateSync } from 'node:fs';
import { dirname } from 'node:path';

const LIMIT_BYTES = 10 * 1024 * 1024;

/** @returns 'ignore' when the log cannot be opened, as on a full disk: the process then runs without one */
export function openLog(file: string): number | 'ignore' {
  try {
    mkdirSync(dirname(file), { recursive: true });
    if (isLarge(file)) renameSync(file, `${file}.1`);
    return openSync(file, 'a');
  } catch {
    return 'ignore';
  }
}

/** Moves the lines of a large log to NAME.1. Its process keeps the file open, and appends to it. */
export function rotateLog(file: string): void {
  try {
    if (!isLarge(file)) return;
    copyFileSync(file, `${file}.1`);
    truncateSync(file);
  } catch {
    // Without space for the copy it is tried again later.
  }
}

function isLarge(file: string): boolean {
  return (statSync(file, { throwIfNoEntry: false })?.size ?? 0) > LIMIT_BYTES;
}
