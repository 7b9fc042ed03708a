import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { Transaction } from 'kysely';
import { isUnknownTable } from './mysql-errors.ts';
import type { GroupTables } from './tables.ts';

/** Why a replica is out of use, until the set-up has cloned it anew (docs/decisions/replica-checks.md). */
export type ReplicaFault = 'crashing' | 'different' | 'unreadable';

export const FAULT_TEXTS: Record<ReplicaFault, string> = {
  crashing: 'it crashed again and again',
  different: "its data differ from the primary's",
  unreadable: 'part of its data cannot be read',
};

/** The first fault stays. */
export async function reportFault(
  trx: Transaction<GroupTables>,
  found: { server: string; fault: ReplicaFault; table?: string },
): Promise<void> {
  await trx
    .insertInto('replica_fault')
    .ignore()
    .values({ server: found.server, fault: found.fault, in_table: found.table ?? null })
    .execute();
}

/** By server; none before the set-up of this version has run. */
export async function listFaults(primary: Connection): Promise<Map<string, ReplicaFault>> {
  try {
    const [rows] = await primary.query<RowDataPacket[]>('SELECT server, fault FROM inventario.replica_fault');
    return new Map(rows.map(({ server, fault }) => [String(server), fault as ReplicaFault]));
  } catch (error) {
    if (isUnknownTable(error)) return new Map();
    throw error;
  }
}

export async function clearFault(primary: Connection, server: string): Promise<void> {
  await primary.query('DELETE FROM inventario.replica_fault WHERE server = ?', [server]);
}

export async function reportCrashing(primary: Connection, server: string): Promise<void> {
  await primary.query("INSERT IGNORE INTO inventario.replica_fault (server, fault) VALUES (?, 'crashing')", [
    server,
  ]);
}
