import { Stack } from './stack.ts';
import { findOrInstallChromium } from './chromium.ts';
import { findOrInstallLibreOffice } from './libreoffice.ts';

/** Starts the one system that all test files share. */
export default async function setUp(): Promise<void> {
  await findOrInstallChromium();
  await findOrInstallLibreOffice();
  console.log('\nStarting the system under test ...');
  const stack = await Stack.start({ args: ['--phpmyadmin'] });
  process.env.TEST_PORT = String(stack.port);
  process.env.TEST_VAR_DIR = stack.varDir;
  (globalThis as { testStack?: Stack }).testStack = stack;
}
