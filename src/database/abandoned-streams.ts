import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { Pool, PoolConnection } from 'mysql2';

/**
 * Ends the connection of a stream of rows that nobody reads to its end: whoever asked for an export has
 * gone. mysql2 would read the rest and throw it away, with the connection taken and MySQL busy until then.
 */
export function endAbandonedStreams(pool: Pool): void {
  pool.on('connection', (connection: PoolConnection) => {
    const query = connection.query.bind(connection) as (...args: unknown[]) => ReturnType<Pool['query']>;
    connection.query = ((...args: unknown[]) => {
      const command = query(...args);
      const openStream = command.stream.bind(command);
      command.stream = (options) => {
        const rows: Readable = openStream(options);
        rows.once('close', () => {
          if (!rows.readableEnded) abandon(connection);
        });
        return rows;
      };
      return command;
    }) as typeof connection.query;
  });
}

function abandon(connection: PoolConnection): void {
  connection.destroy();
  // That says goodbye and goes on reading; only a closed socket makes MySQL stop.
  (connection as PoolConnection & { stream: Socket }).stream.destroy();
}
