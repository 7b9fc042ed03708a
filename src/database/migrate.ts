import { readdir } from 'node:fs/promises';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { runSqlFile, withServerLock } from './setup-connection.ts';

const MIGRATIONS = new URL('../../mysql/migrations/', import.meta.url);

export async function migrate(connection: Connection): Promise<string[]> {
  return withServerLock(connection, 'inventario.migrations', async () => {
    await connection.query(`
      CREATE TABLE IF NOT EXISTS schema_migration (
        name       VARCHAR(100) NOT NULL PRIMARY KEY,
        applied_at DATETIME(3)  NOT NULL DEFAULT CURRENT_TIMESTAMP(3)
      )`);
    const [rows] = await connection.query<RowDataPacket[]>('SELECT name FROM schema_migration');
    const applied = new Set(rows.map(({ name }) => String(name)));
    const files = (await readdir(MIGRATIONS)).filter((name) => name.endsWith('.sql')).sort();
    const missing = files.filter((name) => !applied.has(name));
    for (const name of missing) {
      await runSqlFile(connection, new URL(name, MIGRATIONS));
      await connection.query('INSERT INTO schema_migration (name) VALUES (?)', [name]);
    }
    return missing;
  });
}
