import { setTimeout as sleep } from 'node:timers/promises';

/** Waits up to 90 s until `condition` holds; an error counts as "not yet". */
export async function waitUntil(condition: () => Promise<boolean> | boolean): Promise<void> {
  const giveUpAt = Date.now() + 90_000;
  let problem: unknown = 'it never became true';
  while (Date.now() < giveUpAt) {
    try {
      if (await condition()) return;
    } catch (error) {
      problem = error;
    }
    await sleep(100);
  }
  throw new Error(`Timed out: ${String(problem)}`);
}
