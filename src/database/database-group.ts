import { setTimeout as sleep } from 'node:timers/promises';
import { sql, type Kysely, type Transaction } from 'kysely';
import type { DatabaseConfig } from '../config/config.ts';
import { readFallbacks, reads } from '../telemetry/metrics.ts';
import { requestContext } from '../telemetry/request-context.ts';
import { DiskFullError, isAway, PrimaryAwayError } from './away.ts';
import { openServer, type ServerPools } from './connect.ts';
import { groupTables } from './group-tables.ts';
import { hedged } from './hedged.ts';
import { KeptAnswers } from './kept-answers.ts';
import { isConnectionError, isDamaged } from './mysql-errors.ts';
import { poolUse } from './pool-use.ts';
import type { FindPrimary } from './primary-by-term.ts';
import { retrying } from './retrying.ts';
import { runOnce, type FromJson } from './run-once.ts';
import { ServerMonitor } from './server-monitor.ts';
import { listServers } from './servers.ts';
import { audienceOf } from './shared-queries.ts';
import type { GroupTables } from './tables.ts';
import { withTimeLimit } from './time-limit.ts';
import { withinLimit, Work } from './work.ts';
import { SeenWrites, showsOwnWrites, type Actor } from './write-counts.ts';

const PRIMARY_WAIT_MS = 800;
/** How long a write waits for the primary of a replication group: a planned change of it takes a second. */
const SWITCH_OVER_WAIT_MS = 2000;
/** Within this, the monitor notices that the primary has ended, also on a busy machine. */
const NOTICE_LIMIT_MS = 2000;
/** After this, a replica answers instead, and the primary is skipped for `SKIP_PRIMARY_MS`. */
const PRIMARY_READ_LIMIT_MS = 700;
const SKIP_PRIMARY_MS = 500;
const HEDGE_DELAY_MS = 300;
/** How long a read waits for a replica to show the actor's last write, and for one that is known to lag. */
const CATCH_UP_MS = 200;
const BEHIND_MS = 10;
const LAST_RESORT_MS = 500;
const READ_LIMIT_MS = 4000;

/** For `transact`: a change to abandon rather than wait for, such as to a session. */
export const QUICK_CHANGE_MS = 1500;

interface Server<Tables> extends ServerPools<Tables> {
  name: string;
  seen: SeenWrites;
  answers: KeptAnswers;
}

/** Runs a query on one server, for all who ask for the same. @param name the query and its parameters */
export type Share<Tables> = <T>(name: unknown, query: (db: Kysely<Tables>) => Promise<T>) => Promise<T>;

/** Routes reads and writes to one primary and its replicas. */
export class DatabaseGroup<Tables extends GroupTables> {
  readonly name: string;
  readonly monitor: ServerMonitor;
  readonly #servers: Server<Tables>[];
  readonly #saveWaitMs: number;
  #turn = 0;
  #skipPrimaryUntil = 0;

  constructor(name: string, config: DatabaseConfig, findPrimary: FindPrimary) {
    const account = { user: 'inventario_app', password: config.APP_PASSWORD };
    this.name = name;
    this.monitor = new ServerMonitor(config, findPrimary);
    this.#saveWaitMs = config.GROUP ? SWITCH_OVER_WAIT_MS : PRIMARY_WAIT_MS;
    this.#servers = listServers(config).map(({ name: server, address }) => {
      const opened = openServer<Tables>(server, address, account);
      return {
        name: server,
        ...opened,
        seen: new SeenWrites(),
        answers: new KeptAnswers(() => withinLimit(() => positionOf(opened.db), READ_LIMIT_MS)),
      };
    });
  }

  /**
   * Runs `query` on a replica that shows the actor's own writes, otherwise on the primary.
   *
   * @param query gets `share`, for parts of the answer that others need, too
   * @param sharedAs the query and its parameters: calls with equal ones and permissions share one answer
   */
  async readReplica<T>(
    actor: Actor,
    query: (db: Kysely<Tables>, share: Share<Tables>) => Promise<T>,
    { sharedAs }: { sharedAs?: unknown } = {},
  ): Promise<T> {
    const runOn = async ({ name, db, answers }: Server<Tables>) => {
      // Its own limit: a shared query outlives the request that started it.
      const share: Share<Tables> = (part, work) =>
        answers.run(JSON.stringify([audienceOf(actor), part]), () =>
          withinLimit(() => work(db), READ_LIMIT_MS),
        );
      if (sharedAs === undefined) return { result: await query(db, share), server: name };
      // A shared statement was served by this server, even if another request sent it.
      requestContext.getStore()?.servers.add(name);
      return { result: await share(sharedAs, (own) => query(own, share)), server: name };
    };
    const replica = await this.#chooseReplica(actor);
    const work = new Work();
    const first = () => work.run(() => runOn(replica ?? this.#primary()));
    const second = () => {
      readFallbacks.inc({ reason: 'slow replica' });
      return runOn(this.#primary());
    };
    // The primary may have ended before the monitor has noticed.
    const standIn = async (error: unknown) => {
      if (replica || !isConnectionError(error)) throw error;
      await this.monitor.waitFor(() => !this.monitor.isPrimaryReachable(), NOTICE_LIMIT_MS);
      return runOn((await this.#chooseReplica(actor)) ?? this.#primary());
    };
    const canHedge = replica && this.monitor.isPrimaryReachable();
    const answer = canHedge
      ? hedged({ first, second, delayMs: HEDGE_DELAY_MS, shouldTrySecond: isReplicasFault })
      : first().catch(standIn);
    const { result, server } = await withTimeLimit(answer, READ_LIMIT_MS).finally(() => work.cancel());
    reads.inc({ server });
    return result;
  }

  /** Like `readReplica`, but returns the database, for rows that are consumed later. */
  async replicaForStream(actor: Actor): Promise<Kysely<Tables>> {
    const replica = await this.#chooseReplica(actor);
    // A stream cannot change to another server, so one that has begun to hang must not get it.
    const isUsable = replica && ((await answersSoon(replica.db)) || !(await this.#primaryAnswersSoon()));
    if (replica && !isUsable) readFallbacks.inc({ reason: 'slow replica' });
    const server = isUsable ? replica : this.#primary();
    reads.inc({ server: server.name });
    return server.db;
  }

  /**
   * For current reads, such as sessions; a replica answers only while the primary is away.
   *
   * @throws PrimaryAwayError when neither answers
   */
  async readPrimary<T>(query: (db: Kysely<Tables>) => Promise<T>): Promise<T> {
    const isPrimaryDown = () => !this.monitor.isPrimaryReachable();
    const standIns = () =>
      this.#servers.filter(({ name }) =>
        // A lagging replica would still have sessions that have ended.
        isPrimaryDown() ? this.monitor.isFitForReading(name) : this.monitor.isUpToDate(name),
      );
    const runOn = ({ db }: Server<Tables>) => withinLimit(() => query(db), PRIMARY_READ_LIMIT_MS);
    const isSkipped = Date.now() < this.#skipPrimaryUntil && standIns().length > 0;
    if (!isPrimaryDown() && !isSkipped) {
      try {
        return await runOn(this.#primary());
      } catch (error) {
        if (!isAway(error)) throw error;
        this.#skipPrimaryUntil = Date.now() + SKIP_PRIMARY_MS;
      }
    }
    if (standIns().length === 0) await this.monitor.waitFor(isPrimaryDown, PRIMARY_WAIT_MS);
    let problem: unknown = new PrimaryAwayError('Neither the primary nor a replica answers');
    for (const replica of standIns()) {
      try {
        return await runOn(replica);
      } catch (error) {
        if (!isAway(error)) throw error;
        problem = error;
      }
    }
    throw problem;
  }

  /**
   * Runs `work` in one transaction, without retries. The actor's later reads do not wait for it.
   *
   * @param limitMs without it, waits briefly for a primary that is down, and the work may take any time
   * @throws PrimaryAwayError, TimeLimitError
   */
  async transact<T>(
    work: (trx: Transaction<Tables>) => Promise<T>,
    { limitMs }: { limitMs?: number } = {},
  ): Promise<T> {
    const run = (db: Kysely<Tables>) => db.transaction().execute(work);
    if (limitMs === undefined) return this.#onPrimary(run);
    if (!this.monitor.canSave()) throw this.#awayError('Nothing can be saved');
    return this.#whilePrimaryAnswers(run, limitMs);
  }

  /**
   * Runs `work` in one transaction, once for each `id` (`req.writeId()`): a repeat returns the stored outcome. The
   * actor's later reads wait for this write.
   *
   * @throws DomainError as `work` did; PrimaryAwayError when the outcome is unknown
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

  replicas(): { name: string; db: Kysely<Tables> }[] {
    return this.#servers.filter(({ name }) => this.monitor.isFitForReading(name));
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

  async #chooseReplica(actor: Actor): Promise<Server<Tables> | undefined> {
    const shows = (server: Server<Tables>, limitMs: number) =>
      showsOwnWrites({ db: groupTables(server.db), seen: server.seen }, this.name, actor, {
        term: this.monitor.term(),
        limitMs,
      });
    const fit = this.#servers.filter(({ name }) => this.monitor.isFitForReading(name));
    const start = this.#turn++;
    for (let i = 0; i < fit.length; i++) {
      const replica = fit[(start + i) % fit.length]!;
      if (await shows(replica, this.monitor.isUpToDate(replica.name) ? CATCH_UP_MS : BEHIND_MS))
        return replica;
    }
    if (this.monitor.isPrimaryReachable()) {
      readFallbacks.inc({ reason: fit.length > 0 ? 'own write' : 'no replica' });
      return undefined;
    }
    // The last write may still arrive. A stale answer beats none while the primary is down.
    const [last] = fit;
    if (last) await shows(last, LAST_RESORT_MS);
    return last;
  }

  /** Asked itself: the monitor may take a late health check for an outage. */
  async #primaryAnswersSoon(): Promise<boolean> {
    const primary = this.#servers.find(({ name }) => name === this.monitor.primaryName());
    return primary !== undefined && answersSoon(primary.db);
  }

  async #onPrimary<T>(change: (db: Kysely<Tables>) => Promise<T>): Promise<T> {
    if (!(await this.monitor.waitFor(() => this.monitor.canSave(), this.#saveWaitMs)))
      throw this.#awayError('Nothing can be saved');
    return this.#whilePrimaryAnswers(change);
  }

  async #whilePrimaryAnswers<T>(change: (db: Kysely<Tables>) => Promise<T>, limitMs?: number): Promise<T> {
    const done = new AbortController();
    const { name, transactions } = this.#primary();
    const primaryStopsAnswering = async () => {
      // At least this long: one late health check must not end running writes.
      await sleep(PRIMARY_WAIT_MS, undefined, { ref: false });
      // A primary that has been replaced must not acknowledge anything either.
      await this.monitor.waitFor(
        () => !this.monitor.canSave() || this.monitor.primaryName() !== name,
        Infinity,
        done.signal,
      );
    };
    const work = new Work();
    try {
      const running = work.run(() => change(transactions)).then((value) => ({ value }));
      const ended = Promise.race([running, primaryStopsAnswering()]);
      const answer = await (limitMs === undefined ? ended : withTimeLimit(ended, limitMs));
      if (answer) return answer.value;
      throw this.#awayError('The primary stopped answering');
    } catch (error) {
      // It may have been replaced.
      if (isConnectionError(error)) this.monitor.look();
      throw error;
    } finally {
      done.abort();
      work.cancel();
    }
  }

  #awayError(message: string): PrimaryAwayError {
    if (this.monitor.isDiskFull()) return new DiskFullError('The disk of the primary is full');
    return new PrimaryAwayError(message);
  }
}

/** Grows with each transaction that the server has made visible. */
async function positionOf<Tables>(db: Kysely<Tables>): Promise<string> {
  const { rows } = await sql<{ position: string }>`SELECT @@GLOBAL.gtid_executed AS position`.execute(db);
  return rows[0]!.position;
}

function isReplicasFault(error: unknown): boolean {
  return isConnectionError(error) || isDamaged(error);
}

async function answersSoon<Tables>(db: Kysely<Tables>): Promise<boolean> {
  const ping = withinLimit(() => sql`DO 0`.execute(db), HEDGE_DELAY_MS);
  return ping.then(
    () => true,
    () => false,
  );
}
