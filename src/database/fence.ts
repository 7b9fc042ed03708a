import type { Connection } from 'mysql2/promise';
import { setSemiSync } from './semi-sync.ts';
import { withTimeLimit } from './time-limit.ts';

/** How long running statements of root may hold up `super_read_only`. */
const LOCK_WAIT_SECONDS = 10;
const FENCE_LIMIT_MS = 20_000;

/**
 * The order matters: commits that wait for a replica hold up `super_read_only` for ever until semi-sync is off. By then
 * `offline_mode` has closed their connections, so none is acknowledged. @throws TimeLimitError; it may be fenced then
 */
export async function fence(server: Connection): Promise<void> {
  const close = async () => {
    await server.query(`SET SESSION lock_wait_timeout = ${LOCK_WAIT_SECONDS}`);
    await server.query('SET GLOBAL offline_mode = ON');
    await setSemiSync(server, false);
    await server.query('SET PERSIST super_read_only = ON');
  };
  await withTimeLimit(close(), FENCE_LIMIT_MS);
}

/** Semi-sync first: a commit must not slip through without it. */
export async function reopen(server: Connection, { semiSync }: { semiSync: boolean }): Promise<void> {
  await setSemiSync(server, semiSync);
  await openForWriting(server);
}

export async function openForWriting(server: Connection): Promise<void> {
  await server.query(
    'SET PERSIST super_read_only = OFF; SET PERSIST read_only = OFF; SET GLOBAL offline_mode = OFF',
  );
}
