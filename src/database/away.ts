import { isConnectionError, isDiskError, isLockConflict } from './mysql-errors.ts';
import { TimeLimitError } from './time-limit.ts';

/** The write failed or its outcome is unknown; the same request may be sent again. */
export class PrimaryAwayError extends Error {
  override name = 'PrimaryAwayError';
}

export class DiskFullError extends PrimaryAwayError {
  override name = 'DiskFullError';
}

export function isDiskFull(error: unknown): boolean {
  return error instanceof DiskFullError || isDiskError(error);
}

export function isAway(error: unknown): boolean {
  const isOurs = error instanceof PrimaryAwayError || error instanceof TimeLimitError;
  return isOurs || isConnectionError(error) || isLockConflict(error) || isDiskError(error);
}
