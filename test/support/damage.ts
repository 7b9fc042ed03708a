import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '../../tools/launcher/stack-state.ts';
import { Stack } from './stack.ts';

const PAGE_BYTES = 16 * 1024;

/** Replaces pages of a file, as a failing disk does. */
export async function overwritePages(file: string, from: number, count: number): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    await handle.write(randomBytes(count * PAGE_BYTES), 0, count * PAGE_BYTES, from * PAGE_BYTES);
  } finally {
    await handle.close();
  }
}

/** What a start that is expected to end says and leaves. */
export async function refusedStart(options: Parameters<typeof Stack.spawn>[0]) {
  const stack = await Stack.spawn(options);
  const [code] = (await once(stack.launcher, 'exit')) as [number];
  await sleep(50);
  return { code, output: stack.output, left: stack.data.processes().filter(isAlive) };
}
