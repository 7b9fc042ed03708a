import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import type { ServerAddress } from '../config/config.ts';
import { connectionOptions, type Account } from './connect.ts';
import { isConnectionError } from './mysql-errors.ts';

const CONNECT_LIMIT_MS = 120_000;

interface SetupOptions {
  database?: string;
  signal?: AbortSignal | undefined;
}

/** Waits up to two minutes for a server that is starting, then throws its error. Allows several statements a query. */
export async function connectForSetup(
  server: ServerAddress,
  account: Account,
  { signal, ...options }: SetupOptions = {},
): Promise<Connection> {
  const giveUpAt = Date.now() + CONNECT_LIMIT_MS;
  for (;;) {
    signal?.throwIfAborted();
    try {
      const connection = await connectNow(server, account, options);
      signal?.addEventListener('abort', () => connection.destroy(), { once: true });
      return connection;
    } catch (error) {
      if (!isConnectionError(error) || Date.now() > giveUpAt) throw error;
      await sleep(200);
    }
  }
}

export async function connectNow(
  server: ServerAddress,
  account: Account,
  options: { database?: string } = {},
): Promise<Connection> {
  const connection = await createConnection({
    ...connectionOptions(server, account),
    ...options,
    multipleStatements: true,
    namedPlaceholders: true,
  });
  // The next statement reports a broken connection.
  connection.on('error', () => undefined);
  return connection;
}

export async function runSqlFile(
  connection: Connection,
  file: URL,
  values: Record<string, string> = {},
): Promise<void> {
  await connection.query(await readFile(file, 'utf8'), values);
}

/** @throws when the lock is not free within ten minutes */
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
