import { Kysely } from 'kysely';
import { createPool } from 'mysql2';
import { connectionOptions, DATABASE } from '../../src/database/connect.ts';
import { ServerDialect } from '../../src/database/server-dialect.ts';
import type { Catalogue } from '../../src/database/tables.ts';
import { findBookFaults, type BookFault } from '../../src/orders/books.ts';
import type { StackData } from './stack-data.ts';

/** As `npm run check:books`, on one server of a system. */
export async function bookFaultsOn(data: StackData, server: string): Promise<BookFault[]> {
  const { host, port, user, password } = await data.address(server);
  const options = connectionOptions({ host, port }, { user, password });
  const pool = createPool({ ...options, database: DATABASE, connectionLimit: 1 });
  const db = new Kysely<Catalogue>({ dialect: new ServerDialect({ server, pool, isTransactional: false }) });
  try {
    return await findBookFaults(db);
  } finally {
    await db.destroy();
  }
}
