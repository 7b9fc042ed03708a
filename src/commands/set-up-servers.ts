import type { Connection } from 'mysql2/promise';
import { ensureAdministrator } from '../auth/first-administrator.ts';
import type { ServerAddress } from '../config/config.ts';
import type { SetUpConfig } from './set-up-config.ts';
import { ensureAccounts, ensureGrants, ensureTriggers, type AccountPasswords } from '../database/accounts.ts';
import { DATABASE } from '../database/connect.ts';
import { findPrimary, listServers, type NamedServer, type SilentServer } from '../database/servers.ts';
import { beginTerm } from '../database/primary-term.ts';
import { holdRoles } from '../database/roles-lock.ts';
import { releaseCommits, setSemiSync } from '../database/semi-sync.ts';
import { migrate } from '../database/migrate.ts';
import { ensurePrimary, ensureReplication, ReplicaAheadError } from '../database/replication.ts';
import { connectForSetup, withServerLock } from '../database/setup-connection.ts';
import { loadDemoDelivery } from '../demo/load-demo-delivery.ts';
import { loadDemoProducts } from '../demo/load-demo-products.ts';
import { ensureCurrency } from './ensure-currency.ts';

export interface SetUpTools {
  log: (line: string) => void;
  signal?: AbortSignal;
  renew?: ((name: string) => Promise<void>) | undefined;
  leftOut?: ReadonlySet<string>;
}

/**
 * Idempotent. Leaves out a replica that cannot be attached. @returns a new administrator's one-time password
 * @throws NoPrimaryError, TwoPrimariesError, ReplicaAheadError, SettingsError
 */
export async function setUp(config: SetUpConfig, { log, renew, leftOut = new Set() }: SetUpTools) {
  const root = { user: 'root', password: config.ROOT_PASSWORD };
  const servers = listServers(config).filter(({ name }) => !leftOut.has(name));
  const { silent } = await findPrimary(servers, root);
  const answering = servers.filter((server) => !silent.some((one) => one.server === server));
  const locks = await holdRoles(answering, root);
  // A promotion may have ended before the roles were locked.
  const { primary } = await findPrimary(answering, root);
  const rootConnection = await connectForSetup(primary.address, root);
  try {
    await ensurePrimary(rootConnection);
    await releaseCommits(rootConnection);
    await ensureAccounts(rootConnection, passwordsOf(config));
    const oneTimePassword = await prepareSchema(config, {
      primary: primary.address,
      root: rootConnection,
      log,
    });
    await ensureGrants(rootConnection);
    await beginTerm(rootConnection);
    await attachReplicas(config, { primary, servers, silent, rootConnection, log, renew });
    await setSemiSync(rootConnection, config.SEMI_SYNC);
    return oneTimePassword;
  } finally {
    await rootConnection.end();
    for (const lock of locks) lock.destroy();
  }
}

export function passwordsOf(config: SetUpConfig): AccountPasswords {
  return {
    migrator: config.MIGRATOR_PASSWORD,
    app: config.APP_PASSWORD,
    replicator: config.REPLICATOR_PASSWORD,
    monitor: config.MONITOR_PASSWORD,
  };
}

interface Attachment extends SetUpTools {
  primary: NamedServer;
  servers: NamedServer[];
  silent: SilentServer[];
  rootConnection: Connection;
}

/** A primary serves one clone at a time. */
async function attachReplicas(
  config: SetUpConfig,
  { primary, servers, silent, rootConnection, log, renew }: Attachment,
): Promise<void> {
  for (const { name, address } of servers.filter((server) => server !== primary)) {
    const say = (line: string) => log(`${name}: ${line}`);
    const problem = silent.find(({ server }) => server.name === name)?.problem;
    try {
      if (problem !== undefined) {
        if (!renew) throw new Error(problem);
        say(problem);
        await renew(name);
      }
      await ensureReplication({
        name,
        primary: primary.address,
        replica: address,
        root: { user: 'root', password: config.ROOT_PASSWORD },
        replicator: { user: 'inventario_replicator', password: config.REPLICATOR_PASSWORD },
        log: say,
        renew: renew && (() => renew(name)),
      });
    } catch (error) {
      if (error instanceof ReplicaAheadError) throw error;
      await rootConnection.query('DO 0');
      say(`left out: ${(error as Error).message}`);
    }
  }
}

interface Preparation {
  primary: ServerAddress;
  root: Connection;
  log: (line: string) => void;
}

export async function prepareSchema(config: SetUpConfig, { primary, root, log }: Preparation) {
  const account = { user: 'inventario_migrator', password: config.MIGRATOR_PASSWORD };
  const migrator = await connectForSetup(primary, account, { database: DATABASE });
  try {
    // Of two concurrent set-ups, only one may create the one-time password.
    return await withServerLock(migrator, 'inventario.setup', async () => {
      const applied = await migrate(migrator);
      for (const name of applied) log(`schema: ${name} applied`);
      await ensureCurrency(migrator, config.CURRENCY);
      await ensureTriggers(root);
      const { DEMO: demo, ADMIN_PASSWORD: chosen } = config;
      const oneTimePassword = await ensureAdministrator(migrator, { demo, chosen });
      if (demo) {
        const count = await loadDemoProducts(migrator);
        await loadDemoDelivery(migrator);
        if (count > 0) log(`demonstration: ${count} products loaded`);
      }
      return oneTimePassword;
    });
  } finally {
    await migrator.end();
  }
}
