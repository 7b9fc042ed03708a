import type { Socket } from 'node:net';
import {
  CompiledQuery,
  MysqlAdapter,
  MysqlIntrospector,
  MysqlQueryCompiler,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type Kysely,
  type QueryResult,
} from 'kysely';
import type { Pool, PoolConnection, ResultSetHeader } from 'mysql2';
import { requestContext } from '../telemetry/request-context.ts';
import { Work } from './work.ts';

/** A query for a page takes no longer; the server ends one that does. */
const QUERY_LIMIT_MS = 3000;

interface ServerOptions {
  /** The server's name in logs. */
  server: string;
  pool: Pool;
  /** The pool is for transactions alone: its connections have autocommit off, so no BEGIN is sent. */
  isTransactional: boolean;
}

/**
 * Kysely over a mysql2 pool, with what Kysely's own dialect lacks: each statement names its request, the
 * request learns which server took part, work can be given up, and a stream that is left early ends.
 */
export class ServerDialect implements Dialect {
  readonly #options: ServerOptions;

  constructor(options: ServerOptions) {
    this.#options = options;
  }

  createAdapter() {
    return new MysqlAdapter();
  }

  createDriver() {
    return new ServerDriver(this.#options);
  }

  createIntrospector(db: Kysely<unknown>) {
    return new MysqlIntrospector(db);
  }

  createQueryCompiler() {
    return new MysqlQueryCompiler();
  }
}

const BEGIN = CompiledQuery.raw('BEGIN');
const COMMIT = CompiledQuery.raw('COMMIT');
const ROLLBACK = CompiledQuery.raw('ROLLBACK');

class ServerDriver implements Driver {
  readonly #options: ServerOptions;
  readonly #connections = new WeakMap<PoolConnection, ServerConnection>();

  constructor(options: ServerOptions) {
    this.#options = options;
  }

  async init(): Promise<void> {
    // The pool connects when it is first asked for a connection.
  }

  async acquireConnection(): Promise<ServerConnection> {
    const raw = await new Promise<PoolConnection>((resolve, reject) => {
      this.#options.pool.getConnection((error, found) => (error ? reject(error) : resolve(found)));
    });
    let connection = this.#connections.get(raw);
    if (!connection) {
      connection = new ServerConnection(this.#options.server, raw);
      this.#connections.set(raw, connection);
      const autocommit = this.#options.isTransactional ? 'OFF' : 'ON';
      // Not waited for: the connection answers in order.
      raw.query(
        `SET SESSION max_execution_time = ${QUERY_LIMIT_MS}, autocommit = ${autocommit}`,
        () => undefined,
      );
    }
    return connection;
  }

  async beginTransaction(connection: ServerConnection): Promise<void> {
    if (!this.#options.isTransactional) await connection.executeQuery(BEGIN);
  }

  async commitTransaction(connection: ServerConnection): Promise<void> {
    await connection.executeQuery(COMMIT);
  }

  async rollbackTransaction(connection: ServerConnection): Promise<void> {
    await connection.executeQuery(ROLLBACK);
  }

  releaseConnection(connection: ServerConnection): Promise<void> {
    connection.release();
    return Promise.resolve();
  }

  async destroy(): Promise<void> {
    await this.#options.pool.promise().end();
  }
}

class ServerConnection implements DatabaseConnection {
  readonly #server: string;
  readonly #raw: PoolConnection;

  constructor(server: string, raw: PoolConnection) {
    this.#server = server;
    this.#raw = raw;
  }

  async executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
    const text = this.#named(sql);
    const work = Work.current();
    work?.begin(this.#raw);
    try {
      const answer = await new Promise<unknown>((resolve, reject) => {
        this.#raw.query(text, [...parameters], (error, found: unknown) =>
          error ? reject(error) : resolve(found),
        );
      });
      return toResult<Row>(answer);
    } catch (error) {
      throw withCallers(error);
    } finally {
      work?.end(this.#raw);
    }
  }

  async *streamQuery<Row>({ sql, parameters }: CompiledQuery): AsyncGenerator<QueryResult<Row>> {
    const rows = this.#raw.query(this.#named(sql), [...parameters]).stream({ objectMode: true });
    try {
      for await (const row of rows as AsyncIterable<Row>) yield { rows: [row] };
    } finally {
      if (!rows.readableEnded) this.#abandon();
    }
  }

  release(): void {
    this.#raw.release();
  }

  #named(sql: string): string {
    const request = requestContext.getStore();
    if (!request) return sql;
    request.servers.add(this.#server);
    return `/* request ${request.id} */ ${sql}`;
  }

  /** mysql2 would read the rows that are left and throw them away, with MySQL busy until the last one. */
  #abandon(): void {
    this.#raw.destroy();
    // destroy() says goodbye and reads on; only a closed socket makes MySQL stop.
    (this.#raw as PoolConnection & { stream: Socket }).stream.destroy();
  }
}

function toResult<Row>(answer: unknown): QueryResult<Row> {
  if (Array.isArray(answer)) return { rows: answer as Row[] };
  const { insertId, affectedRows } = answer as ResultSetHeader;
  return {
    rows: [],
    numAffectedRows: BigInt(affectedRows),
    ...(insertId && { insertId: BigInt(insertId) }),
  };
}

/** mysql2 makes its errors where the answer arrives; the log should also say who asked. */
function withCallers(error: unknown): unknown {
  if (error instanceof Error) {
    const callers = new Error().stack?.split('\n').slice(1) ?? [];
    error.stack = [error.stack, ...callers].join('\n');
  }
  return error;
}
