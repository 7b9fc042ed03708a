import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { ServerAddress } from '../config/config.ts';
import type { Account } from './connect.ts';
import { fence } from './fence.ts';
import { isConnectionError } from './mysql-errors.ts';
import { ensureReplication, type ReplicationSetup } from './replication.ts';
import { connectNow } from './setup-connection.ts';
import { TimeLimitError, withTimeLimit } from './time-limit.ts';

const PROBE_EVERY_MS = 1000;
const PROBE_LIMIT_MS = 3000;
/** A server that restarts on cloned data does not answer for some seconds. */
const HANG_LIMIT_MS = 30_000;

/** An old primary stops taking writes first. @throws TimeLimitError when a server stops answering, ReplicaAheadError */
export async function attach(setup: Omit<ReplicationSetup, 'signal'>): Promise<void> {
  const { primary, replica, root } = setup;
  const aborting = new AbortController();
  const attaching = async () => {
    await fenceUnlessReadOnly(replica, root);
    await ensureReplication({ ...setup, signal: aborting.signal });
  };
  try {
    await Promise.race([attaching(), hanging([primary, replica], root, aborting.signal)]);
  } finally {
    aborting.abort();
  }
}

/** Rejects when one of the servers has not answered for `HANG_LIMIT_MS`: a suspended one closes no connection. */
async function hanging(servers: ServerAddress[], root: Account, signal: AbortSignal): Promise<never> {
  let answeredAt = Date.now();
  for (;;) {
    const answers = await Promise.all(servers.map((server) => isAnswering(server, root)));
    if (answers.every(Boolean)) answeredAt = Date.now();
    if (Date.now() - answeredAt > HANG_LIMIT_MS) throw new TimeLimitError('a server stopped answering');
    await sleep(PROBE_EVERY_MS, undefined, { signal });
  }
}

async function isAnswering(server: ServerAddress, root: Account): Promise<boolean> {
  try {
    const connection = await connectNow(server, root);
    try {
      await withTimeLimit(connection.query('DO 0'), PROBE_LIMIT_MS);
    } finally {
      connection.destroy();
    }
    return true;
  } catch {
    return false;
  }
}

export async function fenceUnlessReadOnly(server: ServerAddress, root: Account): Promise<void> {
  const connection = await connectNow(server, root);
  try {
    const [[state]] = await connection.query<RowDataPacket[]>('SELECT @@super_read_only AS isReadOnly');
    if (state?.isReadOnly !== 1) await fence(connection);
  } finally {
    connection.destroy();
  }
}

export async function tryConnect(server: ServerAddress, root: Account): Promise<Connection | undefined> {
  try {
    return await connectNow(server, root);
  } catch (error) {
    if (isConnectionError(error)) return undefined;
    throw error;
  }
}
