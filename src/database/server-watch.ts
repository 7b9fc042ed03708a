import {
  createConnection,
  type Connection,
  type ConnectionOptions,
  type RowDataPacket,
} from 'mysql2/promise';
import { isUnknownTable } from './mysql-errors.ts';
import { withTimeLimit } from './time-limit.ts';

const INTERVAL_MS = 500;
const ANSWER_LIMIT_MS = 1200;

/** What a server says of itself. */
export interface ServerReport {
  /** As the configuration orders them: `primary`, `replica1`, ... It stays when another becomes primary. */
  name: string;
  reachable: boolean;
  /** Of the server's program, such as `9.7.4`. */
  version?: string;
  uuid?: string;
  isReadOnly?: boolean;
  /** The transactions that it has executed. */
  gtidExecuted?: string;
  /** How often the primary had been replaced when it last heard of it, and by which server. */
  term?: number;
  primaryUuid?: string | undefined;
  /** Whether a commit waits for a replica, and how many are there to confirm one. */
  semiSync?: { enabled: boolean; replicas: number };
  /** Only on a server that replication is set up on. */
  replication?: { receiving: boolean; applying: boolean; lagSeconds: number | null };
}

export interface ServerState extends ServerReport {
  role: 'primary' | 'replica';
}

/**
 * Asks one server twice a second how it is, with an account that may do nothing else. One that hangs
 * keeps no other from being asked.
 */
export class ServerWatch {
  report: ServerReport;
  readonly firstAnswer: Promise<void>;
  readonly #options: ConnectionOptions;
  readonly #onReport: () => void;
  #connection: Connection | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(name: string, options: ConnectionOptions, onReport: () => void) {
    this.report = { name, reachable: false };
    this.#options = options;
    this.#onReport = onReport;
    this.firstAnswer = this.#ask();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#connection?.destroy();
  }

  async #ask(): Promise<void> {
    const { name, uuid } = this.report;
    try {
      const answer = await withTimeLimit(this.#question(), ANSWER_LIMIT_MS);
      this.report = { name, reachable: true, ...answer };
    } catch {
      this.#connection?.destroy();
      this.#connection = undefined;
      this.report = { name, reachable: false, ...(uuid && { uuid }) };
    }
    this.#onReport();
    if (!this.#closed) this.#timer = setTimeout(() => void this.#ask(), INTERVAL_MS);
  }

  async #question(): Promise<Omit<ServerReport, 'name' | 'reachable'>> {
    if (!this.#connection) {
      this.#connection = await createConnection(this.#options);
      // Nobody waits for an answer when a connection breaks between two questions.
      this.#connection.on('error', () => undefined);
    }
    const [self, term, semiSync, replication] = await Promise.all([
      askSelf(this.#connection),
      askTerm(this.#connection),
      askSemiSync(this.#connection),
      askReplication(this.#connection),
    ]);
    return {
      ...self,
      ...term,
      ...(semiSync && { semiSync }),
      ...(replication && { replication }),
    };
  }
}

async function askSelf(connection: Connection) {
  const [[self]] = await connection.query<RowDataPacket[]>(
    `SELECT @@version AS version, @@server_uuid AS uuid, @@super_read_only AS isReadOnly,
            @@gtid_executed AS gtidExecuted`,
  );
  return {
    version: String(self?.version),
    uuid: String(self?.uuid),
    isReadOnly: self?.isReadOnly === 1,
    gtidExecuted: String(self?.gtidExecuted).replaceAll('\n', ''),
  };
}

async function askTerm(connection: Connection) {
  try {
    const [[newest]] = await connection.query<RowDataPacket[]>(
      `SELECT term, server_uuid AS primaryUuid FROM inventario.primary_term ORDER BY term DESC LIMIT 1`,
    );
    return { term: Number(newest?.term ?? 0), primaryUuid: newest?.primaryUuid as string | undefined };
  } catch (error) {
    // Before the set-up of this version has been here.
    if (isUnknownTable(error)) return { term: 0 };
    throw error;
  }
}

async function askSemiSync(connection: Connection) {
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT VARIABLE_NAME AS name, VARIABLE_VALUE AS value FROM performance_schema.global_variables
     WHERE VARIABLE_NAME = 'rpl_semi_sync_source_enabled'
     UNION ALL SELECT VARIABLE_NAME, VARIABLE_VALUE FROM performance_schema.global_status
     WHERE VARIABLE_NAME = 'Rpl_semi_sync_source_clients'`,
  );
  const values = new Map(rows.map(({ name, value }) => [String(name), String(value)]));
  const enabled = values.get('rpl_semi_sync_source_enabled');
  const replicas = Number(values.get('Rpl_semi_sync_source_clients') ?? 0);
  return enabled === undefined ? undefined : { enabled: enabled === 'ON', replicas };
}

async function askReplication(connection: Connection) {
  const [[status]] = await connection.query<RowDataPacket[]>('SHOW REPLICA STATUS');
  if (!status) return undefined;
  return {
    receiving: status.Replica_IO_Running === 'Yes',
    applying: status.Replica_SQL_Running === 'Yes',
    lagSeconds: (status.Seconds_Behind_Source as number | null | undefined) ?? null,
  };
}
