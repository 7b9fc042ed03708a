import {
  createConnection,
  type Connection,
  type ConnectionOptions,
  type RowDataPacket,
} from 'mysql2/promise';
import { isUnknownTable } from './mysql-errors.ts';
import type { ReplicaFault } from './replica-faults.ts';
import { withTimeLimit } from './time-limit.ts';

const POLL_INTERVAL_MS = 500;
const POLL_LIMIT_MS = 1200;
const RESTARTS_KEPT_MS = 5 * 60_000;

export interface ServerReport {
  /** By position in the configuration (`primary`, `replica1`, ...), whatever its role is now. */
  name: string;
  reachable: boolean;
  version?: string;
  uuid?: string;
  isReadOnly?: boolean;
  gtidExecuted?: string;
  term?: number;
  primaryUuid?: string | undefined;
  semiSync?: { enabled: boolean; replicas: number };
  isDiskFull?: boolean;
  sourceUuid?: string;
  member?: GroupMember;
  replication?: { receiving: boolean; applying: boolean; lagSeconds: number | null };
  faults?: Record<string, ReplicaFault>;
  /** In seconds, by the server's clock; one more or less at each look. */
  startedAt?: number;
  /** In the last five minutes. */
  restarts?: number;
}

/** What a server of a replication group says of itself and of the others. */
export interface GroupMember {
  state: 'ONLINE' | 'RECOVERING' | 'OFFLINE' | 'ERROR' | 'UNREACHABLE';
  isPrimary: boolean;
  /** It reaches more than half of the members, itself included. */
  hasMajority: boolean;
  /** Such as `17959605296766467:3`; undefined outside the group. */
  view: string | undefined;
  members: number;
  reached: number;
}

export interface ServerState extends ServerReport {
  role: 'primary' | 'replica';
  outOfUse?: ReplicaFault;
}

/** Polls one server twice a second with a monitoring-only account, independently of the others. */
export class ServerWatch {
  report: ServerReport;
  readonly firstReport: Promise<void>;
  readonly #options: ConnectionOptions;
  readonly #onReport: () => void;
  #connection: Connection | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isPolling = false;
  #closed = false;
  #startedAt: number | undefined;
  #restarts: number[] = [];

  constructor(name: string, options: ConnectionOptions, onReport: () => void) {
    this.report = { name, reachable: false };
    this.#options = options;
    this.#onReport = onReport;
    this.firstReport = this.#poll();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#connection?.destroy();
  }

  /** At once, rather than at the next turn. */
  look(): void {
    if (this.#isPolling || this.#closed) return;
    clearTimeout(this.#timer);
    void this.#poll();
  }

  forgetRestarts(): void {
    this.#restarts = [];
  }

  async #poll(): Promise<void> {
    const { name, uuid } = this.report;
    this.#isPolling = true;
    try {
      const answer = await withTimeLimit(this.#fetchStatus(), POLL_LIMIT_MS);
      this.report = { name, reachable: true, ...answer, restarts: this.#countRestarts(answer) };
    } catch {
      this.#connection?.destroy();
      this.#connection = undefined;
      this.report = { name, reachable: false, ...(uuid && { uuid }) };
    }
    this.#isPolling = false;
    this.#onReport();
    if (!this.#closed) this.#timer = setTimeout(() => void this.#poll(), POLL_INTERVAL_MS);
  }

  #countRestarts({ startedAt = 0 }: Pick<ServerReport, 'startedAt'>): number {
    const now = Date.now();
    if (startedAt > (this.#startedAt ?? startedAt) + 1) this.#restarts.push(now);
    this.#startedAt = startedAt;
    this.#restarts = this.#restarts.filter((at) => at > now - RESTARTS_KEPT_MS);
    return this.#restarts.length;
  }

  async #fetchStatus(): Promise<Omit<ServerReport, 'name' | 'reachable'>> {
    if (!this.#connection) {
      this.#connection = await createConnection(this.#options);
      // The next poll notices a broken connection.
      this.#connection.on('error', () => undefined);
    }
    return toReport(await queryStatus(this.#connection));
  }
}

async function queryStatus(connection: Connection): Promise<RowDataPacket> {
  for (const query of STATUS_QUERIES) {
    try {
      return await queryRow(connection, query);
    } catch (error) {
      // The set-up of this version has not run yet, or this replica has not applied it.
      if (!isUnknownTable(error)) throw error;
    }
  }
  return queryRow(connection, statusQuery({ term: NO_TERM, faults: 'NULL' }));
}

async function queryRow(connection: Connection, query: string): Promise<RowDataPacket> {
  const [rows] = await connection.query<RowDataPacket[]>(query);
  return rows[0]!;
}

/** Picoseconds, as the performance schema counts. Other commits are done by then. */
const LONG_COMMIT = 300_000_000_000;

// While its disk is full, MySQL holds writes back. A receiver's state says so; a commit's does not, but the error log
// names the file at least every ten minutes.
const isDiskFull = `
  EXISTS (SELECT 1 FROM performance_schema.threads WHERE processlist_state = 'Waiting for disk space')
  OR IF(
    EXISTS (
      SELECT 1 FROM performance_schema.events_statements_current
      WHERE event_name = 'statement/sql/commit' AND end_event_id IS NULL AND timer_wait > ${LONG_COMMIT}),
    EXISTS (
      SELECT 1 FROM performance_schema.error_log
      WHERE data LIKE 'Disk is full writing%' AND logged > NOW(6) - INTERVAL 11 MINUTE),
    FALSE)`;

const seconds = (since: string) => `TIMESTAMPDIFF(SECOND, ${since}, NOW(6))`;

// One statement, as every instance polls every server twice a second. The lag is the largest of: the age of the oldest
// transaction being applied, the configured delay, and the age of the newest one received.
const channel = "IF(ownMember.member_id IS NULL, '', 'group_replication_applier')";

const statusQuery = ({ term, faults }: { term: string; faults: string }) => `
  SELECT @@version AS version, @@server_uuid AS uuid, @@super_read_only AS isReadOnly,
    @@gtid_executed AS gtidExecuted, newest.term, newest.server_uuid AS primaryUuid,
    (SELECT variable_value FROM performance_schema.global_variables
     WHERE variable_name = 'rpl_semi_sync_source_enabled') AS semiSync,
    status.semiSyncReplicas, UNIX_TIMESTAMP() - status.uptime AS startedAt, ${faults} AS faults,
    (${isDiskFull}) AS isDiskFull,
    ownMember.member_state AS memberState, ownMember.member_role = 'PRIMARY' AS isPrimary,
    (SELECT view_id FROM performance_schema.replication_group_member_stats
     WHERE member_id = @@server_uuid) AS viewId,
    (SELECT COUNT(*) FROM performance_schema.replication_group_members) AS members,
    (SELECT COUNT(*) FROM performance_schema.replication_group_members
     WHERE member_state IN ('ONLINE', 'RECOVERING')) AS reached,
    receiver.source_uuid AS sourceUuid, receiver.service_state AS receiver, applier.service_state AS applier,
    GTID_SUBSET(receiver.received_transaction_set, @@gtid_executed) AS hasAppliedAll,
    GREATEST(0,
      COALESCE((
        SELECT MAX(${seconds('applying_transaction_original_commit_timestamp')})
        FROM performance_schema.replication_applier_status_by_worker
        WHERE channel_name = ${channel} AND applying_transaction <> ''), 0),
      COALESCE((
        SELECT ${seconds('processing_transaction_original_commit_timestamp')}
        FROM performance_schema.replication_applier_status_by_coordinator
        WHERE channel_name = ${channel} AND processing_transaction <> ''), 0),
      COALESCE(delay.desired_delay - applier.remaining_delay, 0),
      COALESCE(${seconds('receiver.last_queued_transaction_original_commit_timestamp')}, 0)) AS behindSeconds
  FROM (SELECT 1) AS one
  LEFT JOIN (${term}) AS newest ON TRUE
  LEFT JOIN (
    SELECT MAX(IF(variable_name = 'Uptime', variable_value, NULL)) AS uptime,
      MAX(IF(variable_name = 'Rpl_semi_sync_source_clients', variable_value, NULL)) AS semiSyncReplicas
    FROM performance_schema.global_status
    WHERE variable_name IN ('Uptime', 'Rpl_semi_sync_source_clients')) AS status ON TRUE
  LEFT JOIN performance_schema.replication_group_members AS ownMember ON ownMember.member_id = @@server_uuid
  LEFT JOIN performance_schema.replication_connection_status AS receiver ON receiver.channel_name = ${channel}
  LEFT JOIN performance_schema.replication_applier_status AS applier ON applier.channel_name = ${channel}
  LEFT JOIN performance_schema.replication_applier_configuration AS delay ON delay.channel_name = ${channel}`;

const NEWEST_TERM = 'SELECT term, server_uuid FROM inventario.primary_term ORDER BY term DESC LIMIT 1';
const NO_TERM = 'SELECT 0 AS term, NULL AS server_uuid';
const FAULTS = '(SELECT JSON_OBJECTAGG(server, fault) FROM inventario.replica_fault)';
const STATUS_QUERIES = [
  statusQuery({ term: NEWEST_TERM, faults: FAULTS }),
  statusQuery({ term: NEWEST_TERM, faults: 'NULL' }),
];

function toReport(row: RowDataPacket): Omit<ServerReport, 'name' | 'reachable'> {
  const semiSync = { enabled: row.semiSync === 'ON', replicas: Number(row.semiSyncReplicas ?? 0) };
  return {
    version: String(row.version),
    uuid: String(row.uuid),
    isReadOnly: row.isReadOnly === 1,
    gtidExecuted: String(row.gtidExecuted).replaceAll('\n', ''),
    term: Number(row.term ?? 0),
    primaryUuid: (row.primaryUuid as string | null) ?? undefined,
    isDiskFull: row.isDiskFull === 1,
    faults: (row.faults as Record<string, ReplicaFault> | null) ?? {},
    startedAt: Number(row.startedAt),
    ...(row.semiSync !== null && { semiSync }),
    ...(row.memberState !== null && { member: toMember(row) }),
    ...(row.receiver !== null && {
      sourceUuid: String(row.sourceUuid),
      replication: toReplication(row),
    }),
  };
}

function toMember(row: RowDataPacket): GroupMember {
  const state = row.memberState as GroupMember['state'];
  const isIn = state === 'ONLINE' || state === 'RECOVERING';
  const counts = { members: Number(row.members), reached: Number(row.reached) };
  return {
    state,
    isPrimary: state === 'ONLINE' && row.isPrimary === 1,
    hasMajority: isIn && 2 * counts.reached > counts.members,
    view: isIn ? ((row.viewId as string | null) ?? undefined) : undefined,
    ...counts,
  };
}

function toReplication(row: RowDataPacket): NonNullable<ServerReport['replication']> {
  const member = row.memberState === null ? undefined : toMember(row);
  const receiving = member ? member.state === 'ONLINE' && member.hasMajority : row.receiver === 'ON';
  // Outside its group a server applies nothing, and still shows what it has.
  const applying = member !== undefined || row.applier === 'ON';
  const hasAppliedAll = row.hasAppliedAll === 1;
  // A replica that is cut off and has applied everything cannot know its lag.
  const isLagKnown = applying && (receiving || !hasAppliedAll);
  return {
    receiving,
    applying,
    lagSeconds: isLagKnown ? (hasAppliedAll ? 0 : Number(row.behindSeconds)) : null,
  };
}
