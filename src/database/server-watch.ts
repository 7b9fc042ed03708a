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
      // The next question finds a connection that breaks between two questions.
      this.#connection.on('error', () => undefined);
    }
    return toReport(await ask(this.#connection));
  }
}

async function ask(connection: Connection): Promise<RowDataPacket> {
  try {
    return await askOnce(connection, QUESTION);
  } catch (error) {
    // Before the set-up of this version has been here.
    if (isUnknownTable(error)) return askOnce(connection, QUESTION_WITHOUT_TERM);
    throw error;
  }
}

async function askOnce(connection: Connection, question: string): Promise<RowDataPacket> {
  const [rows] = await connection.query<RowDataPacket[]>(question);
  return rows[0]!;
}

const seconds = (since: string) => `TIMESTAMPDIFF(SECOND, ${since}, NOW(6))`;

/**
 * All in one statement, because every instance asks every server twice a second. A replica that has not
 * applied all it received is as far behind as the oldest transaction it works on, as a delay that was set
 * on purpose, or at the least as the newest one it has received: SHOW REPLICA STATUS tells the same in a
 * statement of its own.
 */
const questionWith = (newestTerm: string) => `
  SELECT @@version AS version, @@server_uuid AS uuid, @@super_read_only AS isReadOnly,
    @@gtid_executed AS gtidExecuted, newest.term, newest.server_uuid AS primaryUuid,
    (SELECT variable_value FROM performance_schema.global_variables
     WHERE variable_name = 'rpl_semi_sync_source_enabled') AS semiSync,
    (SELECT variable_value FROM performance_schema.global_status
     WHERE variable_name = 'Rpl_semi_sync_source_clients') AS semiSyncReplicas,
    receiver.service_state AS receiver, applier.service_state AS applier,
    GTID_SUBSET(receiver.received_transaction_set, @@gtid_executed) AS hasAppliedAll,
    GREATEST(0,
      COALESCE((
        SELECT MAX(${seconds('applying_transaction_original_commit_timestamp')})
        FROM performance_schema.replication_applier_status_by_worker
        WHERE channel_name = '' AND applying_transaction <> ''), 0),
      COALESCE((
        SELECT ${seconds('processing_transaction_original_commit_timestamp')}
        FROM performance_schema.replication_applier_status_by_coordinator
        WHERE channel_name = '' AND processing_transaction <> ''), 0),
      COALESCE(delay.desired_delay - applier.remaining_delay, 0),
      COALESCE(${seconds('receiver.last_queued_transaction_original_commit_timestamp')}, 0)) AS behindSeconds
  FROM (SELECT 1) AS one
  LEFT JOIN (${newestTerm}) AS newest ON TRUE
  LEFT JOIN performance_schema.replication_connection_status AS receiver ON receiver.channel_name = ''
  LEFT JOIN performance_schema.replication_applier_status AS applier ON applier.channel_name = ''
  LEFT JOIN performance_schema.replication_applier_configuration AS delay ON delay.channel_name = ''`;

const QUESTION = questionWith(
  'SELECT term, server_uuid FROM inventario.primary_term ORDER BY term DESC LIMIT 1',
);
const QUESTION_WITHOUT_TERM = questionWith('SELECT 0 AS term, NULL AS server_uuid');

function toReport(row: RowDataPacket): Omit<ServerReport, 'name' | 'reachable'> {
  const semiSync = { enabled: row.semiSync === 'ON', replicas: Number(row.semiSyncReplicas ?? 0) };
  return {
    version: String(row.version),
    uuid: String(row.uuid),
    isReadOnly: row.isReadOnly === 1,
    gtidExecuted: String(row.gtidExecuted).replaceAll('\n', ''),
    term: Number(row.term ?? 0),
    primaryUuid: (row.primaryUuid as string | null) ?? undefined,
    ...(row.semiSync !== null && { semiSync }),
    ...(row.receiver !== null && { replication: toReplication(row) }),
  };
}

function toReplication(row: RowDataPacket): NonNullable<ServerReport['replication']> {
  const receiving = row.receiver === 'ON';
  const applying = row.applier === 'ON';
  const hasAppliedAll = row.hasAppliedAll === 1;
  // A replica that is cut off and has nothing left to apply cannot tell how far it is behind.
  const canTell = applying && (receiving || !hasAppliedAll);
  return {
    receiving,
    applying,
    lagSeconds: canTell ? (hasAppliedAll ? 0 : Number(row.behindSeconds)) : null,
  };
}
