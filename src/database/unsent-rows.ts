import { createHash } from 'node:crypto';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { DATABASE } from './connect.ts';
import { getServerUuid } from './primary-term.ts';
import { readSemiSync } from './semi-sync.ts';

/** Append-only, with an AUTO_INCREMENT `id`: together they tell every change of stock, products, orders and users. */
const HISTORY = [
  'stock_movement',
  'price_history',
  'product_event',
  'order_event',
  'payment_notification',
  'audit_event',
] as const;
/** The end of the search: concurrent transactions take their numbers out of order, but not that far. */
const BATCH = 500;

type HistoryRow = RowDataPacket & { id: number };

/** Copies history rows that only a replaced primary has to its successor, or to the log, before it is cloned. */
export async function keepUnsent(
  replaced: Connection,
  primary: Connection,
  log: (line: string) => void,
): Promise<void> {
  const uuid = await getServerUuid(replaced);
  const semiSync = await readSemiSync(primary);
  // While commits wait for a replica, nothing unsent was ever acknowledged: the log is enough.
  const canStore = !semiSync.isOn || semiSync.replicas !== 0;
  for (const table of HISTORY) {
    let before = Number.MAX_SAFE_INTEGER;
    for (;;) {
      const rows = await readBatch(replaced, table, `id < ${before} ORDER BY id DESC LIMIT ${BATCH}`);
      const unsent = await missingOn(primary, table, rows);
      if (unsent.length === 0) break;
      if (canStore) {
        await storeRows(primary, uuid, table, unsent);
        log(`kept in unsent_row: ${unsent.length} of ${table}`);
      } else {
        for (const row of unsent) log(`unsent ${table}: ${JSON.stringify(row)}`);
      }
      before = rows.at(-1)!.id;
    }
  }
}

async function missingOn(primary: Connection, table: string, rows: HistoryRow[]): Promise<HistoryRow[]> {
  if (rows.length === 0) return [];
  const [last, first] = [rows[0]!.id, rows.at(-1)!.id];
  const known = new Map<number, string>();
  for (const row of await readBatch(primary, table, `id BETWEEN ${first} AND ${last}`))
    known.set(row.id, JSON.stringify(row));
  // After the fork both servers give out the same numbers.
  return rows.filter((row) => known.get(row.id) !== JSON.stringify(row));
}

async function readBatch(server: Connection, table: string, condition: string): Promise<HistoryRow[]> {
  try {
    const [rows] = await server.query<HistoryRow[]>(`SELECT * FROM ${DATABASE}.${table} WHERE ${condition}`);
    return rows;
  } catch (error) {
    // It was away while the table was made.
    if ((error as { code?: string }).code === 'ER_NO_SUCH_TABLE') return [];
    throw error;
  }
}

async function storeRows(
  primary: Connection,
  uuid: string,
  table: string,
  rows: HistoryRow[],
): Promise<void> {
  const values = rows.map((row) => {
    const content = JSON.stringify(row);
    return [createHash('sha256').update(table).update(content).digest(), uuid, table, content];
  });
  await primary.query(
    `INSERT IGNORE INTO ${DATABASE}.unsent_row (id, server_uuid, source, content) VALUES ?`,
    [values],
  );
}
