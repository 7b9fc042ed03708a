import type { DatabaseConfig } from '../config/config.ts';
import { DatabaseGroup } from './database-group.ts';
import { primaryByMembership } from './primary-by-membership.ts';
import { primaryByTerm } from './primary-by-term.ts';
import type { Catalogue, Directory, GroupTables } from './tables.ts';

export interface Databases {
  groups: ReadonlyMap<string, DatabaseGroup<GroupTables>>;
  directory: DatabaseGroup<Directory>;
  catalogue: DatabaseGroup<Catalogue>;
}

/** Today one group is both the directory and the catalogue. */
export function createDatabases(config: DatabaseConfig): Databases {
  const main = new DatabaseGroup<Directory & Catalogue>(
    'main',
    config,
    config.GROUP ? primaryByMembership : primaryByTerm,
  );
  return {
    groups: new Map([[main.name, asGroup<GroupTables>(main)]]),
    directory: asGroup<Directory>(main),
    catalogue: asGroup<Catalogue>(main),
  };
}

/** Kysely's types do not accept a group with more tables than `Tables`. */
function asGroup<Tables extends GroupTables>(
  group: DatabaseGroup<Directory & Catalogue>,
): DatabaseGroup<Tables> {
  return group as unknown as DatabaseGroup<Tables>;
}

export async function waitForFirstReports({ groups }: Databases): Promise<void> {
  await Promise.all([...groups.values()].map(({ monitor }) => monitor.ready()));
}

export async function closeDatabases({ groups }: Databases): Promise<void> {
  await Promise.all([...groups.values()].map((group) => group.close()));
}

export function isOnOneServer({ groups }: Databases): boolean {
  return [...groups.values()].some(({ monitor }) => monitor.isOnOneServer());
}
