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
import { CancelledError, Work } from './work.ts';

/** MySQL ends a SELECT that takes longer. */
const QUERY_LIMIT_MS = 3000;

interface ServerOptions {
  server: string;
  pool: Pool;
  /** For transactions only: autocommit is off, so no BEGIN is needed. */
  isTransactional: boolean;
}

/** Adds to Kysely's: tags statements, records servers, cancels work, ends a stream that is left early or cut off. */
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
      this.#options.pool.getConnection((error, result) => (error ? reject(error) : resolve(result)));
    });
    let connection = this.#connections.get(raw);
    if (!connection) {
      connection = new ServerConnection(this.#options.server, raw);
      this.#connections.set(raw, connection);
      const autocommit = this.#options.isTransactional ? 'OFF' : 'ON';
      // No await: a connection runs statements in order.
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
    try {
      await connection.executeQuery(ROLLBACK);
    } catch (error) {
      // The pool must not get it back with its locks; closing it rolls back.
      connection.destroy();
      throw error;
    }
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
    const statement = this.#tagged(sql);
    const work = Work.current();
    work?.begin(this.#raw);
    try {
      const answer = await new Promise<unknown>((resolve, reject) => {
        this.#raw.query(statement, [...parameters], (error, result: unknown) =>
          error ? reject(error) : resolve(result),
        );
      });
      return toResult<Row>(answer);
    } catch (error) {
      throw withCallerStack(error);
    } finally {
      work?.end(this.#raw);
    }
  }

  async *streamQuery<Row>({ sql, parameters }: CompiledQuery): AsyncGenerator<QueryResult<Row>> {
    const broken = new AbortController();
    const onLost = (error: Error) => broken.abort(error);
    const work = Work.current();
    work?.begin(this.#raw, () => {
      this.#abandon();
      broken.abort(new CancelledError('cancelled'));
    });
    // mysql2 reports a lost connection to the connection only, and the stream would wait for ever.
    this.#raw.on('error', onLost);
    const rows = this.#raw.query(this.#tagged(sql), [...parameters]).stream({ objectMode: true });
    broken.signal.addEventListener('abort', () => rows.destroy(broken.signal.reason as Error));
    try {
      broken.signal.throwIfAborted();
      for await (const row of rows as AsyncIterable<Row>) yield { rows: [row] };
    } finally {
      work?.end(this.#raw);
      this.#raw.off('error', onLost);
      if (!rows.readableEnded) this.#abandon();
    }
  }

  release(): void {
    this.#raw.release();
  }

  destroy(): void {
    this.#raw.destroy();
  }

  #tagged(sql: string): string {
    const request = requestContext.getStore();
    if (!request) return sql;
    request.servers.add(this.#server);
    return `/* request ${request.id} */ ${sql}`;
  }

  /** mysql2 would read and discard the remaining rows, keeping MySQL busy until the last one. */
  #abandon(): void {
    this.#raw.destroy();
    // destroy() sends a goodbye and keeps reading; closing the socket stops MySQL.
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

/** mysql2 creates errors where the answer arrives; this adds the caller's stack. */
function withCallerStack(error: unknown): unknown {
  if (error instanceof Error) {
    const callers = new Error().stack?.split('\n').slice(1) ?? [];
    error.stack = [error.stack, ...callers].join('\n');
  }
  return error;
}
