import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { Account } from './connect.ts';
import type { Member } from './member.ts';
import type { NamedServer } from './servers.ts';
import { connectForSetup } from './setup-connection.ts';

const WAIT_SECONDS = 600;

/** Taken on all answering servers before a role changes. Ends with the connection, so a killed process leaves none. */
export async function lockRoles(server: Connection, waitSeconds = 0): Promise<boolean> {
  const [[lock]] = await server.query<RowDataPacket[]>("SELECT GET_LOCK('inventario.roles', ?) AS taken", [
    waitSeconds,
  ]);
  return lock?.taken === 1;
}

/** Without waiting. */
export async function lockRolesOnAll(members: Member[]): Promise<boolean> {
  for (const member of members) {
    if (!(await member.step((connection) => lockRoles(connection)))) return false;
  }
  return true;
}

/** @throws when another process keeps a role for ten minutes */
export async function holdRoles(servers: NamedServer[], root: Account): Promise<Connection[]> {
  const connections = await Promise.all(servers.map(({ address }) => connectForSetup(address, root)));
  const locks = await Promise.all(connections.map((connection) => lockRoles(connection, WAIT_SECONDS)));
  if (locks.every(Boolean)) return connections;
  throw new Error('Another process has been changing the roles of the servers for ten minutes');
}
