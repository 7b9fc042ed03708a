import type { Kysely, Transaction } from 'kysely';
import type { GroupTables } from './tables.ts';

/** Kysely's types do not accept a database with more tables. */
export function groupTables<Tables extends GroupTables>(db: Kysely<Tables>): Transaction<GroupTables> {
  return db as unknown as Transaction<GroupTables>;
}
