import type { Connection, RowDataPacket } from 'mysql2/promise';
import { isUnknownTable } from './mysql-errors.ts';

/** Which server is the primary, as far as another one has heard. */
export interface PrimaryTerm {
  term: number;
  serverUuid: string;
}

/** The newest term that this server knows of; undefined before the first set-up. */
export async function newestTerm(server: Connection): Promise<PrimaryTerm | undefined> {
  const [newest] = await listTerms(server);
  return newest;
}

/** Whether this server was the primary in an earlier term: others have taken over from it since. */
export async function hasBeenReplaced(serverUuid: string, primary: Connection): Promise<boolean> {
  const [newest, ...earlier] = await listTerms(primary);
  return newest?.serverUuid !== serverUuid && earlier.some((term) => term.serverUuid === serverUuid);
}

/** Makes this server, which takes writes, the primary of a new term, unless it is that of the newest. */
export async function beginTerm(server: Connection): Promise<void> {
  const newest = await newestTerm(server);
  const uuid = await uuidOf(server);
  if (newest?.serverUuid === uuid) return;
  await server.query('INSERT INTO inventario.primary_term (term, server_uuid) VALUES (?, ?)', [
    (newest?.term ?? 0) + 1,
    uuid,
  ]);
}

export async function uuidOf(server: Connection): Promise<string> {
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
