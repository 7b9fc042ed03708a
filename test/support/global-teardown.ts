import type { Stack } from './stack.ts';

export default async function tearDown(): Promise<void> {
  await (globalThis as { testStack?: Stack }).testStack?.stopAndClean();
}
