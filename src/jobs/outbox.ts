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

/** Entries that one instance carries out at the same time. */
const MOST_AT_ONCE = 4;

export interface OutboxKind<Payload> {
  /** At most 60 characters, such as `imports.dropFile`. */
  name: string;
  /** Of what JSON can hold: the payload is written by one instance and read by another. */
  payload: z.ZodType<Payload>;
}

export interface Attempt {
  /** The same in every attempt, and unique for ever: what a receiver needs to recognise a repeat. */
  id: string;
  /** From 1. */
  attempt: number;
  /** Aborted when another instance has taken the entry over, or this one stops. */
  signal: AbortSignal;
}

/** Carries an entry out, at least once; when it throws, it is tried again. */
export type Handler<Payload> = (payload: Payload, attempt: Attempt) => Promise<void>;

/**
 * Notes what is to be carried out once the transaction is committed, and never if it is rolled back.
 * Wake `outbox` after the commit; otherwise the next look finds it, within two seconds.
 *
 * @param trx what causes it
 */
export async function enqueue<Tables extends GroupTables, Payload>(
  trx: Transaction<Tables>,
  kind: OutboxKind<Payload>,
  payload: Payload,
): Promise<void> {
  const entry = { id: randomUUID(), kind: kind.name, payload: JSON.stringify(payload), due_at: NOW };
  await groupTables(trx).insertInto('outbox').values(entry).execute();
}

/** Carries out what stands in the outbox and this instance has a handler for. */
export class Outbox {
  readonly #group: DatabaseGroup<GroupTables>;
  readonly #owner: string;
  readonly #logger: Logger;
  readonly #handlers = new Map<string, (payload: unknown, attempt: Attempt) => Promise<void>>();
  readonly #underWay = new Set<Promise<void>>();

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

  handle<Payload>(kind: OutboxKind<Payload>, handler: Handler<Payload>): void {
    this.#handlers.set(kind.name, async (payload, attempt) => handler(kind.payload.parse(payload), attempt));
  }

  get hasHandlers(): boolean {
    return this.#handlers.size > 0;
  }

  /** Kinds that only another version knows are left to it. */
  get isDue(): RawBuilder<boolean> {
    const kinds = sql.join([...this.#handlers.keys()]);
    return sql`EXISTS (SELECT 1 FROM outbox WHERE due_at <= ${NOW} AND kind IN (${kinds}))`;
  }

  /**
   * Begins what is due, as much as may run at once.
   *
   * @param onRoom called when an entry has ended and another one may begin
   */
  async begin(stopping: AbortSignal, onRoom: () => void): Promise<void> {
    const kinds = [...this.#handlers.keys()];
    while (this.#underWay.size < MOST_AT_ONCE && !stopping.aborted) {
      const entry = await OutboxEntry.claim(this.#group, { kinds, owner: this.#owner }, stopping);
      if (!entry) return;
      const work = this.#carryOut(entry)
        // The outcome could not be noted: the lease runs out, and the entry is carried out again.
        .catch(() => undefined)
        .finally(() => {
          this.#underWay.delete(work);
          onRoom();
        });
      this.#underWay.add(work);
    }
  }

  /** Waits for the entries that are being carried out. */
  async settle(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  async #carryOut(entry: OutboxEntry): Promise<void> {
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
