import type { Pool } from 'mysql2';

export interface PoolUse {
  server: string;
  inUse: number;
  idle: number;
  waiting: number;
  limit: number;
}

/** Private fields of mysql2; its events do not report when a waiting caller gets a connection. */
interface PoolQueues {
  _allConnections: { length: number };
  _freeConnections: { length: number };
  _connectionQueue: { length: number };
}

export function poolUse(server: string, pools: Pool[]): PoolUse {
  const use = { server, inUse: 0, idle: 0, waiting: 0, limit: 0 };
  for (const pool of pools) {
    const { _allConnections, _freeConnections, _connectionQueue } = pool as unknown as PoolQueues;
    use.inUse += _allConnections.length - _freeConnections.length;
    use.idle += _freeConnections.length;
    use.waiting += _connectionQueue.length;
    use.limit += pool.config.connectionLimit ?? 0;
  }
  return use;
}
