import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import type { ServerAddress } from '../config/config.ts';
import { connectionOptions, type Account } from './connect.ts';
import { isConnectionError } from './mysql-errors.ts';

const PATIENCE_MS = 120_000;

/**
 * A connection for set-up work, which may run whole files of SQL. Waits for a server that is still
 * starting.
 *
 * @throws the last connection error when the server does not answer within two minutes
 */
export async function connectForSetup(
  server: ServerAddress,
  account: Account,
  options: { database?: string } = {},
): Promise<Connection> {
  const giveUpAt = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await connectNow(server, account, options);
    } catch (error) {
      if (!isConnectionError(error) || Date.now() > giveUpAt) throw error;
      await sleep(200);
    }
  }
}

/** Like `connectForSetup`, for a server that answers now or counts as lost. */
export async function connectNow(
  server: ServerAddress,
  account: Account,
  options: { database?: string } = {},
): Promise<Connection> {
  return createConnection({
    ...connectionOptions(server, account),
    ...options,
    multipleStatements: true,
    namedPlaceholders: true,
  });
}

/** Runs a file of SQL below mysql/, with `:name` filled in from `values`. */
export async function runSqlFile(
  connection: Connection,
  file: URL,
  values: Record<string, string> = {},
): Promise<void> {
  await connection.query(await readFile(file, 'utf8'), values);
}

/**
 * Runs `work` while no other process does the same on this server.
 *
 * @throws when another one has held the lock for ten minutes
 */
export async function withServerLock<T>(
  connection: Connection,
  name: string,
  work: () => Promise<T>,
): Promise<T> {
  const [[lock]] = await connection.query<RowDataPacket[]>('SELECT GET_LOCK(?, 600) AS taken', [name]);
  if (lock?.taken !== 1) throw new Error(`Another process has held the lock ${name} for ten minutes`);
  try {
    return await work();
  } finally {
    await connection.query('DO RELEASE_LOCK(?)', [name]);
  }
}
