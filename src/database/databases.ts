import { sql, type Kysely, type Transaction } from 'kysely';
import type { WebConfig } from '../config.ts';
import { createServerPool, kyselyOver, replicaName } from './connect.ts';
import { TimeLimitError, withTimeLimit } from './time-limit.ts';
import { isConnectionError, isRetryable } from './mysql-errors.ts';
import { ServerMonitor } from './server-monitor.ts';
import type { Database } from './tables.ts';
import { gtidSetUpTo, trackWritePositions, withWritePosition, type WritePosition } from './write-position.ts';

const ATTEMPTS = 4;
/** A replica that takes longer is taken for hung, and the primary answers. */
const REPLICA_LIMIT_MS = 3000;
/** How long a read waits for a replica to catch up with the user's last write, in seconds. */
const CATCH_UP_LIMIT = 0.05;

/** Whoever reads and writes; carries how far a server must be to show the own last write. */
export interface Actor {
  id: number;
  lastWrite: WritePosition | undefined;
}

interface Replica {
  name: string;
  db: Kysely<Database>;
  /** The furthest position this replica is known to have executed. */
  reached: WritePosition | undefined;
}

export type Databases = ReturnType<typeof createDatabases>;

/** The primary for writing, the replicas for reading, and the choice between them. */
export function createDatabases(config: WebConfig) {
  const account = { user: 'inventario_app', password: config.APP_PASSWORD };
  const primaryPool = createServerPool(config.PRIMARY, account, 20);
  trackWritePositions(primaryPool);
  const primary = kyselyOver(primaryPool);
  const replicas = config.REPLICAS.map((server, index): Replica => ({
    name: replicaName(index),
    db: kyselyOver(createServerPool(server, account, 20)),
    reached: undefined,
  }));
  const monitor = new ServerMonitor(config);
  let turn = 0;

  /** A replica that is fit to answer `actor`, if there is one. */
  async function chooseReplica(actor: Actor): Promise<Replica | undefined> {
    const fit = replicas.filter(({ name }) => monitor.isFitForReading(name));
    const first = turn++;
    for (let i = 0; i < fit.length; i++) {
      const replica = fit[(first + i) % fit.length]!;
      if (!actor.lastWrite || (await hasReached(replica, actor.lastWrite))) return replica;
    }
    return undefined;
  }

  return {
    /** For what must be exact now: sessions, users, and reads that precede a write. */
    primary,
    monitor,

    /** Runs `query` on a replica that shows the actor's own last write, else on the primary. */
    async read<T>(actor: Actor, query: (db: Kysely<Database>) => Promise<T>): Promise<T> {
      const onReplica = async () => {
        const replica = await chooseReplica(actor);
        return replica && { result: await query(replica.db) };
      };
      try {
        const answer = await withTimeLimit(onReplica(), REPLICA_LIMIT_MS);
        if (answer) return answer.result;
      } catch (error) {
        if (!isConnectionError(error) && !(error instanceof TimeLimitError)) throw error;
      }
      return query(primary);
    },

    /** Like `read`, for a query that is consumed later: gives the database instead of running it. */
    async forReading(actor: Actor): Promise<Kysely<Database>> {
      const replica = await chooseReplica(actor).catch(() => undefined);
      return replica?.db ?? primary;
    },

    /**
     * Runs `work` in one transaction on the primary, again when MySQL picked it as a deadlock's
     * victim, and notes its GTID as the actor's last write.
     */
    async write<T>(actor: Actor, work: (trx: Transaction<Database>) => Promise<T>): Promise<T> {
      const { result, position } = await retrying(() =>
        withWritePosition(() => primary.transaction().execute(work)),
      );
      if (position) await noteLastWrite(primary, actor, position);
      return result;
    },

    async close() {
      monitor.close();
      await Promise.all([primary.destroy(), ...replicas.map(({ db }) => db.destroy())]);
    },
  };
}

async function hasReached(replica: Replica, position: WritePosition): Promise<boolean> {
  const { reached } = replica;
  if (reached?.source === position.source && reached.sequence >= position.sequence) return true;
  const wait = sql<{ timedOut: 0 | 1 }>`
    SELECT WAIT_FOR_EXECUTED_GTID_SET(${gtidSetUpTo(position)}, ${CATCH_UP_LIMIT}) AS timedOut`;
  const { rows } = await wait.execute(replica.db);
  if (rows[0]?.timedOut !== 0) return false;
  replica.reached = position;
  return true;
}

/**
 * Kept by user on the primary, so that it holds on every instance and every device. Two writes at once
 * may end in either order: the later position stays.
 */
async function noteLastWrite(db: Kysely<Database>, actor: Actor, position: WritePosition) {
  actor.lastWrite = position;
  const { source, sequence } = position;
  const note = sql`
    INSERT INTO last_write (user_id, source, sequence) VALUES (${actor.id}, ${source}, ${sequence})
    ON DUPLICATE KEY UPDATE
      sequence = IF(source = VALUES(source), GREATEST(sequence, VALUES(sequence)), VALUES(sequence)),
      source = VALUES(source)`;
  // The write is committed: whatever happens here must neither repeat it nor make it look failed.
  await retrying(() => note.execute(db)).catch(() => undefined);
}

/** Runs `attempt`, again when MySQL picked it as a deadlock's victim or it waited too long for a lock. */
async function retrying<T>(attempt: () => Promise<T>): Promise<T> {
  for (let left = ATTEMPTS - 1; ; left--) {
    try {
      return await attempt();
    } catch (error) {
      if (left === 0 || !isRetryable(error)) throw error;
    }
  }
}
