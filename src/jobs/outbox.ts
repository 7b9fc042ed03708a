import { randomUUID } from 'node:crypto';
import { sql, type RawBuilder, type Transaction } from 'kysely';
import type { Logger } from 'pino';
import type { z } from 'zod';
import { isAway } from '../database/away.ts';
import type { DatabaseGroup } from '../database/database-group.ts';
import { groupTables } from '../database/group-tables.ts';
import type { GroupTables } from '../database/tables.ts';
import { kindOfError } from '../telemetry/recent-errors.ts';
import { LeaseLostError, NOW } from './lease.ts';
import { OutboxEntry } from './outbox-entry.ts';

const CONCURRENCY = 4;
/** For handlers that give up: the pauses before them add up to some 70 minutes. */
export const TRIES_OF_AN_HOUR = 13;

export interface OutboxKind<Payload> {
  /** At most 60 characters, such as `drop-import-file`. */
  name: string;
  /** JSON values only: the writing and reading instances may differ. */
  payload: z.ZodType<Payload>;
}

export interface Attempt {
  /** The same in every attempt and globally unique, so that a receiver recognises a repeat. */
  id: string;
  /** From 1. */
  attempt: number;
  /** Aborted when another instance has taken over or this one stops. */
  signal: AbortSignal;
}

/** Runs at least once per entry; retried if it throws. */
export type Handler<Payload> = (payload: Payload, attempt: Attempt) => Promise<void>;

export interface HandlerOptions {
  /** Entries of the kind at the same time, on each instance: what waits for others must not hold up everything. */
  atOnce?: number;
}

/** Runs the handler only after `trx` commits. Call `wakeOutbox` then, or wait up to two seconds for the next poll. */
export async function enqueue<Tables extends GroupTables, Payload>(
  trx: Transaction<Tables>,
  kind: OutboxKind<Payload>,
  payload: Payload,
): Promise<void> {
  const entry = { id: randomUUID(), kind: kind.name, payload: JSON.stringify(payload), due_at: NOW };
  await groupTables(trx).insertInto('outbox').values(entry).execute();
}

export class Outbox {
  readonly #group: DatabaseGroup<GroupTables>;
  readonly #owner: string;
  readonly #logger: Logger;
  readonly #handlers = new Map<string, (payload: unknown, attempt: Attempt) => Promise<void>>();
  readonly #running = new Set<Promise<void>>();
  readonly #limits = new Map<string, number>();
  readonly #atWork = new Map<string, number>();

  constructor({
    group,
    owner,
    logger,
  }: {
    group: DatabaseGroup<GroupTables>;
    owner: string;
    logger: Logger;
  }) {
    this.#group = group;
    this.#owner = owner;
    this.#logger = logger;
  }

  handle<Payload>(
    kind: OutboxKind<Payload>,
    handler: Handler<Payload>,
    { atOnce = CONCURRENCY }: HandlerOptions = {},
  ): void {
    this.#limits.set(kind.name, atOnce);
    this.#handlers.set(kind.name, async (payload, attempt) => handler(kind.payload.parse(payload), attempt));
  }

  get hasHandlers(): boolean {
    return this.#handlers.size > 0;
  }

  /** Leaves kinds without a handler here to the other versions. */
  get isDue(): RawBuilder<boolean> {
    const kinds = sql.join([...this.#handlers.keys()]);
    return sql`EXISTS (SELECT 1 FROM outbox WHERE due_at <= ${NOW} AND kind IN (${kinds}))`;
  }

  async begin(stopping: AbortSignal, onFreeSlot: () => void): Promise<void> {
    while (this.#running.size < CONCURRENCY && !stopping.aborted) {
      const kinds = this.#freeKinds();
      if (kinds.length === 0) return;
      const entry = await OutboxEntry.claim(this.#group, { kinds, owner: this.#owner }, stopping);
      if (!entry) return;
      const { kind } = entry.row;
      this.#atWork.set(kind, this.#countOf(kind) + 1);
      const work = this.#process(entry)
        // The outcome was not saved: the lease expires and the entry runs again.
        .catch(() => undefined)
        .finally(() => {
          this.#running.delete(work);
          this.#atWork.set(kind, this.#countOf(kind) - 1);
          onFreeSlot();
        });
      this.#running.add(work);
    }
  }

  #freeKinds(): string[] {
    return [...this.#limits].filter(([kind, limit]) => this.#countOf(kind) < limit).map(([kind]) => kind);
  }

  #countOf(kind: string): number {
    return this.#atWork.get(kind) ?? 0;
  }

  async settle(): Promise<void> {
    await Promise.all(this.#running);
  }

  async #process(entry: OutboxEntry): Promise<void> {
    const { id, kind, payload, attempts: attempt } = entry.row;
    try {
      await entry.during((signal) => this.#handlers.get(kind)!(payload, { id, attempt, signal }));
    } catch (error) {
      await entry.postpone(kindOfError(error));
      if (isAway(error) || error instanceof LeaseLostError) return;
      this.#logger.warn({ err: error, kind, entry: id, attempt }, 'outbox entry failed');
      return;
    }
    await entry.delete();
  }
}
