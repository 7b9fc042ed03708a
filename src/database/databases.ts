import type { DatabaseConfig } from '../config/config.ts';
import { DatabaseGroup } from './database-group.ts';
import { primaryByTerm } from './primary-by-term.ts';
import type { Catalogue, Directory, GroupTables } from './tables.ts';

/** The groups of databases that an instance works with. */
export interface Databases {
  groups: ReadonlyMap<string, DatabaseGroup<GroupTables>>;
  /** The group that has people, sessions and the audit trail. */
  directory: DatabaseGroup<Directory>;
  /** The group that has products and their stock. */
  catalogue: DatabaseGroup<Catalogue>;
}

/** Today one group is both the directory and the catalogue. */
export function createDatabases(config: DatabaseConfig): Databases {
  const main = new DatabaseGroup<Directory & Catalogue>('main', config, primaryByTerm);
  return {
    groups: new Map([[main.name, asGroup<GroupTables>(main)]]),
    directory: asGroup<Directory>(main),
    catalogue: asGroup<Catalogue>(main),
  };
}

/** A group that has more tables than are asked for; Kysely's types do not allow for that by themselves. */
function asGroup<Tables extends GroupTables>(
  group: DatabaseGroup<Directory & Catalogue>,
): DatabaseGroup<Tables> {
  return group as unknown as DatabaseGroup<Tables>;
}

/** Waits until every server has been asked once. */
export async function serversAsked({ groups }: Databases): Promise<void> {
  await Promise.all([...groups.values()].map(({ monitor }) => monitor.ready()));
}

export async function closeDatabases({ groups }: Databases): Promise<void> {
  await Promise.all([...groups.values()].map((group) => group.close()));
}
