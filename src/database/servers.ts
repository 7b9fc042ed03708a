import type { RowDataPacket } from 'mysql2/promise';
import type { ServerAddress } from '../config/config.ts';
import { serverName, type Account } from './connect.ts';
import { isAccessDenied } from './mysql-errors.ts';
import { findNewestTerm, getServerUuid, type PrimaryTerm } from './primary-term.ts';
import { connectForSetup } from './setup-connection.ts';

export interface NamedServer {
  name: string;
  address: ServerAddress;
}

/** @param config.GROUP whether they form a replication group */
export function listServers(config: { PRIMARY: ServerAddress; REPLICAS: ServerAddress[]; GROUP: boolean }) {
  return [config.PRIMARY, ...config.REPLICAS].map((address, index): NamedServer => ({
    name: serverName(index, { isGroup: config.GROUP }),
    address,
  }));
}

export class NoPrimaryError extends Error {
  override name = 'NoPrimaryError';
}

export interface SilentServer {
  server: NamedServer;
  problem: string;
}

interface Answer {
  server: NamedServer;
  uuid: string;
  /** Executed, or received and still to be applied. */
  gtids: string;
  newest: PrimaryTerm | undefined;
}

/** The primary of the newest term, or the first server before any term; others may be silent. @throws NoPrimaryError */
export async function findPrimary(servers: NamedServer[], root: Account) {
  const all = await Promise.all(servers.map((server) => ask(server, root)));
  const silent = all.filter((one) => 'problem' in one);
  const answers = all.filter((one) => 'uuid' in one);
  const newest = answers.toSorted((a, b) => (b.newest?.term ?? 0) - (a.newest?.term ?? 0))[0]?.newest;
  const named = answers.find(({ uuid }) => uuid === newest?.serverUuid);
  if (named) return { primary: named.server, silent };
  const [first] = servers;
  const problem = silent.find(({ server }) => server === first)?.problem;
  if (problem !== undefined) throw new NoPrimaryError(`${first!.name} ${problem}`);
  if (newest && silent.length > 0) {
    const problems = silent.map(({ server, problem }) => `${server.name} ${problem}`);
    throw new NoPrimaryError(
      `The primary of term ${newest.term} is not among the servers that answer:\n${problems.join('\n')}`,
    );
  }
  // The newest term is a replication group's, which named no server: this was a group before.
  const primary = newest ? await findMostComplete(answers, root) : first;
  if (primary) return { primary, silent };
  throw new NoPrimaryError(
    'The servers were a group, and none has applied all transactions. Start the group again, and stop it once\n' +
      'all its servers are up to date (docs/replication.md#from-a-pair-to-a-group-and-back).',
  );
}

async function findMostComplete(answers: Answer[], root: Account): Promise<NamedServer | undefined> {
  for (const { server } of answers) {
    const connection = await connectForSetup(server.address, root);
    try {
      const [rows] = await connection.query<RowDataPacket[]>(
        answers
          .map((_, index) => `SELECT GTID_SUBSET(:gtids${index}, @@gtid_executed) AS hasAll`)
          .join(' UNION ALL '),
        Object.fromEntries(answers.map(({ gtids }, index) => [`gtids${index}`, gtids])),
      );
      if (rows.every(({ hasAll }) => hasAll === 1)) return server;
    } finally {
      connection.destroy();
    }
  }
  return undefined;
}

async function ask(server: NamedServer, root: Account): Promise<Answer | SilentServer> {
  try {
    const connection = await connectForSetup(server.address, root);
    try {
      const [rows] = await connection.query<RowDataPacket[]>(
        `SELECT @@gtid_executed AS gtids
         UNION ALL SELECT received_transaction_set FROM performance_schema.replication_connection_status`,
      );
      const gtids = rows.map((row) => String(row.gtids)).filter(Boolean);
      const uuid = await getServerUuid(connection);
      return { server, uuid, gtids: gtids.join(','), newest: await findNewestTerm(connection) };
    } finally {
      connection.destroy();
    }
  } catch (error) {
    return { server, problem: describe(error) };
  }
}

function describe(error: unknown): string {
  if (isAccessDenied(error)) {
    return (
      "does not accept root's password: its data were made with another one.\n" +
      'Put back the file root_password that belongs to them (docs/deployment.md#lost-secrets).'
    );
  }
  return `does not answer: ${(error as Error).message}`;
}
