import type { Connection, RowDataPacket } from 'mysql2/promise';
import { isUnknownTable } from './mysql-errors.ts';

export interface PrimaryTerm {
  term: number;
  serverUuid: string;
}

/** Undefined before the first set-up. */
export async function findNewestTerm(server: Connection): Promise<PrimaryTerm | undefined> {
  const [newest] = await listTerms(server);
  return newest;
}

export async function hasBeenReplaced(serverUuid: string, primary: Connection): Promise<boolean> {
  const [newest, ...earlier] = await listTerms(primary);
  return newest?.serverUuid !== serverUuid && earlier.some((term) => term.serverUuid === serverUuid);
}

/** @param holder the server itself, or the name of the replication group that elects its primaries from now on */
export async function beginTerm(server: Connection, holder?: string): Promise<void> {
  const newest = await findNewestTerm(server);
  const uuid = holder ?? (await getServerUuid(server));
  if (newest?.serverUuid === uuid) return;
  await server.query('INSERT INTO inventario.primary_term (term, server_uuid) VALUES (?, ?)', [
    (newest?.term ?? 0) + 1,
    uuid,
  ]);
}

export async function getServerUuid(server: Connection): Promise<string> {
  const [[row]] = await server.query<RowDataPacket[]>('SELECT @@server_uuid AS uuid');
  return String(row?.uuid);
}

async function listTerms(server: Connection): Promise<PrimaryTerm[]> {
  try {
    const [rows] = await server.query<RowDataPacket[]>(
      'SELECT term, server_uuid AS serverUuid FROM inventario.primary_term ORDER BY term DESC',
    );
    return rows as (RowDataPacket & PrimaryTerm)[];
  } catch (error) {
    if (isUnknownTable(error)) return [];
    throw error;
  }
}
