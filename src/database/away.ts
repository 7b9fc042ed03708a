import { isConnectionError, isLockConflict } from './mysql-errors.ts';
import { TimeLimitError } from './time-limit.ts';

/** The write failed or its outcome is unknown; the same request may be sent again. */
export class PrimaryAwayError extends Error {
  override name = 'PrimaryAwayError';
}

/** The error is temporary: a server is unreachable or a lock could not be obtained in time. */
export function isAway(error: unknown): boolean {
  const isOurs = error instanceof PrimaryAwayError || error instanceof TimeLimitError;
  return isOurs || isConnectionError(error) || isLockConflict(error);
}
