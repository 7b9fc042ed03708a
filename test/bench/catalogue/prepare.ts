import { mkdirSync } from 'node:fs';
import { DATABASE_SECRETS, ensureSecrets, WEB_SECRETS } from '../../../src/config/secrets.ts';
import { setUp } from '../../../src/commands/set-up-servers.ts';
import { findOrInstallPrograms } from '../../../tools/launcher/install/programs.ts';
import { mysqlProcess } from '../../../tools/launcher/processes.ts';
import { Progress } from '../../../tools/launcher/progress.js';
import { addressOf, readSetupConfig } from '../../../tools/launcher/setup-config.ts';
import { prepareDatabases } from '../../../tools/launcher/server-data.ts';
import { readStackConfig } from '../../../tools/launcher/stack-config.ts';
import { Supervisor } from '../../../tools/launcher/supervisor.ts';
import { loadCatalogue, type LoadTimes } from './load.ts';

export interface CatalogueOrder {
  varDir: string;
  port: number;
  products: number;
  stopping: AbortSignal;
  log: (line: string) => void;
}

/** Creates the primary's data folder with this many products; the next start clones the replicas from it. */
export async function prepareCatalogue({
  varDir,
  port,
  products,
  stopping,
  log,
}: CatalogueOrder): Promise<LoadTimes> {
  const config = readStackConfig([], {
    VAR_DIR: varDir,
    PORT: String(port),
    RUNTIME_DIR: process.env.RUNTIME_DIR,
  });
  mkdirSync(config.runtimeDir, { recursive: true });
  const programs = await findOrInstallPrograms(config.runtimeDir, { phpMyAdmin: false }, new Progress());
  await ensureSecrets(config.secretsDir, [...DATABASE_SECRETS, ...WEB_SECRETS], { mode: 0o600 });
  mkdirSync(`${varDir}/run`, { recursive: true });
  await prepareDatabases(config, programs, [config.primary], stopping);
  const primary = new Supervisor(mysqlProcess(config, programs, config.primary), log, () => undefined);
  try {
    await primary.start();
    const setup = readSetupConfig(config);
    await setUp({ ...setup, REPLICAS: [] }, { log: () => undefined });
    const root = { user: 'root', password: setup.ROOT_PASSWORD };
    return await loadCatalogue(addressOf(config.primary), root, { count: products, stopping });
  } finally {
    await primary.stop();
  }
}
