import { sql, type UpdateObject } from 'kysely';
import { QUICK_CHANGE_MS, type DatabaseGroup } from '../database/database-group.ts';
import type { GroupTables } from '../database/tables.ts';
import { inSeconds, Lease, LEASE_END, NOW } from './lease.ts';

const LONGEST_PAUSE_SECONDS = 3600;
const CANDIDATES = 5;

export interface OutboxRow {
  id: string;
  kind: string;
  payload: unknown;
  attempts: number;
}

export class OutboxEntry extends Lease {
  readonly #group: DatabaseGroup<GroupTables>;
  readonly row: OutboxRow;

  private constructor(group: DatabaseGroup<GroupTables>, row: OutboxRow, stopping: AbortSignal) {
    super(stopping);
    this.#group = group;
    this.row = row;
  }

  static async claim(
    group: DatabaseGroup<GroupTables>,
    { kinds, owner }: { kinds: string[]; owner: string },
    stopping: AbortSignal,
  ): Promise<OutboxEntry | undefined> {
    for (;;) {
      const due = await group.transact(
        (trx) =>
          trx
            .selectFrom('outbox')
            .select(['id', 'kind', 'payload', 'attempts'])
            .where('due_at', '<=', NOW)
            .where('kind', 'in', kinds)
            .orderBy('due_at')
            .limit(CANDIDATES)
            .execute(),
        { limitMs: QUICK_CHANGE_MS },
      );
      if (due.length === 0) return undefined;
      for (const { attempts, ...row } of due) {
        const { numUpdatedRows } = await group.transact(
          (trx) =>
            trx
              .updateTable('outbox')
              .set({ owner, attempts: sql`attempts + 1`, due_at: LEASE_END })
              .where('id', '=', row.id)
              .where('attempts', '=', attempts)
              .where('due_at', '<=', NOW)
              .executeTakeFirstOrThrow(),
          { limitMs: QUICK_CHANGE_MS },
        );
        if (numUpdatedRows === 1n)
          return new OutboxEntry(group, { ...row, attempts: attempts + 1 }, stopping);
      }
    }
  }

  async delete(): Promise<void> {
    this.end();
    const { id, attempts } = this.row;
    await this.#group.transact(
      (trx) => trx.deleteFrom('outbox').where('id', '=', id).where('attempts', '=', attempts).execute(),
      { limitMs: QUICK_CHANGE_MS },
    );
  }

  /** Retries after 1 s, 2 s, 4 s and so on, up to an hour. */
  async postpone(errorKind: string): Promise<void> {
    this.end();
    const pause = Math.min(LONGEST_PAUSE_SECONDS, 2 ** (this.row.attempts - 1));
    await this.#update({ owner: null, last_error: errorKind, due_at: inSeconds(pause) });
  }

  protected override renew(): Promise<boolean> {
    return this.#update({ due_at: LEASE_END });
  }

  async #update(changes: UpdateObject<GroupTables, 'outbox'>): Promise<boolean> {
    const { id, attempts } = this.row;
    const { numUpdatedRows } = await this.#group.transact(
      (trx) =>
        trx
          .updateTable('outbox')
          .set(changes)
          .where('id', '=', id)
          .where('attempts', '=', attempts)
          .executeTakeFirstOrThrow(),
      { limitMs: QUICK_CHANGE_MS },
    );
    return numUpdatedRows === 1n;
  }
}
