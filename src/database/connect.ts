import { Kysely } from 'kysely';
import { createPool, type Pool, type PoolOptions } from 'mysql2';
import type { ServerAddress } from '../config/config.ts';
import { ServerDialect } from './server-dialect.ts';

export const DATABASE = 'inventario';

/** @param index 0 for the first primary, 1 for the first replica, which is named `replica1` */
export function serverName(index: number): string {
  return index === 0 ? 'primary' : `replica${index}`;
}

export interface Account {
  user: string;
  password: string;
}

/** What all our connections have in common. */
export function connectionOptions(server: ServerAddress, account: Account) {
  return {
    ...server,
    ...account,
    // For literals only, which take on the collation of the column they are compared with. The
    // handshake has one byte for it, and the number of utf8mb4_es_0900_ai_ci is larger.
    charset: 'utf8mb4_0900_ai_ci',
    timezone: 'Z',
    connectTimeout: 1500,
  } satisfies PoolOptions;
}

/** Connections that one instance opens to a server: for statements that commit by themselves, and for transactions. */
const READ_CONNECTIONS = 20;
const TRANSACTION_CONNECTIONS = 20;

/** One server's connections. They are opened when they are first needed. */
export interface ServerPools<Tables> {
  pools: Pool[];
  db: Kysely<Tables>;
  /** For transactions alone. */
  transactions: Kysely<Tables>;
}

export function openServer<Tables>(
  server: string,
  address: ServerAddress,
  account: Account,
): ServerPools<Tables> {
  const reading = createServerPool(address, account, READ_CONNECTIONS);
  const writing = createServerPool(address, account, TRANSACTION_CONNECTIONS);
  return {
    pools: [reading, writing],
    db: new Kysely({ dialect: new ServerDialect({ server, pool: reading, isTransactional: false }) }),
    transactions: new Kysely({
      dialect: new ServerDialect({ server, pool: writing, isTransactional: true }),
    }),
  };
}

function createServerPool(server: ServerAddress, account: Account, connectionLimit: number): Pool {
  return createPool({
    ...connectionOptions(server, account),
    database: DATABASE,
    connectionLimit,
    maxIdle: connectionLimit,
    queueLimit: 500,
    enableKeepAlive: true,
  });
}
