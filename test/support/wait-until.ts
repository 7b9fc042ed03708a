import { setTimeout as sleep } from 'node:timers/promises';

const LONGEST_PAUSE_MS = 100;

/** Waits up to 90 s until `condition` holds; an error counts as "not yet". Asks often at first. */
export async function waitUntil(condition: () => Promise<boolean> | boolean): Promise<void> {
  const giveUpAt = Date.now() + 90_000;
  let problem: unknown = 'it never became true';
  for (let pause = 10; Date.now() < giveUpAt; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    try {
      if (await condition()) return;
    } catch (error) {
      problem = error;
    }
    await sleep(pause);
  }
  throw new Error(`Timed out: ${String(problem)}`);
}
