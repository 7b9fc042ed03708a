import type { DatabaseConfig } from '../config/config.ts';
import { SettingsError } from '../config/settings.ts';
import { closeDatabases, createDatabases, waitForFirstReports } from '../database/databases.ts';
import { findBookFaults } from '../orders/books.ts';

const NOBODY = { kind: 'system', id: 0, lastWrite: {} } as const;

/** Checks stock, orders and money of a running system, on a replica if there is one. Ends the process. */
export async function runBookCheck(readConfig: () => DatabaseConfig): Promise<never> {
  try {
    const databases = createDatabases(readConfig());
    await waitForFirstReports(databases);
    const faults = await findBookFaults(await databases.catalogue.replicaForStream(NOBODY));
    await closeDatabases(databases);
    for (const { rule, found } of faults) {
      console.error(`Not true: ${rule}`);
      for (const row of found) console.error(`  ${JSON.stringify(row)}`);
    }
    if (faults.length === 0) console.log('The books are right.');
    process.exit(faults.length === 0 ? 0 : 1);
  } catch (error) {
    console.error(error instanceof SettingsError ? error.message : error);
    process.exit(1);
  }
}
