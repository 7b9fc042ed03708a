import { AsyncLocalStorage } from 'node:async_hooks';
import type { Pool, PoolConnection } from 'mysql2';
import { requestContext } from '../telemetry/request-context.ts';
import type { Kysely } from 'kysely';
import type { Database } from './tables.ts';
import { TimeLimitError, withTimeLimit } from './time-limit.ts';
import { parsePosition, type WritePosition } from './write-position.ts';

/** No answer to a page takes longer; a query that does is ended by the server. */
const QUERY_LIMIT_MS = 3000;

/** What mysql2 makes of an OK packet; its types leave the tracked session state out. */
interface TrackedResult {
  stateChanges?: { gtids?: string[] };
}

type Done = (error: Error | null, result?: TrackedResult, ...rest: unknown[]) => void;

const currentWork = new AsyncLocalStorage<Work>();

/** Some statements that belong together: tells where they were committed, and can be given up. */
export class Work {
  /** Of the last commit. */
  position: WritePosition | undefined;
  readonly #busy = new Set<PoolConnection>();
  #isGivenUp = false;

  run<T>(work: () => Promise<T>): Promise<T> {
    return currentWork.run(this, work);
  }

  /** Closes the connections that wait for an answer, so that they hold up nobody else. */
  giveUp(): void {
    this.#isGivenUp = true;
    for (const connection of this.#busy) connection.destroy();
  }

  /** Passes a statement on to `query`; returns what takes its answer. */
  begin(connection: PoolConnection, done: Done): Done {
    if (this.#isGivenUp) {
      // Also the ROLLBACK of a transaction that was given up between two statements.
      connection.destroy();
      throw new TimeLimitError('given up');
    }
    this.#busy.add(connection);
    return (error, result, ...rest) => {
      this.#busy.delete(connection);
      const gtid = result?.stateChanges?.gtids?.at(-1);
      if (gtid) this.position = parsePosition(gtid);
      done(error, result, ...rest);
    };
  }
}

/**
 * Stands between Kysely and mysql2, for what neither offers: names the request in each statement, notes
 * which server it goes to, and takes the GTID that MySQL sends in the OK packet of a COMMIT
 * (session_track_gtids=OWN_GTID).
 *
 * @param server its name in logs
 */
export function watchStatements(pool: Pool, server: string): void {
  pool.on('connection', (connection: PoolConnection) => {
    const query = connection.query.bind(connection) as (...args: unknown[]) => unknown;
    query(`SET SESSION max_execution_time = ${QUERY_LIMIT_MS}`, () => undefined);
    connection.query = ((sql: string, values: unknown, done?: Done) => {
      const request = requestContext.getStore();
      request?.servers.add(server);
      const named = request ? `/* request ${request.id} */ ${sql}` : sql;
      const work = currentWork.getStore();
      if (!work || !done) return query(named, values, done);
      return query(named, values, work.begin(connection, done));
    }) as typeof connection.query;
  });
}

/** @throws TimeLimitError; the statements that hang are then cut off, so that they hold no connection */
export async function withinLimit<T>(
  query: (db: Kysely<Database>) => Promise<T>,
  db: Kysely<Database>,
  limitMs: number,
): Promise<T> {
  const work = new Work();
  return withTimeLimit(
    work.run(() => query(db)),
    limitMs,
  ).finally(() => work.giveUp());
}
