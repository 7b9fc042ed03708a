import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection, RowDataPacket } from 'mysql2/promise';

const RELEASE_EVERY_MS = 1000;

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

/** Commits go unconfirmed, until `setSemiSync`, if no replica is connected: the set-up writes before it attaches any. */
export async function releaseCommits(primary: Connection): Promise<void> {
  const { replicas } = await readSemiSync(primary);
  if (replicas === 0) await primary.query('SET GLOBAL rpl_semi_sync_source_enabled = OFF');
}

/** A clone waits for every commit, and a commit for a replica: without one, neither would end. */
export async function withReleasedCommits(primary: Connection, clone: () => Promise<void>): Promise<void> {
  const cloned = new AbortController();
  const releasing = async (): Promise<never> => {
    for (;;) {
      await releaseCommits(primary);
      await sleep(RELEASE_EVERY_MS, undefined, { signal: cloned.signal });
    }
  };
  try {
    await Promise.race([clone(), releasing()]);
  } finally {
    cloned.abort();
  }
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
