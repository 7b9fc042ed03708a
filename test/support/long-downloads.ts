import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { Client } from './client.ts';
import { RawConnection } from './raw-http.ts';
import { replicaHasAll } from './replication.ts';
import { stack } from './shared-stack.ts';
import { waitUntil } from './wait-until.ts';

/** More than the buffers between MySQL and a client hold, so that an export runs until it is read. */
export const LONG_ROWS = 80_000;

/** Products named `mark`, with codes that begin with it, until they are removed. */
export class LongCatalogue {
  readonly #mark: string;
  readonly #primary: Connection;
  readonly #indexer: Connection;

  private constructor(mark: string, primary: Connection, indexer: Connection) {
    this.#mark = mark;
    this.#primary = primary;
    this.#indexer = indexer;
  }

  static async add(mark: string): Promise<LongCatalogue> {
    const [primary, indexer, replica] = await Promise.all([
      stack.connect('primary'),
      stack.connect('primary'),
      stack.connect('replica1'),
    ]);
    // Indexing these rows would take memory and time of the instance that is tested.
    await indexer.query('START TRANSACTION; SELECT id FROM search_indexer FOR UPDATE');
    await primary.query(
      `SET SESSION cte_max_recursion_depth = ${LONG_ROWS};
       INSERT INTO product (code, name, description, category_id, quantity, unit)
       WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${LONG_ROWS})
       SELECT CONCAT('${mark}-', i), '${mark}', CONCAT(SHA2(i, 512), SHA2(-i, 512), SHA2(i + 0.5, 512)), 1, 0, 'unidad' FROM n`,
    );
    await waitUntil(async () => {
      const [[row]] = await replica.query<RowDataPacket[]>(
        'SELECT COUNT(*) AS count FROM product WHERE name = ?',
        [mark],
      );
      return Number(row!.count) === LONG_ROWS;
    });
    await replica.end();
    return new LongCatalogue(mark, primary, indexer);
  }

  async remove(): Promise<void> {
    await this.#primary.query('DELETE FROM product WHERE name = ?', [this.#mark]);
    // Nothing is left for the tests that follow: no indexing, and no replica that is behind.
    await this.#primary.query('DELETE FROM search_pending WHERE product_id NOT IN (SELECT id FROM product)');
    await waitUntil(() => replicaHasAll(stack));
    await this.#primary.end();
    await this.#indexer.end();
  }
}

interface Download {
  path: string;
  as: Client;
  /** NGINX would read the file for its client, so by default web1 is asked directly. */
  port?: number | undefined;
  headers?: string[];
}

export function startDownload({
  path,
  as,
  port = stack.process('web1').port!,
  headers = [],
}: Download): RawConnection {
  const lines = [
    `GET ${path} HTTP/1.1`,
    'Host: x',
    'Connection: close',
    `Cookie: ${as.cookies()}`,
    ...headers,
  ];
  return new RawConnection(port).send(`${lines.join('\r\n')}\r\n\r\n`);
}

/** Reads the headers, then nothing until the socket is resumed. */
export async function readHeadersOnly(connection: RawConnection): Promise<RawConnection> {
  await waitUntil(() => connection.received.includes('\r\n\r\n'));
  connection.socket.pause();
  return connection;
}

/** The queries of exports that run on any server. */
export async function runningExports(): Promise<number> {
  let running = 0;
  for (const name of ['primary', 'replica1']) {
    const server = await stack.connect(name);
    const [[row]] = await server.query<RowDataPacket[]>(
      `SELECT COUNT(*) AS count FROM information_schema.processlist
       WHERE user = 'inventario_app' AND info LIKE '%from \`product\`%' AND info NOT LIKE '%limit%'`,
    );
    await server.end();
    running += Number(row!.count);
  }
  return running;
}

/** A complete chunked response ends with an empty chunk. */
export function isWhole(connection: RawConnection): boolean {
  return connection.received.endsWith('\r\n0\r\n\r\n');
}
