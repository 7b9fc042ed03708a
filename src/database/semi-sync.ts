import type { Connection, RowDataPacket } from 'mysql2/promise';

/**
 * Whether a commit on this server is acknowledged only once a replica has it on disk. On a replica it is
 * always off: what is applied there would wait for replicas of its own.
 */
export async function setSemiSync(server: Connection, isOn: boolean): Promise<void> {
  if (!(await hasSemiSync(server))) {
    // A server that has not been restarted since the plugin came into mysql/server.cnf.
    if (!isOn) return;
    throw new Error('SEMI_SYNC=on needs a restart of the MySQL servers, which load it at their start');
  }
  await server.query(`SET PERSIST rpl_semi_sync_source_enabled = ${isOn ? 'ON' : 'OFF'}`);
}

/**
 * Lets commits through when no replica is there to confirm one: the set-up itself has to write before it
 * can bring the replicas back. What runs meanwhile is acknowledged by this server alone.
 */
export async function allowSetUpToWrite(primary: Connection): Promise<void> {
  const [[clients]] = await primary.query<RowDataPacket[]>(
    "SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync_source_clients'",
  );
  if (clients && Number(clients.Value) === 0) {
    await primary.query('SET GLOBAL rpl_semi_sync_source_enabled = OFF');
  }
}

async function hasSemiSync(server: Connection): Promise<boolean> {
  const [rows] = await server.query<RowDataPacket[]>(
    "SHOW GLOBAL VARIABLES LIKE 'rpl_semi_sync_source_enabled'",
  );
  return rows.length > 0;
}
