import { sql, type RawBuilder, type Transaction } from 'kysely';
import type { Logger } from 'pino';
import type { WebConfig } from '../config/config.ts';
import { isAway } from '../database/away.ts';
import type { DatabaseGroup } from '../database/database-group.ts';
import type { Databases } from '../database/databases.ts';
import type { GroupTables } from '../database/tables.ts';
import { isJobDue, JobLease } from './job-lease.ts';
import { LeaseLostError, type Lease } from './lease.ts';
import { Outbox, type Handler, type HandlerOptions, type OutboxKind } from './outbox.ts';
import { Repeating, type Work } from './repeating.ts';

const POLL_EVERY_MS = 2000;
const CLEAN_EVERY_SECONDS = 10 * 60;
const CLEAN_LIMIT_MS = 10_000;

/** Deletes a limited number of rows; called until none are left. */
type CleanUp<Tables extends GroupTables> = (
  trx: Transaction<Tables>,
) => Promise<{ numAffectedRows?: bigint | undefined }>;

export interface Due<Tables extends GroupTables> {
  group: DatabaseGroup<Tables>;
  condition: RawBuilder<boolean>;
}

type Group = DatabaseGroup<GroupTables>;

/** Register jobs, then call `start`. One query per group evaluates all conditions; an idle instance sends no other. */
export class Jobs {
  readonly #instance: string;
  readonly #directory: Group;
  readonly #logger: Logger;
  readonly #jobs = new Map<string, { job: Repeating; everyMs?: number }>();
  readonly #conditions = new Map<Group, Map<string, RawBuilder<boolean>>>();
  readonly #cleanUps = new Map<string, () => Promise<bigint>>();
  readonly #outboxes: { group: Group; outbox: Outbox }[];

  constructor({ INSTANCE }: Pick<WebConfig, 'INSTANCE'>, databases: Databases, logger: Logger) {
    this.#instance = INSTANCE;
    this.#directory = asGroup(databases.directory);
    this.#logger = logger;
    this.#outboxes = [...databases.groups.values()].map((group) => ({
      group,
      outbox: new Outbox({ group, logger, owner: INSTANCE }),
    }));
    this.every('poll', POLL_EVERY_MS, () => this.#poll());
  }

  /** Runs at the start, then at the interval, on every instance. */
  every(name: string, everyMs: number, work: Work): void {
    this.#jobs.set(name, { job: new Repeating(name, work, this.#logger), everyMs });
  }

  /** Runs on every instance where the condition holds or `wake` is called. */
  whenDue<Tables extends GroupTables>(name: string, { group, condition }: Due<Tables>, work: Work): void {
    const own = asGroup(group);
    const conditions = this.#conditions.get(own) ?? new Map<string, RawBuilder<boolean>>();
    this.#conditions.set(own, conditions.set(name, condition));
    this.#jobs.set(name, { job: new Repeating(name, work, this.#logger) });
  }

  /** Runs on one instance at a time; if that one dies, another takes over. */
  underLease(name: string, everySeconds: number, work: (lease: Lease) => Promise<void>): void {
    const group = this.#directory;
    this.whenDue(name, { group, condition: isJobDue(name) }, async (stopping) => {
      const lease = await JobLease.claim(group, { name, owner: this.#instance }, stopping);
      if (!lease) return;
      try {
        await lease.during(() => work(lease));
      } finally {
        await lease.finish(stopping.aborted ? 0 : everySeconds);
      }
    });
  }

  /** Runs every ten minutes on one instance. */
  cleanUp<Tables extends GroupTables>(
    name: string,
    group: DatabaseGroup<Tables>,
    deleteSome: CleanUp<Tables>,
  ): void {
    this.#cleanUps.set(name, async () => {
      const { numAffectedRows = 0n } = await group.transact(deleteSome, { limitMs: CLEAN_LIMIT_MS });
      return numAffectedRows;
    });
  }

  handle<Payload>(kind: OutboxKind<Payload>, handler: Handler<Payload>, options?: HandlerOptions): void {
    for (const { outbox } of this.#outboxes) outbox.handle(kind, handler, options);
  }

  wake(name: string): void {
    this.#jobs.get(name)?.job.wake();
  }

  wakeOutbox(): void {
    for (const { group } of this.#outboxes) this.wake(outboxJob(group));
  }

  start(): void {
    if (this.#cleanUps.size > 0) {
      this.underLease('clean-up', CLEAN_EVERY_SECONDS, (lease) => this.#cleanUp(lease));
    }
    for (const { group, outbox } of this.#outboxes) {
      if (!outbox.hasHandlers) continue;
      const name = outboxJob(group);
      const onFreeSlot = () => this.wake(name);
      this.whenDue(name, { group, condition: outbox.isDue }, (stopping) =>
        outbox.begin(stopping, onFreeSlot),
      );
    }
    for (const { job, everyMs } of this.#jobs.values()) job.start(everyMs);
  }

  /** Aborts what another instance can take over, and waits for the rest. */
  async stop(): Promise<void> {
    await Promise.all([...this.#jobs.values()].map(({ job }) => job.stop()));
    await Promise.all(this.#outboxes.map(({ outbox }) => outbox.settle()));
  }

  async #poll(): Promise<void> {
    for (const [group, conditions] of this.#conditions) {
      const columns = [...conditions].map(([name, condition]) => sql`${condition} AS ${sql.id(name)}`);
      const query = sql<Record<string, 0 | 1>>`SELECT ${sql.join(columns)}`;
      const { rows } = await group.readPrimary((db) => query.execute(db));
      for (const [name, isDue] of Object.entries(rows[0]!)) if (isDue) this.wake(name);
    }
  }

  async #cleanUp(lease: Lease): Promise<void> {
    for (const [name, deleteSome] of this.#cleanUps) {
      try {
        do lease.check();
        while ((await deleteSome()) > 0n);
      } catch (error) {
        if (error instanceof LeaseLostError) throw error;
        // One failing clean-up must not block the others.
        if (!isAway(error)) this.#logger.error({ err: error, cleanUp: name }, 'clean-up failed');
      }
    }
  }
}

const outboxJob = ({ name }: Group) => `outbox ${name}`;

function asGroup<Tables extends GroupTables>(group: DatabaseGroup<Tables>): Group {
  return group as unknown as Group;
}
