import { AsyncLocalStorage } from 'node:async_hooks';
import type { Pool, PoolConnection } from 'mysql2';

/**
 * A place in the primary's history: the `sequence`-th transaction that the server with the UUID
 * `source` committed. A reader that has executed it sees all that came before.
 */
export interface WritePosition {
  source: string;
  sequence: number;
}

/** The GTID set that a server must have executed to be at `position`. */
export function gtidSetUpTo(position: WritePosition): string {
  return `${position.source}:1-${position.sequence}`;
}

const UP_TO = /^([0-9a-f-]{36}):(?:\d+-)?(\d+)/i;

/** The position named by one GTID, or the highest of a set of one source's: `uuid:7`, `uuid:1-7`. */
export function parsePosition(gtid: string): WritePosition | undefined {
  const [, source, sequence] = UP_TO.exec(gtid) ?? [];
  return source && sequence ? { source, sequence: Number(sequence) } : undefined;
}

/** What mysql2 makes of an OK packet; its types leave the tracked session state out. */
interface TrackedResult {
  stateChanges?: { gtids?: string[] };
}

const currentWrite = new AsyncLocalStorage<{ position: WritePosition | undefined }>();

/**
 * Notes the GTID that MySQL sends in the OK packet of each COMMIT (session_track_gtids=OWN_GTID).
 * Kysely leaves that part of the answer out, so it is taken where the connection gives it.
 */
export function trackWritePositions(pool: Pool): void {
  pool.on('connection', (connection: PoolConnection) => {
    const query = connection.query.bind(connection) as (...args: unknown[]) => unknown;
    connection.query = ((sql: unknown, values: unknown, done: unknown) => {
      const write = currentWrite.getStore();
      if (!write || typeof done !== 'function') return query(sql, values, done);
      return query(
        sql,
        values,
        (error: Error | null, result: TrackedResult | undefined, ...rest: unknown[]) => {
          const gtid = result?.stateChanges?.gtids?.at(-1);
          if (gtid) write.position = parsePosition(gtid);
          (done as (...results: unknown[]) => void)(error, result, ...rest);
        },
      );
    }) as typeof connection.query;
  });
}

/** Runs `write` and says where in the primary's history its last commit stands. */
export async function withWritePosition<T>(write: () => Promise<T>) {
  const noted: { position: WritePosition | undefined } = { position: undefined };
  const result = await currentWrite.run(noted, write);
  return { result, position: noted.position };
}
