import { sql, type UpdateObject } from 'kysely';
import { QUICK_CHANGE_MS, type DatabaseGroup } from '../database/database-group.ts';
import type { GroupTables } from '../database/tables.ts';
import { inSeconds, Lease, LEASE_END, NOW } from './lease.ts';

/** A job that has never run has no row and is due. */
export function isJobDue(name: string) {
  return sql<boolean>`COALESCE((SELECT due_at <= ${NOW} FROM job_lease WHERE name = ${name}), TRUE)`;
}

/** It runs within seconds, unless it is running. */
export async function makeJobDue(group: DatabaseGroup<GroupTables>, name: string): Promise<void> {
  await group.transact((trx) =>
    trx
      .updateTable('job_lease')
      .set({ due_at: NOW })
      .where('name', '=', name)
      .where('owner', 'is', null)
      .execute(),
  );
}

export class JobLease extends Lease {
  readonly #group: DatabaseGroup<GroupTables>;
  readonly #name: string;
  /** Higher than that of every earlier owner. */
  readonly attempt: number;

  private constructor(
    group: DatabaseGroup<GroupTables>,
    name: string,
    attempt: number,
    stopping: AbortSignal,
  ) {
    super(stopping);
    this.#group = group;
    this.#name = name;
    this.attempt = attempt;
  }

  static async claim(
    group: DatabaseGroup<GroupTables>,
    { name, owner }: { name: string; owner: string },
    stopping: AbortSignal,
  ): Promise<JobLease | undefined> {
    const attempt = await group.transact(async (trx) => {
      await sql`INSERT IGNORE INTO job_lease (name, due_at) VALUES (${name}, ${NOW})`.execute(trx);
      const { numUpdatedRows } = await trx
        .updateTable('job_lease')
        .set({ owner, attempt: sql`attempt + 1`, due_at: LEASE_END })
        .where('name', '=', name)
        .where('due_at', '<=', NOW)
        .executeTakeFirstOrThrow();
      if (numUpdatedRows === 0n) return undefined;
      const job = trx.selectFrom('job_lease').select('attempt').where('name', '=', name);
      return (await job.executeTakeFirstOrThrow()).attempt;
    });
    return attempt === undefined ? undefined : new JobLease(group, name, attempt, stopping);
  }

  /** Does nothing if the lease is lost. */
  async finish(nextRunInSeconds: number): Promise<void> {
    this.end();
    await this.#update({ owner: null, due_at: inSeconds(nextRunInSeconds) });
  }

  protected override renew(): Promise<boolean> {
    return this.#update({ due_at: LEASE_END });
  }

  async #update(changes: UpdateObject<GroupTables, 'job_lease'>): Promise<boolean> {
    const { numUpdatedRows } = await this.#group.transact(
      (trx) =>
        trx
          .updateTable('job_lease')
          .set(changes)
          .where('name', '=', this.#name)
          .where('attempt', '=', this.attempt)
          .executeTakeFirstOrThrow(),
      { limitMs: QUICK_CHANGE_MS },
    );
    return numUpdatedRows === 1n;
  }
}
