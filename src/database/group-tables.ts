import type { Kysely, Transaction } from 'kysely';
import type { GroupTables } from './tables.ts';

/** The tables that every group has, of a group with more of them: Kysely's types do not tell by themselves. */
export function groupTables<Tables extends GroupTables>(db: Kysely<Tables>): Transaction<GroupTables> {
  return db as unknown as Transaction<GroupTables>;
}
