import { sql, type Kysely, type RawBuilder } from 'kysely';
import type { Logger } from 'pino';
import type { WebConfig } from '../config/config.ts';
import { isAway, type Databases } from '../database/databases.ts';
import type { Database } from '../database/tables.ts';
import { isJobDue, JobLease } from './job-lease.ts';
import { LeaseLostError, type Lease } from './lease.ts';
import { Outbox, type Handler, type OutboxKind } from './outbox.ts';
import { Repeating, type Work } from './repeating.ts';

const LOOK_EVERY_MS = 2000;
const CLEAN_EVERY_SECONDS = 10 * 60;
const CLEAN_LIMIT_MS = 10_000;

/** Deletes a bounded number of rows; called again until there are none left. */
type CleanUp = (db: Kysely<Database>) => Promise<{ numAffectedRows?: bigint }>;

/**
 * All work in the background of an instance. Jobs are registered, then started. Those that wait for something
 * in the database share one look at the primary: at rest an instance asks nothing else.
 */
export class Jobs {
  readonly #instance: string;
  readonly #databases: Databases;
  readonly #logger: Logger;
  readonly #jobs = new Map<string, { job: Repeating; everyMs?: number }>();
  readonly #conditions = new Map<string, RawBuilder<boolean>>();
  readonly #cleanUps = new Map<string, CleanUp>();
  readonly #outbox: Outbox;

  constructor({ INSTANCE }: Pick<WebConfig, 'INSTANCE'>, databases: Databases, logger: Logger) {
    this.#instance = INSTANCE;
    this.#databases = databases;
    this.#logger = logger;
    this.#outbox = new Outbox({ databases, logger, owner: INSTANCE });
    this.every('look', LOOK_EVERY_MS, () => this.#look());
  }

  /** Does `work` on each instance, at the start and then every so often. */
  every(name: string, everyMs: number, work: Work): void {
    this.#jobs.set(name, { job: new Repeating(name, work, this.#logger), everyMs });
  }

  /** Does `work` on each instance that finds `condition` true on the primary, or is woken. */
  whenDue(name: string, condition: RawBuilder<boolean>, work: Work): void {
    this.#conditions.set(name, condition);
    this.#jobs.set(name, { job: new Repeating(name, work, this.#logger) });
  }

  /** Does `work` every so often on one instance at a time; if that dies, another one takes it over. */
  underLease(name: string, everySeconds: number, work: (lease: Lease) => Promise<void>): void {
    this.whenDue(name, isJobDue(name), async (stopping) => {
      const lease = await JobLease.claim(this.#databases, { name, owner: this.#instance }, stopping);
      if (!lease) return;
      try {
        await lease.during(() => work(lease));
      } finally {
        await lease.finish(stopping.aborted ? 0 : everySeconds);
      }
    });
  }

  /** Deletes what is no longer needed, every ten minutes on one of the instances. */
  cleanUp(name: string, deleteSome: CleanUp): void {
    this.#cleanUps.set(name, deleteSome);
  }

  /** Carries out what is enqueued under this kind. */
  handle<Payload>(kind: OutboxKind<Payload>, handler: Handler<Payload>): void {
    this.#outbox.handle(kind, handler);
  }

  /** Runs a job at once, if it is registered and started. */
  wake(name: string): void {
    this.#jobs.get(name)?.job.wake();
  }

  start(): void {
    if (this.#cleanUps.size > 0) {
      this.underLease('clean-up', CLEAN_EVERY_SECONDS, (lease) => this.#cleanUp(lease));
    }
    if (this.#outbox.hasHandlers) {
      const onRoom = () => this.wake('outbox');
      this.whenDue('outbox', this.#outbox.isDue, (stopping) => this.#outbox.begin(stopping, onRoom));
    }
    for (const { job, everyMs } of this.#jobs.values()) job.start(everyMs);
  }

  /** Ends what can be left to other instances, and waits for the rest. */
  async stop(): Promise<void> {
    await Promise.all([...this.#jobs.values()].map(({ job }) => job.stop()));
    await this.#outbox.settle();
  }

  async #look(): Promise<void> {
    if (this.#conditions.size === 0) return;
    const columns = [...this.#conditions].map(([name, condition]) => sql`${condition} AS ${sql.id(name)}`);
    const look = sql<Record<string, 0 | 1>>`SELECT ${sql.join(columns)}`;
    const { rows } = await this.#databases.onPrimary((db) => look.execute(db));
    for (const [name, isDue] of Object.entries(rows[0]!)) if (isDue) this.wake(name);
  }

  async #cleanUp(lease: Lease): Promise<void> {
    for (const [name, deleteSome] of this.#cleanUps) {
      try {
        let deleted = 1n;
        while (deleted > 0n) {
          lease.check();
          const { numAffectedRows = 0n } = await this.#databases.change(deleteSome, CLEAN_LIMIT_MS);
          deleted = numAffectedRows;
        }
      } catch (error) {
        if (error instanceof LeaseLostError) throw error;
        // One that fails does not keep the others from their turn.
        if (!isAway(error)) this.#logger.error({ err: error, cleanUp: name }, 'clean-up failed');
      }
    }
  }
}
