import type { RowDataPacket } from 'mysql2/promise';
import type { ServerAddress } from '../config/config.ts';
import { serverName, type Account } from './connect.ts';
import { findNewestTerm } from './primary-term.ts';
import { connectForSetup } from './setup-connection.ts';

export interface NamedServer {
  /** By position in the configuration, whatever its role is now. */
  name: string;
  address: ServerAddress;
}

export function listServers({ PRIMARY, REPLICAS }: { PRIMARY: ServerAddress; REPLICAS: ServerAddress[] }) {
  return [PRIMARY, ...REPLICAS].map((address, index): NamedServer => ({ name: serverName(index), address }));
}

/** The primary of the newest term; the first server before any term. */
export async function getPrimary(servers: NamedServer[], root: Account): Promise<NamedServer> {
  const known = await Promise.all(servers.map((server) => readTerm(server, root)));
  const newest = known.toSorted((a, b) => (b.newest?.term ?? 0) - (a.newest?.term ?? 0))[0]?.newest;
  const named = known.find(({ uuid }) => uuid === newest?.serverUuid)?.server;
  return named ?? servers[0]!;
}

async function readTerm(server: NamedServer, root: Account) {
  const connection = await connectForSetup(server.address, root);
  try {
    const [[row]] = await connection.query<RowDataPacket[]>('SELECT @@server_uuid AS uuid');
    return { server, uuid: String(row?.uuid), newest: await findNewestTerm(connection) };
  } finally {
    await connection.end();
  }
}
