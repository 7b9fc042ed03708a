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
  const { replicas } = await readSemiSync(primary);
  if (replicas === 0) await primary.query('SET GLOBAL rpl_semi_sync_source_enabled = OFF');
}

/** `replicas` is undefined without the plugin. */
export async function readSemiSync(server: Connection) {
  const [[row]] = await server.query<RowDataPacket[]>(
    `SELECT (SELECT variable_value FROM performance_schema.global_variables
             WHERE variable_name = 'rpl_semi_sync_source_enabled') AS enabled,
            (SELECT variable_value FROM performance_schema.global_status
             WHERE variable_name = 'Rpl_semi_sync_source_clients') AS replicas`,
  );
  return {
    isOn: row?.enabled === 'ON',
    replicas: row?.replicas === null ? undefined : Number(row?.replicas),
  };
}

async function hasSemiSync(server: Connection): Promise<boolean> {
  const [rows] = await server.query<RowDataPacket[]>(
    "SHOW GLOBAL VARIABLES LIKE 'rpl_semi_sync_source_enabled'",
  );
  return rows.length > 0;
}
