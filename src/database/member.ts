import type { Connection, QueryValues, RowDataPacket } from 'mysql2/promise';
import type { ServerAddress } from '../config/config.ts';
import { tryConnect } from './attach.ts';
import type { Account } from './connect.ts';
import { findNewestTerm, getServerUuid, type PrimaryTerm } from './primary-term.ts';
import type { NamedServer } from './servers.ts';
import { withTimeLimit } from './time-limit.ts';

/** A suspended server closes no connection, so every step has a limit. */
const STEP_LIMIT_MS = 20_000;
const NO_TERM: PrimaryTerm = { term: 0, serverUuid: '' };

export class Member {
  readonly name: string;
  readonly address: ServerAddress;
  readonly connection: Connection;
  uuid = '';
  newest = NO_TERM;
  isReadOnly = false;

  private constructor({ name, address }: NamedServer, connection: Connection) {
    this.name = name;
    this.address = address;
    this.connection = connection;
  }

  static async open(server: NamedServer, root: Account): Promise<Member | undefined> {
    const connection = await tryConnect(server.address, root);
    if (!connection) return undefined;
    const member = new Member(server, connection);
    try {
      await member.readRole();
      return member;
    } catch {
      connection.destroy();
      return undefined;
    }
  }

  async readRole(): Promise<void> {
    const [row] = await this.query('SELECT @@super_read_only AS isReadOnly');
    this.isReadOnly = row?.isReadOnly === 1;
    this.uuid = await this.step(getServerUuid);
    this.newest = (await this.step(findNewestTerm)) ?? NO_TERM;
  }

  /** @throws TimeLimitError */
  step<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    return withTimeLimit(work(this.connection), STEP_LIMIT_MS);
  }

  async query(statement: string, values: QueryValues = []): Promise<RowDataPacket[]> {
    const [rows] = await this.step((connection) => connection.query<RowDataPacket[]>(statement, values));
    return rows;
  }

  async isAnswering(): Promise<boolean> {
    return withTimeLimit(this.connection.query('DO 0'), 3000).then(
      () => true,
      () => false,
    );
  }

  async executed(): Promise<string> {
    const [row] = await this.query('SELECT @@gtid_executed AS gtids');
    return String(row?.gtids);
  }

  /** Executed or still to be applied. */
  async received(): Promise<string> {
    const rows = await this.query(
      `SELECT @@gtid_executed AS gtids
       UNION ALL SELECT received_transaction_set FROM performance_schema.replication_connection_status`,
    );
    return rows
      .map(({ gtids }) => String(gtids))
      .filter(Boolean)
      .join(',');
  }

  /** Waits up to a second. */
  async hasApplied(gtids: string): Promise<boolean> {
    const [answer] = await this.query('SELECT WAIT_FOR_EXECUTED_GTID_SET(?, 1) AS timedOut', [gtids]);
    return answer?.timedOut === 0;
  }
}

/** Opens those that answer, for the time of the work. */
export async function withMembers<T>(
  servers: NamedServer[],
  root: Account,
  work: (members: Member[]) => Promise<T>,
): Promise<T> {
  const opened = await Promise.all(servers.map((server) => Member.open(server, root)));
  const members = opened.filter((member) => member !== undefined);
  try {
    return await work(members);
  } finally {
    for (const { connection } of members) connection.destroy();
  }
}

export async function includesAll(member: Member, whole: string, part: string): Promise<boolean> {
  const [answer] = await member.query('SELECT GTID_SUBSET(?, ?) AS hasAll', [part, whole]);
  return answer?.hasAll === 1;
}
