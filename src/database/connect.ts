import { Kysely } from 'kysely';
import { createPool, type Pool, type PoolOptions } from 'mysql2';
import type { ServerAddress } from '../config/config.ts';
import { ServerDialect } from './server-dialect.ts';

export const DATABASE = 'inventario';

/** By position in the configuration. In a replication group, no position has a role of its own. */
export function serverName(index: number, { isGroup }: { isGroup: boolean }): string {
  if (isGroup) return `db${index + 1}`;
  return index === 0 ? 'primary' : `replica${index}`;
}

export interface Account {
  user: string;
  password: string;
}

export function connectionOptions(server: ServerAddress, account: Account) {
  return {
    ...server,
    ...account,
    // For literals, which take the column's collation: the handshake has one byte, too small for utf8mb4_es_0900_ai_ci.
    charset: 'utf8mb4_0900_ai_ci',
    timezone: 'Z',
    // Quantities have 13 digits, and a double keeps 15.
    decimalNumbers: true,
    connectTimeout: 1500,
  } satisfies PoolOptions;
}

/** Per instance and server. */
const READ_CONNECTIONS = 20;
const TRANSACTION_CONNECTIONS = 20;

export interface ServerPools<Tables> {
  pools: Pool[];
  db: Kysely<Tables>;
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
    decimalNumbers: true,
  });
}
