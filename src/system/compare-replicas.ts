import { setTimeout as sleep } from 'node:timers/promises';
import { sql, type Kysely, type Transaction } from 'kysely';
import type { DatabaseGroup } from '../database/database-group.ts';
import { isConnectionError, isDamaged, isRestarting, isUnknownTable } from '../database/mysql-errors.ts';
import type { ReplicaFault } from '../database/replica-faults.ts';
import type { GroupTables } from '../database/tables.ts';
import type { Lease } from '../jobs/lease.ts';
import {
  findPiece,
  listTables,
  readChecksum,
  type CheckedTable,
  type Key,
  type Piece,
} from './table-pieces.ts';

const WORK_MS = 1000;
const PRIMARY_LIMIT_MS = 4000;
/** Seconds. */
const CATCH_UP_LIMIT = 1;
/** A difference counts once it is seen this often: a replica may show a commit that the primary's disk delays. */
const SIGHTINGS = 3;
const BETWEEN_SIGHTINGS_MS = 2000;
/** A replica that dies whenever it reads a piece is unreadable there. */
const DEATHS = 3;
const RETURN_LIMIT_MS = 60_000;

type Group = DatabaseGroup<GroupTables>;
type Replica = ReturnType<Group['replicas']>[number];

export interface FoundFault {
  server: string;
  fault: ReplicaFault;
  table: string;
}

/** The next piece to compare: `null` is the first of a round, or of the table. */
interface Position {
  table: string | null;
  after: Key | null;
}

/** For `WORK_MS`, or until the end of a round (docs/decisions/replica-checks.md). */
export async function compareReplicas(
  group: Group,
  lease: Pick<Lease, 'check' | 'signal'>,
  report: (found: FoundFault) => Promise<void>,
): Promise<void> {
  if (group.replicas().length === 0) return;
  const tables = await onPrimary(group, listTables);
  const began = await onPrimary(group, readPosition);
  let next: Position = began;
  const stopAt = Date.now() + WORK_MS;
  try {
    do {
      lease.check();
      const table = tables.find(({ name }) => next.table === null || name >= next.table);
      if (!table) {
        next = { table: null, after: null };
        break;
      }
      const after = table.name === next.table ? next.after : null;
      const piece = await onPrimary(group, (db) => findPiece(db, table, after));
      // A piece that cannot be compared must not hold up the others.
      next = positionAfter(piece, tables);
      for (const replica of group.replicas()) {
        const fault = await findFault(group, replica, piece, lease.signal);
        if (fault) await report({ server: replica.name, fault, table: table.name });
      }
    } while (next.table !== null && Date.now() < stopAt);
  } finally {
    if (next.table !== began.table || next.after !== began.after) await savePosition(group, next);
  }
}

function positionAfter({ table, upTo }: Piece, tables: CheckedTable[]): Position {
  if (upTo) return { table: table.name, after: upTo };
  return { table: tables[tables.indexOf(table) + 1]?.name ?? null, after: null };
}

// Undefined also while it cannot be told: the rows change, or the replica is away or behind. The replica is asked once
// it has applied what the primary's rows were read from. If those are the same afterwards, its rows must be equal.
async function findFault(
  group: Group,
  replica: Replica,
  piece: Piece,
  signal: AbortSignal,
): Promise<ReplicaFault | undefined> {
  for (let sighting = 0; sighting < SIGHTINGS; sighting++) {
    const { checksum, gtids } = await onPrimary(group, async (db) => ({
      checksum: await readChecksum(db, piece),
      gtids: await readGtids(db),
    }));
    const theirs = await askReplica(replica, piece, gtids, signal);
    if (theirs === 'unreadable') return theirs;
    if (theirs === undefined || theirs === checksum) return undefined;
    if ((await onPrimary(group, (db) => readChecksum(db, piece))) !== checksum) return undefined;
    await sleep(BETWEEN_SIGHTINGS_MS);
  }
  return 'different';
}

async function askReplica(
  { db }: Replica,
  piece: Piece,
  gtids: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const giveUpAt = Date.now() + RETURN_LIMIT_MS;
  let deaths = 0;
  while (Date.now() < giveUpAt && !signal.aborted) {
    try {
      return (await hasApplied(db, gtids)) ? await readChecksum(db, piece) : undefined;
    } catch (error) {
      if (isUnknownTable(error)) return 'no such table';
      if (isRestarting(error)) deaths++;
      if (isDamaged(error) || deaths === DEATHS) return 'unreadable';
      if (!isConnectionError(error)) throw error;
      if (deaths === 0) return undefined;
      await sleep(500);
    }
  }
  return undefined;
}

async function hasApplied(db: Kysely<GroupTables>, gtids: string): Promise<boolean> {
  const wait = sql<{ timedOut: 0 | 1 }>`
    SELECT WAIT_FOR_EXECUTED_GTID_SET(${gtids}, ${sql.lit(CATCH_UP_LIMIT)}) AS timedOut`;
  return (await wait.execute(db)).rows[0]?.timedOut === 0;
}

async function readGtids(db: Kysely<GroupTables>): Promise<string> {
  const { rows } = await sql<{ gtids: string }>`SELECT @@gtid_executed AS gtids`.execute(db);
  return rows[0]!.gtids;
}

async function readPosition(db: Kysely<GroupTables>): Promise<Position> {
  const row = await db.selectFrom('replica_check').select(['in_table', 'after_key']).executeTakeFirst();
  return { table: row?.in_table ?? null, after: row?.after_key ?? null };
}

async function savePosition(group: Group, { table, after }: Position): Promise<void> {
  const position = { in_table: table, after_key: after && JSON.stringify(after) };
  await onPrimary(group, (trx) =>
    trx
      .insertInto('replica_check')
      .values({ id: 1, ...position })
      .onDuplicateKeyUpdate(position)
      .execute(),
  );
}

/** Never on a replica that stands in for the primary. */
async function onPrimary<T>(group: Group, work: (trx: Transaction<GroupTables>) => Promise<T>): Promise<T> {
  return group.transact(work, { limitMs: PRIMARY_LIMIT_MS });
}
