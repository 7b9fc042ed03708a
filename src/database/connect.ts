import { Kysely, MysqlDialect } from 'kysely';
import { createPool, type Pool, type PoolOptions } from 'mysql2';
import type { ServerAddress } from '../config/config.ts';
import { endAbandonedStreams } from './abandoned-streams.ts';
import type { Database } from './tables.ts';

export const DATABASE = 'inventario';

/** @param index 0 for the first primary, 1 for the first replica, which is named `replica1` */
export function serverName(index: number): string {
  return index === 0 ? 'primary' : `replica${index}`;
}

export interface Account {
  user: string;
  password: string;
}

/** What every connection of ours has in common, whoever opens it. */
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

export function createServerPool(server: ServerAddress, account: Account, connectionLimit: number): Pool {
  const pool = createPool({
    ...connectionOptions(server, account),
    database: DATABASE,
    connectionLimit,
    maxIdle: connectionLimit,
    queueLimit: 500,
    enableKeepAlive: true,
  });
  endAbandonedStreams(pool);
  return pool;
}

export function kyselyOver(pool: Pool): Kysely<Database> {
  return new Kysely<Database>({ dialect: new MysqlDialect({ pool }) });
}
