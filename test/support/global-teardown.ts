import type { Stack } from './stack.ts';

export default async function tearDown(): Promise<void> {
  const { testStacks = [] } = globalThis as { testStacks?: Stack[] };
  await Promise.all(testStacks.map((stack) => stack.stopAndClean()));
}
