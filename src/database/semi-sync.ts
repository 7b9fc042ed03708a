import type { Connection, RowDataPacket } from 'mysql2/promise';

/** Makes commits wait until a replica has them on disk. Always off on replicas, which have none of their own. */
export async function setSemiSync(server: Connection, isOn: boolean): Promise<void> {
  if (!(await hasSemiSync(server))) {
    // The plugin is loaded only at server start (mysql/server.cnf).
    if (!isOn) return;
    throw new Error(
      'SEMI_SYNC=on needs a restart of the MySQL servers, which load the plugin when they start',
    );
  }
  await server.query(`SET PERSIST rpl_semi_sync_source_enabled = ${isOn ? 'ON' : 'OFF'}`);
}

/** The set-up must write before it can attach replicas, so commits go unconfirmed if none is connected. */
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
