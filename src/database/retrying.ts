import { setTimeout as sleep } from 'node:timers/promises';
import { isConnectionError, isLockConflict } from './mysql-errors.ts';

/** Attempts in all after a deadlock or a lock wait timeout. */
const LOCK_ATTEMPTS = 4;
const RETRY_LIMIT_MS = 1500;
const RETRY_PAUSE_MS = 50;

/** `attempt` must be safe to repeat. */
export async function retrying<T>(attempt: () => Promise<T>): Promise<T> {
  const giveUpAt = Date.now() + RETRY_LIMIT_MS;
  for (let retriesLeft = LOCK_ATTEMPTS - 1; ; retriesLeft--) {
    try {
      return await attempt();
    } catch (error) {
      const shouldRetry = isLockConflict(error)
        ? retriesLeft > 0
        : isConnectionError(error) && Date.now() < giveUpAt;
      if (!shouldRetry) throw error;
      await sleep(RETRY_PAUSE_MS);
    }
  }
}
