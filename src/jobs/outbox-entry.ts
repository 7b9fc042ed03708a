import { sql, type UpdateObject } from 'kysely';
import type { Databases } from '../database/databases.ts';
import type { Database } from '../database/tables.ts';
import { inSeconds, Lease, LEASE_END, NOW } from './lease.ts';

const LONGEST_PAUSE_SECONDS = 3600;
/** Others may be faster with the first of them. */
const CANDIDATES = 5;

export interface OutboxRow {
  /** The same in every attempt. */
  id: string;
  kind: string;
  payload: unknown;
  /** From 1. */
  attempts: number;
}

/** Holds one row of the outbox for one instance. */
export class OutboxEntry extends Lease {
  readonly #databases: Databases;
  readonly row: OutboxRow;

  private constructor(databases: Databases, row: OutboxRow, stopping: AbortSignal) {
    super(stopping);
    this.#databases = databases;
    this.row = row;
  }

  /** Claims the row that has been due for longest, if there is one of these kinds. */
  static async claim(
    databases: Databases,
    { kinds, owner }: { kinds: string[]; owner: string },
    stopping: AbortSignal,
  ): Promise<OutboxEntry | undefined> {
    for (;;) {
      const due = await databases.onPrimary((db) =>
        db
          .selectFrom('outbox')
          .select(['id', 'kind', 'payload', 'attempts'])
          .where('due_at', '<=', NOW)
          .where('kind', 'in', kinds)
          .orderBy('due_at')
          .limit(CANDIDATES)
          .execute(),
      );
      if (due.length === 0) return undefined;
      for (const { attempts, ...row } of due) {
        const { numUpdatedRows } = await databases.change((db) =>
          db
            .updateTable('outbox')
            .set({ owner, attempts: sql`attempts + 1`, due_at: LEASE_END })
            .where('id', '=', row.id)
            .where('attempts', '=', attempts)
            .where('due_at', '<=', NOW)
            .executeTakeFirstOrThrow(),
        );
        if (numUpdatedRows === 1n)
          return new OutboxEntry(databases, { ...row, attempts: attempts + 1 }, stopping);
      }
    }
  }

  async delete(): Promise<void> {
    this.end();
    const { id, attempts } = this.row;
    await this.#databases.change((db) =>
      db.deleteFrom('outbox').where('id', '=', id).where('attempts', '=', attempts).execute(),
    );
  }

  /** Gives the row back for a later attempt: after 1 s, 2 s, 4 s and so on. */
  async postpone(errorKind: string): Promise<void> {
    this.end();
    const pause = Math.min(LONGEST_PAUSE_SECONDS, 2 ** (this.row.attempts - 1));
    await this.#update({ owner: null, last_error: errorKind, due_at: inSeconds(pause) });
  }

  protected override renew(): Promise<boolean> {
    return this.#update({ due_at: LEASE_END });
  }

  async #update(changes: UpdateObject<Database, 'outbox'>): Promise<boolean> {
    const { id, attempts } = this.row;
    const { numUpdatedRows } = await this.#databases.change((db) =>
      db
        .updateTable('outbox')
        .set(changes)
        .where('id', '=', id)
        .where('attempts', '=', attempts)
        .executeTakeFirstOrThrow(),
    );
    return numUpdatedRows === 1n;
  }
}
