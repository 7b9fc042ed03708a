import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { cloneServer, type CloneSetup } from './clone.ts';
import { DATABASE } from './connect.ts';
import { hasBeenReplaced } from './primary-term.ts';
import { clearFault, FAULT_TEXTS, listFaults, type ReplicaFault } from './replica-faults.ts';
import { setSemiSync, withReleasedCommits } from './semi-sync.ts';
import { connectForSetup } from './setup-connection.ts';
import { keepUnsent } from './unsent-rows.ts';

const START_LIMIT_MS = 8_000;
/** Seconds a replica may take to show that it gets on. */
const CATCH_UP_LIMIT = 5;

export interface ReplicationSetup extends CloneSetup {
  name: string;
  log: (line: string) => void;
  /** Puts the data of a replica that cannot follow aside and starts it empty. Without it, the clone replaces them. */
  renew?: (() => Promise<void>) | undefined;
}

/** Clones the primary if `replica` is empty, damaged, out of use or too far behind. @throws ReplicaAheadError */
export async function ensureReplication(setup: ReplicationSetup): Promise<void> {
  const primary = await connectForSetup(setup.primary, setup.root, { signal: setup.signal });
  try {
    const fault = (await listFaults(primary)).get(setup.name);
    const problem = await findProblem(setup, primary, fault);
    if (problem === undefined) return;
    if (problem !== NOTHING_TO_FOLLOW_WITH) {
      setup.log(`cannot follow the primary: ${problem}`);
      await setup.renew?.();
    }
    await withReleasedCommits(primary, () => cloneFromPrimary(setup));
    if (fault) await clearFault(primary, setup.name);
  } finally {
    await primary.end();
  }
}

const NOTHING_TO_FOLLOW_WITH = 'empty or too old';

async function findProblem(
  setup: ReplicationSetup,
  primary: Connection,
  fault: ReplicaFault | undefined,
): Promise<string | undefined> {
  try {
    if (!(await canFollow(setup, primary))) return NOTHING_TO_FOLLOW_WITH;
    if (fault) return FAULT_TEXTS[fault];
    const replica = await connectForSetup(setup.replica, setup.root, { signal: setup.signal });
    try {
      await startReplication(replica, setup);
      // Without an error it is only slow, or a person has stopped it.
      return (await isFollowing(replica, primary)) ? undefined : await lastError(replica);
    } finally {
      replica.destroy();
    }
  } catch (error) {
    if (error instanceof ReplicaAheadError) throw error;
    // The primary's own problem is not the replica's.
    await primary.query('DO 0');
    return (error as Error).message;
  }
}

/** Threads that run are not enough: damage of a log shows only where it is read. */
async function isFollowing(replica: Connection, primary: Connection): Promise<boolean> {
  if (!(await waitUntilReplicating(replica))) return false;
  const [[state]] = await primary.query<RowDataPacket[]>('SELECT @@gtid_executed AS gtids');
  await replica.query('DO WAIT_FOR_EXECUTED_GTID_SET(?, ?)', [state?.gtids, CATCH_UP_LIMIT]);
  return waitUntilReplicating(replica);
}

/** The server holds transactions that the primary lacks; cloning would destroy them. */
export class ReplicaAheadError extends Error {
  override name = 'ReplicaAheadError';
}

/** A replaced primary, and a replica that received from it, may hold what the promoted server never got. */
async function canFollow(
  { name, replica: address, root, log, signal }: ReplicationSetup,
  primary: Connection,
) {
  const replica = await connectForSetup(address, root, { signal });
  try {
    const [[state]] = await replica.query<RowDataPacket[]>(
      `SELECT @@gtid_executed AS gtids, @@server_uuid AS uuid,
              EXISTS (SELECT 1 FROM information_schema.schemata WHERE schema_name = ?) AS hasData`,
      [DATABASE],
    );
    if (state?.hasData !== 1) return false;
    const [[answer]] = await primary.query<RowDataPacket[]>(
      `SELECT GTID_SUBSET(:gtids, @@gtid_executed) AS isKnown, GTID_SUBSET(@@gtid_purged, :gtids) AS continues,
              GTID_SUBTRACT(:gtids, @@gtid_executed) AS surplus`,
      { gtids: state.gtids as string },
    );
    const isOldPrimary = await hasBeenReplaced(String(state.uuid), primary);
    if (answer?.isKnown !== 1 && (isOldPrimary || (await isFromReplaced(String(answer?.surplus), primary)))) {
      log(`it has transactions that were not sent before a primary was replaced: ${answer?.surplus}`);
      await keepUnsent(replica, primary, log);
      return false;
    }
    if (answer?.isKnown !== 1) {
      throw new ReplicaAheadError(
        `${name} holds transactions that the primary does not have, so nothing was changed there.\n` +
          "If the primary's data were lost, make this replica the primary (docs/replication.md).\n" +
          `If the data of ${name} are not needed, delete them; it is then cloned from the primary.`,
      );
    }
    return answer.continues === 1 && (isOldPrimary || (await replicaStatus(replica)) !== undefined);
  } finally {
    replica.destroy();
  }
}

async function isFromReplaced(gtids: string, primary: Connection): Promise<boolean> {
  for (const ofOneServer of gtids.split(',')) {
    const [uuid = ''] = ofOneServer.trim().split(':');
    if (!(await hasBeenReplaced(uuid, primary))) return false;
  }
  return true;
}

async function cloneFromPrimary(setup: ReplicationSetup): Promise<void> {
  setup.log('copying the primary');
  const restarted = await cloneServer(setup);
  try {
    await startReplication(restarted, setup);
    if (!(await waitUntilReplicating(restarted))) {
      const problem = (await lastError(restarted)) ?? 'no error is reported';
      throw new Error(`The replica is not replicating from the primary: ${problem}`);
    }
  } finally {
    await restarted.end();
  }
}

async function startReplication(
  replica: Connection,
  { primary, replicator }: ReplicationSetup,
): Promise<void> {
  await setSemiSync(replica, false);
  await replica.query(
    `STOP REPLICA;
     CHANGE REPLICATION SOURCE TO
       SOURCE_HOST = :host, SOURCE_PORT = :port, SOURCE_USER = :user, SOURCE_PASSWORD = :password,
       SOURCE_SSL = 1, SOURCE_AUTO_POSITION = 1, SOURCE_CONNECT_RETRY = 1, SOURCE_RETRY_COUNT = 0,
       SOURCE_HEARTBEAT_PERIOD = 1;
     SET PERSIST super_read_only = ON;
     SET GLOBAL offline_mode = OFF;
     START REPLICA`,
    { ...primary, ...replicator },
  );
}

async function waitUntilReplicating(replica: Connection): Promise<boolean> {
  const giveUpAt = Date.now() + START_LIMIT_MS;
  while (Date.now() < giveUpAt) {
    const status = await replicaStatus(replica);
    if (status?.Replica_IO_Running === 'Yes' && status.Replica_SQL_Running === 'Yes') return true;
    if (status?.Replica_SQL_Running === 'No' || status?.Replica_IO_Running === 'No') return false;
    await sleep(100);
  }
  return false;
}

async function replicaStatus(replica: Connection): Promise<RowDataPacket | undefined> {
  const [rows] = await replica.query<RowDataPacket[]>('SHOW REPLICA STATUS');
  return rows[0];
}

async function lastError(replica: Connection): Promise<string | undefined> {
  const status = await replicaStatus(replica);
  return String(status?.Last_IO_Error || status?.Last_SQL_Error || '') || undefined;
}

export class TwoPrimariesError extends Error {
  override name = 'TwoPrimariesError';
}

/** Opens a former replica for writing. @throws TwoPrimariesError when it still receives from another server */
export async function ensurePrimary(server: Connection): Promise<void> {
  const [[settings]] = await server.query<RowDataPacket[]>('SELECT @@super_read_only AS isReadOnly');
  if (settings?.isReadOnly !== 1) return;
  if (await waitUntilReplicating(server)) {
    throw new TwoPrimariesError(
      'The server named as primary is a replica and follows another one, which is alive.\n' +
        'Stop that one first, or name it as the primary (docs/replication.md).',
    );
  }
  await server.query(
    `STOP REPLICA; RESET REPLICA ALL;
     SET PERSIST super_read_only = OFF; SET PERSIST read_only = OFF`,
  );
}
