import { sql, type Kysely } from 'kysely';
import { z } from 'zod';
import type { Directory } from '../database/tables.ts';

/** Tolerant parsing: another version may omit fields. */
const counts = z.record(z.string(), z.number()).catch({});
const totals = z.object({ requests: z.number().catch(0), reads: counts, fallbacks: counts });

const instanceState = z.object({
  node: z.string().catch('?'),
  weight: z.number().optional().catch(undefined),
  activity: totals.extend({
    lastMinute: totals.catch({ requests: 0, reads: {}, fallbacks: {} }),
  }),
  pools: z
    .array(
      z.object({
        server: z.string(),
        inUse: z.number(),
        idle: z.number(),
        waiting: z.number(),
        limit: z.number(),
      }),
    )
    .catch([]),
  errors: z.array(z.object({ at: z.string(), kind: z.string(), requestId: z.string() })).catch([]),
});

export type InstanceState = z.output<typeof instanceState>;

export interface InstanceReport {
  instance: string;
  version: string;
  startedAt: Date;
  state: InstanceState;
}

export interface SeenInstance extends InstanceReport {
  seenAt: Date;
  ageMs: number;
  isOverdue: boolean;
}

/** Grace period, so that a brief stall does not mark an instance silent. */
const GRACE_SECONDS = 2;

interface Beat {
  intervalSeconds: number;
  watchedSeconds: number;
}

export async function writeHeartbeat(
  db: Kysely<Directory>,
  { instance, version, startedAt, state }: InstanceReport,
  { intervalSeconds, watchedSeconds }: Beat,
): Promise<void> {
  const now = sql`UTC_TIMESTAMP(3)`;
  await sql`
    INSERT INTO instance_heartbeat (instance, version, started_at, seen_at, due_at, watched_until, state)
    VALUES (${instance}, ${version}, ${startedAt}, ${now}, ${now} + INTERVAL ${intervalSeconds} SECOND,
            ${now} + INTERVAL ${watchedSeconds} SECOND, ${JSON.stringify(state)}) AS new
    ON DUPLICATE KEY UPDATE version = new.version, started_at = new.started_at, seen_at = new.seen_at,
      due_at = new.due_at, watched_until = new.watched_until, state = new.state`.execute(db);
}

const WATCHED = sql<0 | 1>`
  EXISTS (SELECT 1 FROM instance_heartbeat WHERE watched_until > UTC_TIMESTAMP(3))`;

/** While the System page is watched, or when the last heartbeat is older than `afterSeconds`. */
export function isBeatDue(
  { instance, startedAt }: Pick<InstanceReport, 'instance' | 'startedAt'>,
  afterSeconds: number,
) {
  return sql<boolean>`(${WATCHED} OR NOT EXISTS (
    SELECT 1 FROM instance_heartbeat
    WHERE instance = ${instance} AND started_at = ${startedAt}
      AND seen_at > UTC_TIMESTAMP(3) - INTERVAL ${sql.lit(afterSeconds)} SECOND))`;
}

export async function isWatched(db: Kysely<Directory>): Promise<boolean> {
  const { rows } = await sql<{ watched: 0 | 1 }>`SELECT ${WATCHED} AS watched`.execute(db);
  return rows[0]?.watched === 1;
}

export async function deleteHeartbeat(db: Kysely<Directory>, instance: string): Promise<void> {
  await sql`DELETE FROM instance_heartbeat WHERE instance = ${instance}`.execute(db);
}

interface HeartbeatRow extends Omit<SeenInstance, 'isOverdue' | 'state'> {
  isOverdue: 0 | 1;
  state: unknown;
  isFromReplica: 0 | 1;
}

export async function listHeartbeats(db: Kysely<Directory>) {
  const { rows } = await sql<HeartbeatRow>`
    SELECT instance, version, started_at AS startedAt, seen_at AS seenAt, state,
           TIMESTAMPDIFF(MICROSECOND, seen_at, UTC_TIMESTAMP(3)) DIV 1000 AS ageMs,
           due_at < UTC_TIMESTAMP(3) - INTERVAL ${GRACE_SECONDS} SECOND AS isOverdue,
           @@super_read_only AS isFromReplica
    FROM instance_heartbeat
    WHERE seen_at > UTC_TIMESTAMP(3) - INTERVAL 1 DAY`.execute(db);
  const instances = rows.map(({ isOverdue, state, ...row }): SeenInstance => ({
    instance: row.instance,
    version: row.version,
    startedAt: row.startedAt,
    seenAt: row.seenAt,
    ageMs: row.ageMs,
    isOverdue: isOverdue === 1,
    state: instanceState.parse(state),
  }));
  return { instances, isFromReplica: rows[0]?.isFromReplica === 1 };
}
