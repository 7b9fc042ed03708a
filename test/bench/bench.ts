import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { SettingsError } from '../../src/config/settings.ts';
import { findFreePorts } from '../support/stack.ts';
import { prepareCatalogue } from './catalogue/prepare.ts';
import { measureAll } from './measure-all.ts';
import { readOptions, type BenchOptions } from './options.ts';
import { formatTable } from './report.ts';

const began = performance.now();
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopping.abort());

try {
  const options = readOptions(process.argv.slice(2));
  if (options.onlyBuild) await buildCatalogue(options.var!, options.products);
  else await bench(options);
} catch (error) {
  if (!stopping.signal.aborted) console.error(error instanceof SettingsError ? error.message : error);
  process.exitCode = 1;
}

/** Builds a data folder for `npm start`, and removes it when interrupted. */
async function buildCatalogue(varDir: string, products: number): Promise<void> {
  if (existsSync(join(varDir, 'mysql')))
    throw new SettingsError(`${varDir} already holds data; choose another folder`);
  try {
    const port = await findFreePorts();
    await prepareCatalogue({ varDir, port, products, stopping: stopping.signal, log: console.log });
  } catch (error) {
    await rm(join(varDir, 'mysql'), { recursive: true, force: true });
    throw error;
  }
  log(`Loaded ${products} products. Next: VAR_DIR=${varDir} npm start`);
}

async function bench({ products, quick, json }: BenchOptions): Promise<void> {
  const measured = await measureAll({ products, quick, stopping: stopping.signal, log });
  const cores = cpus();
  const machine = {
    cpu: cores[0]?.model,
    cores: cores.length,
    megabytes: Math.round(totalmem() / 1024 ** 2),
  };
  console.log(`\n${formatTable(measured.rows)}`);
  console.log(`\n${machine.cores} cores of ${machine.cpu}`);
  if (json) await writeFile(json, JSON.stringify({ products, machine, ...measured }, null, 2));
  log('done');
}

function log(what: string): void {
  console.log(`${((performance.now() - began) / 1000).toFixed(0).padStart(4)} s  ${what}`);
}
