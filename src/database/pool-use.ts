import type { Pool } from 'mysql2';

/** How busy the connections to one server are. */
export interface PoolUse {
  server: string;
  inUse: number;
  idle: number;
  /** Those who want a connection and wait for one. */
  waiting: number;
  limit: number;
}

/** mysql2 keeps these to itself; its events do not tell when a waiting caller is given a connection. */
interface PoolQueues {
  _allConnections: { length: number };
  _freeConnections: { length: number };
  _connectionQueue: { length: number };
}

export function poolUse(server: string, pool: Pool): PoolUse {
  const {
    _allConnections: all,
    _freeConnections: free,
    _connectionQueue: queue,
  } = pool as unknown as PoolQueues;
  return {
    server,
    inUse: all.length - free.length,
    idle: free.length,
    waiting: queue.length,
    limit: pool.config.connectionLimit ?? 0,
  };
}
