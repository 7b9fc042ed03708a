import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { PromotionConfig } from '../config/config.ts';
import type { Account } from './connect.ts';
import { isConnectionError } from './mysql-errors.ts';
import { beginTerm, findNewestTerm, getServerUuid } from './primary-term.ts';
import { ensureReplication } from './replication.ts';
import { setSemiSync } from './semi-sync.ts';
import { listServers, type NamedServer } from './servers.ts';
import { connectNow } from './setup-connection.ts';

/** Seconds the chosen replica may take to apply what it has received. */
const APPLY_LIMIT = 120;
/** How long to wait for the other servers to answer. */
const RETURN_LIMIT_MS = 120_000;

/** The promotion was refused and nothing was changed; the message says why. */
export class PromotionError extends Error {
  override name = 'PromotionError';
}

interface Promotion {
  servers: NamedServer[];
  target: NamedServer;
  root: Account;
  log: (line: string) => void;
}

/**
 * Makes a replica the primary. An old primary that still answers stops taking writes first, and the
 * replica applies everything it has received. The other servers then become its replicas.
 *
 * @param wanted the replica's name, or its host where each server has its own
 * @throws PromotionError
 */
export async function promote(config: PromotionConfig, wanted: string, log: (line: string) => void) {
  const servers = listServers(config);
  const target = servers.find(({ name, address }) => name === wanted || address.host === wanted);
  if (!target) {
    const names = servers.map(({ name }) => name).join(', ');
    throw new PromotionError(`There is no server "${wanted}"; the servers are: ${names}`);
  }
  const root = { user: 'root', password: config.ROOT_PASSWORD };
  const server = await tryConnect(target, root);
  if (!server) throw new PromotionError(`${target.name} does not answer`);
  try {
    await takeOver({ servers, target, root, log }, server);
    const replicaCount = await attachReplicas({ servers, target, root, log }, config);
    await setSemiSync(server, config.SEMI_SYNC && replicaCount > 0);
    if (config.SEMI_SYNC && replicaCount === 0) {
      log(`Until another server replicates from ${target.name}, new writes exist on that server only.`);
    }
  } finally {
    await server.end();
  }
}

async function takeOver(promotion: Promotion, server: Connection): Promise<void> {
  const { target, log } = promotion;
  const term = await findNewestTerm(server);
  if (term?.serverUuid === (await getServerUuid(server))) {
    log(`${target.name} is the primary already`);
  } else {
    const old = await findOldPrimary(promotion, term?.serverUuid);
    try {
      if (old) await catchUpWith(old, server, promotion);
      else await applyAllReceived(server, promotion);
    } finally {
      await old?.end();
    }
  }
  await server.query(
    `STOP REPLICA; RESET REPLICA ALL;
     SET PERSIST super_read_only = OFF; SET PERSIST read_only = OFF`,
  );
  await beginTerm(server);
  log(`${target.name} is the primary now`);
}

async function findOldPrimary({ servers, target, root }: Promotion, uuid: string | undefined) {
  for (const other of servers.filter((candidate) => candidate !== target)) {
    const connection = await tryConnect(other, root);
    if (connection && (await getServerUuid(connection)) === uuid) return connection;
    await connection?.end();
  }
  return undefined;
}

async function catchUpWith(old: Connection, server: Connection, { target, log }: Promotion): Promise<void> {
  log('the primary answers: it now refuses writes; waiting for the replica to catch up');
  await fence(old);
  const [[state]] = await old.query<RowDataPacket[]>('SELECT @@gtid_executed AS gtids');
  if (await hasApplied(server, String(state?.gtids))) return;
  await old.query('SET PERSIST super_read_only = OFF; SET PERSIST read_only = OFF');
  await old.query('SET GLOBAL offline_mode = OFF');
  throw new PromotionError(
    `${target.name} has not caught up in ${APPLY_LIMIT} s; the primary accepts writes again`,
  );
}

/**
 * Disconnects everyone but root, then refuses writes. In this order: a commit waiting for a replica would
 * block super_read_only, and must not be acknowledged.
 */
async function fence(server: Connection): Promise<void> {
  await server.query('SET GLOBAL offline_mode = ON');
  await server.query('SET PERSIST super_read_only = ON');
}

/** The old primary is lost, so the replica that has received the most must take over. */
async function applyAllReceived(server: Connection, promotion: Promotion): Promise<void> {
  const { target, servers, root, log } = promotion;
  await server.query('STOP REPLICA IO_THREAD');
  const mine = await receivedBy(server);
  for (const other of servers.filter((candidate) => candidate !== target)) {
    const connection = await tryConnect(other, root);
    if (!connection) continue;
    const theirs = await receivedBy(connection).finally(() => connection.end());
    const [[answer]] = await server.query<RowDataPacket[]>('SELECT GTID_SUBSET(?, ?) AS hasAll', [
      theirs,
      mine,
    ]);
    if (answer?.hasAll === 1) continue;
    await server.query('START REPLICA IO_THREAD');
    throw new PromotionError(
      `${other.name} has received more than ${target.name}: promote ${other.name} instead`,
    );
  }
  log('the primary does not answer; applying what was received from it');
  if (await hasApplied(server, mine)) return;
  await server.query('START REPLICA IO_THREAD');
  throw new PromotionError(
    `${target.name} has not applied all it received in ${APPLY_LIMIT} s; see SHOW REPLICA STATUS there`,
  );
}

async function receivedBy(server: Connection): Promise<string> {
  const [rows] = await server.query<RowDataPacket[]>(
    `SELECT @@gtid_executed AS gtids
     UNION ALL SELECT received_transaction_set FROM performance_schema.replication_connection_status`,
  );
  return rows
    .map(({ gtids }) => String(gtids))
    .filter(Boolean)
    .join(',');
}

async function hasApplied(server: Connection, gtids: string): Promise<boolean> {
  const [[answer]] = await server.query<RowDataPacket[]>(
    'SELECT WAIT_FOR_EXECUTED_GTID_SET(?, ?) AS timedOut',
    [gtids, APPLY_LIMIT],
  );
  return answer?.timedOut === 0;
}

async function attachReplicas(promotion: Promotion, config: PromotionConfig): Promise<number> {
  const { servers, target, root, log } = promotion;
  const replicator = { user: 'inventario_replicator', password: config.REPLICATOR_PASSWORD };
  const giveUpAt = Date.now() + RETURN_LIMIT_MS;
  let replicaCount = 0;
  for (const { name, address } of servers.filter((candidate) => candidate !== target)) {
    const connection = await tryConnectUntil(giveUpAt, { name, address }, promotion);
    if (!connection) {
      log(`${name} does not answer; it becomes a replica at the next start (npm start, docker compose up)`);
      continue;
    }
    try {
      const [[server]] = await connection.query<RowDataPacket[]>('SELECT @@super_read_only AS isReadOnly');
      // A returning old primary still accepts writes.
      if (server?.isReadOnly !== 1) await fence(connection);
    } finally {
      connection.destroy();
    }
    await ensureReplication({
      name,
      primary: target.address,
      replica: address,
      root,
      replicator,
      log: (line) => log(`${name}: ${line}`),
    });
    log(`${name} is its replica`);
    replicaCount++;
  }
  return replicaCount;
}

async function tryConnectUntil(giveUpAt: number, server: NamedServer, { root, log }: Promotion) {
  let isLogged = false;
  for (;;) {
    const connection = await tryConnect(server, root);
    if (connection || Date.now() > giveUpAt) return connection;
    if (!isLogged) log(`waiting for ${server.name} to answer`);
    isLogged = true;
    await sleep(100);
  }
}

async function tryConnect({ address }: NamedServer, root: Account): Promise<Connection | undefined> {
  try {
    return await connectNow(address, root);
  } catch (error) {
    if (isConnectionError(error)) return undefined;
    throw error;
  }
}
