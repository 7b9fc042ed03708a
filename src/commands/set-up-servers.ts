import type { Connection } from 'mysql2/promise';
import { ensureAdministrator } from '../auth/first-administrator.ts';
import type { ServerAddress } from '../config/config.ts';
import type { SetUpConfig } from './set-up-config.ts';
import { ensureAccounts, ensureGrants, ensureTriggers } from '../database/accounts.ts';
import { DATABASE } from '../database/connect.ts';
import { getPrimary, listServers } from '../database/servers.ts';
import { beginTerm } from '../database/primary-term.ts';
import { holdRoles } from '../database/roles-lock.ts';
import { allowSetUpToWrite, setSemiSync } from '../database/semi-sync.ts';
import { migrate } from '../database/migrate.ts';
import { ensurePrimary, ensureReplication } from '../database/replication.ts';
import { connectForSetup, withServerLock } from '../database/setup-connection.ts';
import { loadDemoProducts } from '../demo/load-demo-products.ts';

/**
 * Idempotent: prepares accounts, schema, the first administrator, demo products and replication.
 *
 * @returns the administrator's one-time password if this call created it
 */
export async function setUp(config: SetUpConfig, log: (line: string) => void) {
  const root = { user: 'root', password: config.ROOT_PASSWORD };
  const replicator = { user: 'inventario_replicator', password: config.REPLICATOR_PASSWORD };
  const servers = listServers(config);
  const locks = await holdRoles(servers, root);
  const primary = await getPrimary(servers, root);
  const rootConnection = await connectForSetup(primary.address, root);
  try {
    await ensurePrimary(rootConnection);
    await allowSetUpToWrite(rootConnection);
    await ensureAccounts(rootConnection, {
      migrator: config.MIGRATOR_PASSWORD,
      app: config.APP_PASSWORD,
      replicator: config.REPLICATOR_PASSWORD,
      monitor: config.MONITOR_PASSWORD,
    });
    const oneTimePassword = await prepareSchema(config, {
      primary: primary.address,
      root: rootConnection,
      log,
    });
    await ensureGrants(rootConnection);
    await beginTerm(rootConnection);
    // Sequential: a primary serves one clone at a time.
    for (const { name, address } of servers.filter((server) => server !== primary)) {
      await ensureReplication({
        name,
        primary: primary.address,
        replica: address,
        root,
        replicator,
        log: (line) => log(`${name}: ${line}`),
      });
    }
    await setSemiSync(rootConnection, config.SEMI_SYNC);
    return oneTimePassword;
  } finally {
    await rootConnection.end();
    for (const lock of locks) lock.destroy();
  }
}

interface Preparation {
  primary: ServerAddress;
  root: Connection;
  log: (line: string) => void;
}

async function prepareSchema(config: SetUpConfig, { primary, root, log }: Preparation) {
  const account = { user: 'inventario_migrator', password: config.MIGRATOR_PASSWORD };
  const migrator = await connectForSetup(primary, account, { database: DATABASE });
  try {
    // Of two concurrent set-ups, only one may create the one-time password.
    return await withServerLock(migrator, 'inventario.setup', async () => {
      const applied = await migrate(migrator);
      for (const name of applied) log(`schema: ${name} applied`);
      await ensureTriggers(root);
      const { DEMO: demo, ADMIN_PASSWORD: chosen } = config;
      const oneTimePassword = await ensureAdministrator(migrator, { demo, chosen });
      if (demo) {
        const count = await loadDemoProducts(migrator);
        if (count > 0) log(`demonstration: ${count} products loaded`);
      }
      return oneTimePassword;
    });
  } finally {
    await migrator.end();
  }
}
