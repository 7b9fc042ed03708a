import type { DatabaseGroup } from '../database/database-group.ts';
import { groupTables } from '../database/group-tables.ts';
import type { GroupTables } from '../database/tables.ts';
import type { Actor } from '../database/write-counts.ts';

export interface Delay {
  /** Messages of which an attempt has failed. */
  waiting: number;
  /** The kind of an error, such as `EAUTH 535`. */
  error: string | null;
}

export async function findDelay<Tables extends GroupTables>(
  group: DatabaseGroup<Tables>,
  actor: Actor,
  kind: string,
): Promise<Delay> {
  return group.readReplica(actor, (db) =>
    groupTables(db)
      .selectFrom('outbox')
      .select((by) => [
        by.fn.countAll<number>().as('waiting'),
        by.fn.max<string | null>('last_error').as('error'),
      ])
      .where('kind', '=', kind)
      .where('last_error', 'is not', null)
      .executeTakeFirstOrThrow(),
  );
}
