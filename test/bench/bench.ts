import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SettingsError } from '../../src/settings.ts';
import { findFreePorts } from '../support/stack.ts';
import { prepareCatalogue } from './catalogue/prepare.ts';
import { readOptions } from './options.ts';

/** `npm run bench`: what the system takes and holds with a million products. */
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopping.abort());

try {
  const options = readOptions(process.argv.slice(2));
  if (options.onlyBuild) await buildFor(options.var!, options.products);
} catch (error) {
  if (!stopping.signal.aborted) console.error(error instanceof SettingsError ? error.message : error);
  process.exitCode = 1;
}

/** Leaves a data folder that `npm start` goes on with; none when it is cut off. */
async function buildFor(varDir: string, products: number): Promise<void> {
  const began = Date.now();
  if (existsSync(join(varDir, 'mysql')))
    throw new SettingsError(`There are data in ${varDir}; name another folder`);
  try {
    const port = await findFreePorts();
    await prepareCatalogue({ varDir, port, products, stopping: stopping.signal, say: console.log });
  } catch (error) {
    await rm(join(varDir, 'mysql'), { recursive: true, force: true });
    throw error;
  }
  const seconds = Math.round((Date.now() - began) / 1000);
  console.log(`${products} products in ${seconds} s. Next: VAR_DIR=${varDir} npm start`);
}
