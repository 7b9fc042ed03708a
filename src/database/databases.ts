import { setTimeout as sleep } from 'node:timers/promises';
import type { Kysely, Transaction } from 'kysely';
import type { Pool } from 'mysql2';
import type { DatabaseConfig } from '../config/config.ts';
import { readFallbacks, reads } from '../telemetry/metrics.ts';
import { createServerPool, kyselyOver, serverName } from './connect.ts';
import { hedged } from './hedged.ts';
import { hasReached, noteLastWrite, type Actor, type ReadServer } from './own-writes.ts';
import { retrying } from './retrying.ts';
import { requestContext } from '../telemetry/request-context.ts';
import { isConnectionError, isLockConflict } from './mysql-errors.ts';
import { runOnce, type FromJson } from './run-once.ts';
import { poolUse } from './pool-use.ts';
import { ServerMonitor } from './server-monitor.ts';
import { SharedQueries } from './shared-queries.ts';
import type { Database } from './tables.ts';
import { TimeLimitError, withTimeLimit } from './time-limit.ts';
import { watchStatements, withinLimit, Work } from './work.ts';

/** A write that arrives while the primary is away waits this long for it. */
const PATIENCE_MS = 800;
/** A primary that has not answered by then has a replica stand in for it, until it may be well again. */
const LATEST_LIMIT_MS = 700;
const LATE_FOR_MS = 500;
const CHANGE_LIMIT_MS = 1500;
/** A replica that has not answered by then has the primary beside it. */
const HEDGE_DELAY_MS = 300;
/** How long a read waits for a replica to catch up with the user's last write. */
const CATCH_UP_MS = 200;
/** The same for a replica that is known to be behind. */
const BEHIND_MS = 10;
/** The same while there is no primary to ask instead. */
const LAST_RESORT_MS = 500;
/** The last that a page waits for, whatever hangs. */
const READ_LIMIT_MS = 4000;

/** Nothing can be saved now, or not be known to be: the same request may be sent again. */
export class PrimaryAwayError extends Error {
  override name = 'PrimaryAwayError';
}

/** The servers that a request needs do not answer, or a lock was not to be had. */
export function isAway(error: unknown): boolean {
  const isOurs = error instanceof PrimaryAwayError || error instanceof TimeLimitError;
  return isOurs || isConnectionError(error) || isLockConflict(error);
}

interface Server extends ReadServer {
  name: string;
  pool: Pool;
  shared: SharedQueries;
}

export type Databases = ReturnType<typeof createDatabases>;

/** The primary for writing, the replicas for reading, and the choice between them. */
export function createDatabases(config: DatabaseConfig) {
  const account = { user: 'inventario_app', password: config.APP_PASSWORD };
  const servers = [config.PRIMARY, ...config.REPLICAS].map((address, index): Server => {
    const name = serverName(index);
    const pool = createServerPool(address, account, 20);
    watchStatements(pool, name);
    return { name, pool, db: kyselyOver(pool), reached: undefined, shared: new SharedQueries() };
  });
  const monitor = new ServerMonitor(config);
  let turn = 0;
  let primaryIsLateUntil = 0;

  function primary(): Server {
    const name = monitor.primaryName();
    const server = servers.find((candidate) => candidate.name === name);
    if (!server) throw new PrimaryAwayError('The primary is not among the servers that answer');
    return server;
  }

  /** A replica that is fit to answer `actor`, if there is one. */
  async function chooseReplica(actor: Actor): Promise<Server | undefined> {
    const fit = servers.filter(({ name }) => monitor.isFitForReading(name));
    const first = turn++;
    for (let i = 0; i < fit.length; i++) {
      const replica = fit[(first + i) % fit.length]!;
      const limitMs = monitor.isUpToDate(replica.name) ? CATCH_UP_MS : BEHIND_MS;
      if (await hasReached(replica, actor.lastWrite, { term: monitor.term(), limitMs })) return replica;
    }
    if (monitor.isPrimaryReachable()) {
      readFallbacks.inc({ reason: fit.length > 0 ? 'own write' : 'no replica' });
      return undefined;
    }
    // The own last write may come yet; if it does not, what there is, is better than nothing.
    const [last] = fit;
    if (last) await hasReached(last, actor.lastWrite, { term: monitor.term(), limitMs: LAST_RESORT_MS });
    return last;
  }

  /** Changes something on the primary; given up when nothing can be saved there any more. */
  async function onPrimary<T>(work: Work, change: (db: Kysely<Database>) => Promise<T>): Promise<T> {
    const canSave = () => monitor.canSave();
    if (!(await monitor.waitFor(canSave, PATIENCE_MS))) throw new PrimaryAwayError('Nothing can be saved');
    const done = new AbortController();
    const { name, db } = primary();
    const stopsAnswering = async () => {
      // So long at least: one question that is answered late does not end what others wait for.
      await sleep(PATIENCE_MS, undefined, { ref: false });
      // Nor may one that was replaced meanwhile acknowledge anything.
      await monitor.waitFor(() => !canSave() || monitor.primaryName() !== name, Infinity, done.signal);
    };
    try {
      const running = work.run(() => change(db)).then((value) => ({ value }));
      const answer = await Promise.race([running, stopsAnswering()]);
      if (answer) return answer.value;
      work.giveUp();
      throw new PrimaryAwayError('The primary stopped answering');
    } finally {
      done.abort();
    }
  }

  return {
    monitor,

    /**
     * Reads and changes on the primary whatever must be exact and is not repeated, such as log-ins.
     *
     * @throws PrimaryAwayError when the primary does not answer, or stops answering
     */
    async onPrimary<T>(work: (db: Kysely<Database>) => Promise<T>): Promise<T> {
      return onPrimary(new Work(), work);
    },

    /**
     * For what must be exact now, such as sessions: asks the primary, and a replica only while that is away.
     *
     * @throws PrimaryAwayError when the primary does not answer, and no replica can stand in for it
     */
    async readLatest<T>(query: (db: Kysely<Database>) => Promise<T>): Promise<T> {
      const isKnownToBeAway = () => !monitor.isPrimaryReachable();
      const standIn = () =>
        servers.find(({ name }) =>
          // A replica that is behind would still have a session that was ended.
          isKnownToBeAway() ? monitor.isFitForReading(name) : monitor.isUpToDate(name),
        );
      const isLate = Date.now() < primaryIsLateUntil && standIn() !== undefined;
      if (!isKnownToBeAway() && !isLate) {
        try {
          return await withinLimit(query, primary().db, LATEST_LIMIT_MS);
        } catch (error) {
          if (!isAway(error)) throw error;
          primaryIsLateUntil = Date.now() + LATE_FOR_MS;
        }
      }
      if (!standIn()) await monitor.waitFor(isKnownToBeAway, PATIENCE_MS);
      const replica = standIn();
      if (!replica) throw new PrimaryAwayError('Neither the primary nor a replica answers');
      return withinLimit(query, replica.db, LATEST_LIMIT_MS);
    },

    /**
     * Runs `query` on a replica that shows the actor's own last write, else on the primary.
     *
     * @param sharedAs what is asked, where people who ask it at the same time may share the answer
     */
    async read<T>(
      actor: Actor,
      query: (db: Kysely<Database>) => Promise<T>,
      { sharedAs }: { sharedAs?: string } = {},
    ): Promise<T> {
      const on = async ({ name, db, shared }: Server) => {
        if (sharedAs === undefined) return { result: await query(db), server: name };
        // Whoever shares the statement of another has had its server, too.
        requestContext.getStore()?.servers.add(name);
        // With a limit of its own: it goes on when the first who asked has given up.
        const ask = () => withinLimit(query, db, READ_LIMIT_MS);
        return { result: await shared.ask(sharedAs, ask), server: name };
      };
      const replica = await chooseReplica(actor);
      const work = new Work();
      const first = () => work.run(() => on(replica ?? primary()));
      const second = () => {
        readFallbacks.inc({ reason: 'slow replica' });
        return on(primary());
      };
      const canHedge = replica && monitor.isPrimaryReachable();
      const answer = canHedge
        ? hedged({ first, second, delayMs: HEDGE_DELAY_MS, isWorthAnother: isConnectionError })
        : first();
      const { result, server } = await withTimeLimit(answer, READ_LIMIT_MS).finally(() => work.giveUp());
      reads.inc({ server });
      return result;
    },

    /** Like `read`, for a query that is consumed later: gives the database instead of running it. */
    async forReading(actor: Actor): Promise<Kysely<Database>> {
      const server = (await chooseReplica(actor)) ?? primary();
      reads.inc({ server: server.name });
      return server.db;
    },

    /**
     * Runs `work` in one transaction on the primary, once: asked again with the same `id`, it gives the same
     * answer and changes nothing. Notes the GTID of the commit as the actor's last write.
     *
     * @param id the same for two requests that ask the same (`req.writeId()`)
     * @throws Refusal as `work` did; PrimaryAwayError when it is not known to be done
     */
    async write<T>(
      actor: Actor,
      id: Buffer,
      work: (trx: Transaction<Database>) => Promise<T>,
    ): Promise<FromJson<T>> {
      const { completed, position } = await retrying(async () => {
        const attempt = new Work();
        const completed = await onPrimary(attempt, (db) => runOnce(db, id, work));
        return { completed, position: attempt.position };
      });
      if (position)
        await withinLimit((db) => noteLastWrite(db, actor, position), primary().db, CHANGE_LIMIT_MS);
      return completed.get();
    },

    /**
     * Makes a change that nobody's products depend on, such as to a session, and takes no longer than
     * `limitMs`. Not repeated.
     *
     * @throws PrimaryAwayError, TimeLimitError
     */
    async change<T>(change: (db: Kysely<Database>) => Promise<T>, limitMs = CHANGE_LIMIT_MS): Promise<T> {
      if (!monitor.canSave()) throw new PrimaryAwayError('Nothing can be saved');
      return withinLimit(change, primary().db, limitMs);
    },

    poolUse: () => servers.map(({ name, pool }) => poolUse(name, pool)),

    async close() {
      monitor.close();
      await Promise.all(servers.map(({ db }) => db.destroy()));
    },
  };
}
