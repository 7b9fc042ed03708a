import { setTimeout as sleep } from 'node:timers/promises';
import { isConnectionError, isLockConflict } from './mysql-errors.ts';

/** A deadlock's victim, or one that waited too long for a lock, is tried again this often in all. */
const LOCK_ATTEMPTS = 4;
/** What lost its connection is tried again for this long. */
const RETRY_LIMIT_MS = 1500;
const RETRY_PAUSE_MS = 50;

/** Runs `attempt`, again when it lost a lock or its connection; what it does must be safe to repeat. */
export async function retrying<T>(attempt: () => Promise<T>): Promise<T> {
  const giveUpAt = Date.now() + RETRY_LIMIT_MS;
  for (let left = LOCK_ATTEMPTS - 1; ; left--) {
    try {
      return await attempt();
    } catch (error) {
      const isWorthAnother = isLockConflict(error)
        ? left > 0
        : isConnectionError(error) && Date.now() < giveUpAt;
      if (!isWorthAnother) throw error;
      await sleep(RETRY_PAUSE_MS);
    }
  }
}
