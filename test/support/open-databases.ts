import { createDatabases, waitForFirstReports, type Databases } from '../../src/database/databases.ts';
import { stack } from './shared-stack.ts';

export async function databaseConfig() {
  const address = (name: string) => ({ host: '127.0.0.1', port: stack.process(name).port! });
  return {
    PRIMARY: address('primary'),
    REPLICAS: [address('replica1')],
    GROUP: false,
    APP_PASSWORD: await stack.secret('APP_PASSWORD'),
    MONITOR_PASSWORD: await stack.secret('MONITOR_PASSWORD'),
  };
}

/** Opens the databases of the system under test, like an extra instance. */
export async function openDatabases(): Promise<Databases> {
  const databases = createDatabases(await databaseConfig());
  await waitForFirstReports(databases);
  return databases;
}
