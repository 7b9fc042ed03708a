import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { Account } from '../connect.ts';
import type { Member } from '../member.ts';
import { setSemiSync } from '../semi-sync.ts';
import { withTimeLimit } from '../time-limit.ts';

/** A server that cannot join gives up after a minute. */
const START_LIMIT_MS = 90_000;
const STOP_LIMIT_MS = 60_000;

/** Lets a server of a group that exists join it. @throws TimeLimitError, or why the server cannot */
export async function startMember(member: Member, replicator: Account): Promise<void> {
  await prepare(member, replicator);
  await withTimeLimit(member.connection.query('START GROUP_REPLICATION'), START_LIMIT_MS);
}

/** Makes a new group of this server, in which the others then join. */
export async function startGroup(member: Member, replicator: Account): Promise<void> {
  await prepare(member, replicator);
  await member.query('SET GLOBAL group_replication_bootstrap_group = ON');
  try {
    await withTimeLimit(member.connection.query('START GROUP_REPLICATION'), START_LIMIT_MS);
  } finally {
    await member.query('SET GLOBAL group_replication_bootstrap_group = OFF');
  }
}

/** Also ends what is left of the replication of a pair. Until the group opens it, a server is read-only. */
async function prepare(member: Member, { user, password }: Account): Promise<void> {
  await stopMember(member);
  // Its commits would wait for a replica for ever.
  await member.step((server) => setSemiSync(server, false));
  await member.query('STOP REPLICA');
  const channels = await member.query(
    "SELECT 1 FROM performance_schema.replication_connection_configuration WHERE channel_name = ''",
  );
  if (channels.length > 0) await member.query("RESET REPLICA ALL FOR CHANNEL ''");
  await member.query(
    `SET PERSIST super_read_only = ON;
     CHANGE REPLICATION SOURCE TO SOURCE_USER = :user, SOURCE_PASSWORD = :password
       FOR CHANNEL 'group_replication_recovery';
     SET GLOBAL offline_mode = OFF`,
    { user, password },
  );
}

export async function stopMember(member: Member): Promise<void> {
  const stopping = member.connection.query<RowDataPacket[]>('STOP GROUP_REPLICATION');
  await withTimeLimit(stopping, STOP_LIMIT_MS);
}

/** Server by server, before a member joins a group: members log in to one another. The plugin must be loaded. */
export const GROUP_GRANTS = "GRANT GROUP_REPLICATION_STREAM ON *.* TO inventario_replicator@'%'";

/** From mysql/group.cnf: the term that bears it says that the data are a group's. */
export async function readGroupName(server: Connection): Promise<string> {
  const [[row]] = await server.query<RowDataPacket[]>('SELECT @@group_replication_group_name AS name');
  return String(row?.name);
}
