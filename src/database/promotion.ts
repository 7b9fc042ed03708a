import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { PromotionConfig } from '../config/config.ts';
import type { Account } from './connect.ts';
import { isConnectionError } from './mysql-errors.ts';
import { beginTerm, newestTerm, uuidOf } from './primary-term.ts';
import { ensureReplication } from './replication.ts';
import { setSemiSync } from './semi-sync.ts';
import { listServers, type NamedServer } from './servers.ts';
import { connectNow } from './setup-connection.ts';

/** How long the chosen replica may take to apply what it has received, in seconds. */
const APPLY_LIMIT = 120;
/** How long the others are waited for, to become replicas of the new primary. */
const RETURN_LIMIT_MS = 120_000;

/** Nothing was changed; the message says why. */
export class PromotionError extends Error {
  override name = 'PromotionError';
}

interface Promotion {
  servers: NamedServer[];
  target: NamedServer;
  root: Account;
  say: (line: string) => void;
}

/**
 * Makes a replica the primary. It first applies all it has received; a primary that still answers takes no
 * more writes from then on, and is waited for until the replica has everything. The instances find the
 * new primary by its term. Then the other servers become its replicas.
 *
 * @param wanted the name of the replica, or its host where servers have hosts of their own
 * @throws PromotionError
 */
export async function promote(config: PromotionConfig, wanted: string, say: (line: string) => void) {
  const servers = listServers(config);
  const target = servers.find(({ name, address }) => name === wanted || address.host === wanted);
  if (!target) {
    const names = servers.map(({ name }) => name).join(', ');
    throw new PromotionError(`There is no server "${wanted}"; the servers are: ${names}`);
  }
  const root = { user: 'root', password: config.ROOT_PASSWORD };
  const server = await answering(target, root);
  if (!server) throw new PromotionError(`${target.name} does not answer`);
  try {
    await takeOver({ servers, target, root, say }, server);
    const following = await bringOthersBack({ servers, target, root, say }, config);
    await setSemiSync(server, config.SEMI_SYNC && following > 0);
    if (config.SEMI_SYNC && following === 0) {
      say(`Until another server follows ${target.name}, what it acknowledges is on that server alone.`);
    }
  } finally {
    await server.end();
  }
}

async function takeOver(promotion: Promotion, server: Connection): Promise<void> {
  const { target, say } = promotion;
  const term = await newestTerm(server);
  if (term?.serverUuid === (await uuidOf(server))) {
    say(`${target.name} is the primary already`);
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
  say(`${target.name} is the primary now`);
}

/** The primary so far, if it answers. */
async function findOldPrimary({ servers, target, root }: Promotion, uuid: string | undefined) {
  for (const other of servers.filter((candidate) => candidate !== target)) {
    const connection = await answering(other, root);
    if (connection && (await uuidOf(connection)) === uuid) return connection;
    await connection?.end();
  }
  return undefined;
}

/** A primary that is in order is replaced without a loss. */
async function catchUpWith(old: Connection, server: Connection, { target, say }: Promotion): Promise<void> {
  say('the primary answers: it takes no more writes, and is waited for');
  await fence(old);
  const [[state]] = await old.query<RowDataPacket[]>('SELECT @@gtid_executed AS gtids');
  if (await hasApplied(server, String(state?.gtids))) return;
  await old.query('SET PERSIST super_read_only = OFF; SET PERSIST read_only = OFF');
  await old.query('SET GLOBAL offline_mode = OFF');
  throw new PromotionError(
    `${target.name} has not caught up in ${APPLY_LIMIT} s; the primary goes on as before`,
  );
}

/**
 * Throws out everybody but root and takes no more writes. In this order: a commit that waits for a replica
 * would hold up the second, and must not be acknowledged.
 */
async function fence(server: Connection): Promise<void> {
  await server.query('SET GLOBAL offline_mode = ON');
  await server.query('SET PERSIST super_read_only = ON');
}

/** The primary is lost: what this replica has received, it keeps; nobody may have received more. */
async function applyAllReceived(server: Connection, promotion: Promotion): Promise<void> {
  const { target, servers, root, say } = promotion;
  await server.query('STOP REPLICA IO_THREAD');
  const mine = await receivedBy(server);
  for (const other of servers.filter((candidate) => candidate !== target)) {
    const connection = await answering(other, root);
    if (!connection) continue;
    const theirs = await receivedBy(connection).finally(() => connection.end());
    const [[answer]] = await server.query<RowDataPacket[]>('SELECT GTID_SUBSET(?, ?) AS hasAll', [
      theirs,
      mine,
    ]);
    if (answer?.hasAll === 1) continue;
    await server.query('START REPLICA IO_THREAD');
    throw new PromotionError(`${other.name} has received more than ${target.name}: promote that one`);
  }
  say('the primary does not answer; applying what was received from it');
  if (await hasApplied(server, mine)) return;
  await server.query('START REPLICA IO_THREAD');
  throw new PromotionError(
    `${target.name} has not applied all it received in ${APPLY_LIMIT} s; see SHOW REPLICA STATUS there`,
  );
}

/** All transactions that a server has, applied or not. */
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

/** @returns how many follow the new primary now */
async function bringOthersBack(promotion: Promotion, config: PromotionConfig): Promise<number> {
  const { servers, target, root, say } = promotion;
  const replicator = { user: 'inventario_replicator', password: config.REPLICATOR_PASSWORD };
  const giveUpAt = Date.now() + RETURN_LIMIT_MS;
  let following = 0;
  for (const { name, address } of servers.filter((candidate) => candidate !== target)) {
    const connection = await answeringUntil(giveUpAt, { name, address }, promotion);
    if (!connection) {
      say(`${name} does not answer; it becomes a replica at the next start (npm start, docker compose up)`);
      continue;
    }
    try {
      const [[server]] = await connection.query<RowDataPacket[]>('SELECT @@super_read_only AS isReadOnly');
      // An old primary that has come back takes writes still.
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
      say: (line) => say(`${name}: ${line}`),
    });
    say(`${name} is its replica`);
    following++;
  }
  return following;
}

async function answeringUntil(giveUpAt: number, server: NamedServer, { root, say }: Promotion) {
  let isSaid = false;
  for (;;) {
    const connection = await answering(server, root);
    if (connection || Date.now() > giveUpAt) return connection;
    if (!isSaid) say(`waiting for ${server.name} to answer`);
    isSaid = true;
    await sleep(100);
  }
}

async function answering({ address }: NamedServer, root: Account): Promise<Connection | undefined> {
  try {
    return await connectNow(address, root);
  } catch (error) {
    if (isConnectionError(error)) return undefined;
    throw error;
  }
}
