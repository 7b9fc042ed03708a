import { setTimeout as sleep } from 'node:timers/promises';
import type { Kysely, Transaction } from 'kysely';
import type { DatabaseConfig } from '../config/config.ts';
import { readFallbacks, reads } from '../telemetry/metrics.ts';
import { requestContext } from '../telemetry/request-context.ts';
import { isAway, PrimaryAwayError } from './away.ts';
import { openServer, serverName, type ServerPools } from './connect.ts';
import { groupTables } from './group-tables.ts';
import { hedged } from './hedged.ts';
import { isConnectionError } from './mysql-errors.ts';
import { poolUse } from './pool-use.ts';
import type { FindPrimary } from './primary-by-term.ts';
import { retrying } from './retrying.ts';
import { runOnce, type FromJson } from './run-once.ts';
import { ServerMonitor } from './server-monitor.ts';
import { audienceOf, SharedQueries } from './shared-queries.ts';
import type { GroupTables } from './tables.ts';
import { withTimeLimit } from './time-limit.ts';
import { withinLimit, Work } from './work.ts';
import { SeenWrites, showsOwnWrites, type Actor } from './write-counts.ts';

/** A write that arrives while the primary is away waits this long for it. */
const PATIENCE_MS = 800;
/** A primary that has not answered by then has a replica stand in for it, until it may be well again. */
const PRIMARY_READ_LIMIT_MS = 700;
const LATE_FOR_MS = 500;
/** A replica that has not answered by then has the primary beside it. */
const HEDGE_DELAY_MS = 300;
/** How long a read waits for a replica to show the actor's own last write. */
const CATCH_UP_MS = 200;
/** The same for a replica that is known to be behind. */
const BEHIND_MS = 10;
/** The same while there is no primary to ask instead. */
const LAST_RESORT_MS = 500;
/** No page waits longer, whatever hangs. */
const READ_LIMIT_MS = 4000;

/** For `transact`: a change that is given up rather than waited for, such as to a session. */
export const QUICK_CHANGE_MS = 1500;

interface Server<Tables> extends ServerPools<Tables> {
  name: string;
  seen: SeenWrites;
  shared: SharedQueries;
}

/** One primary with its replicas, and the choice between them. */
export class DatabaseGroup<Tables extends GroupTables> {
  readonly name: string;
  readonly monitor: ServerMonitor;
  readonly #servers: Server<Tables>[];
  #turn = 0;
  #primaryIsLateUntil = 0;

  constructor(name: string, config: DatabaseConfig, findPrimary: FindPrimary) {
    const account = { user: 'inventario_app', password: config.APP_PASSWORD };
    this.name = name;
    this.monitor = new ServerMonitor(config, findPrimary);
    this.#servers = [config.PRIMARY, ...config.REPLICAS].map((address, index) => {
      const server = serverName(index);
      return {
        name: server,
        ...openServer<Tables>(server, address, account),
        seen: new SeenWrites(),
        shared: new SharedQueries(),
      };
    });
  }

  /**
   * Runs `query` on a replica that shows the actor's own writes, else on the primary.
   *
   * @param sharedAs all that the query is given, where people who ask the same at the same time may share
   *   the answer; only those with the same permissions do
   */
  async readReplica<T>(
    actor: Actor,
    query: (db: Kysely<Tables>) => Promise<T>,
    { sharedAs }: { sharedAs?: unknown } = {},
  ): Promise<T> {
    const on = async ({ name, db, shared }: Server<Tables>) => {
      if (sharedAs === undefined) return { result: await query(db), server: name };
      // A request that shares another one's statement was served by that server, too.
      requestContext.getStore()?.servers.add(name);
      // With a limit of its own: it goes on when the first who asked has given up.
      const ask = () => withinLimit(() => query(db), READ_LIMIT_MS);
      return { result: await shared.ask(JSON.stringify([audienceOf(actor), sharedAs]), ask), server: name };
    };
    const replica = await this.#chooseReplica(actor);
    const work = new Work();
    const first = () => work.run(() => on(replica ?? this.#primary()));
    const second = () => {
      readFallbacks.inc({ reason: 'slow replica' });
      return on(this.#primary());
    };
    const canHedge = replica && this.monitor.isPrimaryReachable();
    const answer = canHedge
      ? hedged({ first, second, delayMs: HEDGE_DELAY_MS, isWorthAnother: isConnectionError })
      : first();
    const { result, server } = await withTimeLimit(answer, READ_LIMIT_MS).finally(() => work.giveUp());
    reads.inc({ server });
    return result;
  }

  /** Like `readReplica`, for rows that are consumed later: gives the database instead of running a query. */
  async replicaForStream(actor: Actor): Promise<Kysely<Tables>> {
    const server = (await this.#chooseReplica(actor)) ?? this.#primary();
    reads.inc({ server: server.name });
    return server.db;
  }

  /**
   * Reads on the primary what must be exact now, such as sessions; on a replica only while the primary is away.
   *
   * @throws PrimaryAwayError when the primary does not answer and no replica can stand in for it
   */
  async readPrimary<T>(query: (db: Kysely<Tables>) => Promise<T>): Promise<T> {
    const isKnownToBeAway = () => !this.monitor.isPrimaryReachable();
    const standIn = () =>
      this.#servers.find(({ name }) =>
        // A replica that is behind would still have a session that was ended.
        isKnownToBeAway() ? this.monitor.isFitForReading(name) : this.monitor.isUpToDate(name),
      );
    const on = ({ db }: Server<Tables>) => withinLimit(() => query(db), PRIMARY_READ_LIMIT_MS);
    const isLate = Date.now() < this.#primaryIsLateUntil && standIn() !== undefined;
    if (!isKnownToBeAway() && !isLate) {
      try {
        return await on(this.#primary());
      } catch (error) {
        if (!isAway(error)) throw error;
        this.#primaryIsLateUntil = Date.now() + LATE_FOR_MS;
      }
    }
    if (!standIn()) await this.monitor.waitFor(isKnownToBeAway, PATIENCE_MS);
    const replica = standIn();
    if (!replica) throw new PrimaryAwayError('Neither the primary nor a replica answers');
    return on(replica);
  }

  /**
   * Runs `work` in one transaction on the primary. It is not repeated, and is no write of a person's that
   * their reads wait for.
   *
   * @param limitMs without it a primary that is away is waited for a moment, and the work may take any time
   * @throws PrimaryAwayError when the primary does not answer or stops answering, TimeLimitError
   */
  async transact<T>(
    work: (trx: Transaction<Tables>) => Promise<T>,
    { limitMs }: { limitMs?: number } = {},
  ): Promise<T> {
    const run = (db: Kysely<Tables>) => db.transaction().execute(work);
    if (limitMs === undefined) return this.#onPrimary(run);
    if (!this.monitor.canSave()) throw new PrimaryAwayError('Nothing can be saved');
    return withinLimit(() => run(this.#primary().transactions), limitMs);
  }

  /**
   * Runs `work` in one transaction on the primary, once: asked again with the same `id`, it gives the same
   * answer and changes nothing. The actor's reads wait for it from then on.
   *
   * @param id the same for two requests that ask the same (`req.writeId()`)
   * @throws DomainError as `work` did; PrimaryAwayError when it is not known to be done
   */
  async transactOnce<T>(
    actor: Actor,
    id: Buffer,
    work: (trx: Transaction<Tables>) => Promise<T>,
  ): Promise<FromJson<T>> {
    const completed = await retrying(() =>
      this.#onPrimary((db) => runOnce(db, { id, actor, group: this.name }, work)),
    );
    actor.lastWrite = { ...actor.lastWrite, [this.name]: completed.writes };
    return completed.get();
  }

  poolUse() {
    return this.#servers.map(({ name, pools }) => poolUse(name, pools));
  }

  async close(): Promise<void> {
    this.monitor.close();
    await Promise.all(
      this.#servers.flatMap(({ db, transactions }) => [db.destroy(), transactions.destroy()]),
    );
  }

  #primary(): Server<Tables> {
    const name = this.monitor.primaryName();
    const server = this.#servers.find((candidate) => candidate.name === name);
    if (!server) throw new PrimaryAwayError('The primary is not among the servers that answer');
    return server;
  }

  /** A replica that is fit to answer `actor`, if there is one. */
  async #chooseReplica(actor: Actor): Promise<Server<Tables> | undefined> {
    const shows = (server: Server<Tables>, limitMs: number) =>
      showsOwnWrites({ db: groupTables(server.db), seen: server.seen }, this.name, actor, {
        term: this.monitor.term(),
        limitMs,
      });
    const fit = this.#servers.filter(({ name }) => this.monitor.isFitForReading(name));
    const first = this.#turn++;
    for (let i = 0; i < fit.length; i++) {
      const replica = fit[(first + i) % fit.length]!;
      if (await shows(replica, this.monitor.isUpToDate(replica.name) ? CATCH_UP_MS : BEHIND_MS))
        return replica;
    }
    if (this.monitor.isPrimaryReachable()) {
      readFallbacks.inc({ reason: fit.length > 0 ? 'own write' : 'no replica' });
      return undefined;
    }
    // The own last write may still arrive; a stale answer beats none while the primary is down.
    const [last] = fit;
    if (last) await shows(last, LAST_RESORT_MS);
    return last;
  }

  /** Changes something on the primary; given up when nothing can be saved there any more. */
  async #onPrimary<T>(change: (db: Kysely<Tables>) => Promise<T>): Promise<T> {
    const canSave = () => this.monitor.canSave();
    if (!(await this.monitor.waitFor(canSave, PATIENCE_MS)))
      throw new PrimaryAwayError('Nothing can be saved');
    const done = new AbortController();
    const { name, transactions } = this.#primary();
    const stopsAnswering = async () => {
      // So long at least: one question that is answered late does not end what others wait for.
      await sleep(PATIENCE_MS, undefined, { ref: false });
      // Nor may a primary that was replaced in the meantime acknowledge anything.
      await this.monitor.waitFor(
        () => !canSave() || this.monitor.primaryName() !== name,
        Infinity,
        done.signal,
      );
    };
    const work = new Work();
    try {
      const running = work.run(() => change(transactions)).then((value) => ({ value }));
      const answer = await Promise.race([running, stopsAnswering()]);
      if (answer) return answer.value;
      work.giveUp();
      throw new PrimaryAwayError('The primary stopped answering');
    } finally {
      done.abort();
    }
  }
}
