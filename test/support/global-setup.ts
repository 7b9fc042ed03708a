import { Stack } from './stack.ts';
import { findOrInstallChromium } from './chromium.ts';

/** One system of three instances, NGINX, primary and replica serves all test files. */
export default async function setUp(): Promise<void> {
  await findOrInstallChromium();
  console.log('\nStarting the system that is tested ...');
  const stack = await Stack.start({ args: ['--phpmyadmin'] });
  process.env.TEST_PORT = String(stack.port);
  process.env.TEST_VAR_DIR = stack.varDir;
  (globalThis as { testStack?: Stack }).testStack = stack;
}
