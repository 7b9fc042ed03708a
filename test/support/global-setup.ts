import { findOrInstallChromium } from './chromium.ts';
import { findOrInstallLibreOffice } from './libreoffice.ts';
import { Stack } from './stack.ts';

/** Starts a system for each of Jest's workers, which its test files share. */
export default async function setUp({ maxWorkers }: { maxWorkers: number }): Promise<void> {
  await findOrInstallChromium();
  await findOrInstallLibreOffice();
  console.log('\nStarting the system under test ...');
  const stacks: Stack[] = [];
  (globalThis as { testStacks?: Stack[] }).testStacks = stacks;
  // One after the other: the first installs the servers.
  while (stacks.length < maxWorkers) stacks.push(await Stack.start({ args: ['--phpmyadmin'] }));
  process.env.TEST_SYSTEMS = JSON.stringify(stacks.map(({ port, varDir }) => ({ port, varDir })));
}
