import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from 'mysql2/promise';
import type { PromotionConfig } from '../config/config.ts';
import { attach, fenceUnlessReadOnly, tryConnect } from './attach.ts';
import { isAway } from './away.ts';
import type { Account } from './connect.ts';
import { fence, openForWriting, reopen } from './fence.ts';
import { includesAll, Member } from './member.ts';
import { beginTerm } from './primary-term.ts';
import { ReplicaAheadError } from './replication.ts';
import { lockRoles } from './roles-lock.ts';
import { setSemiSync } from './semi-sync.ts';
import { listServers, type NamedServer } from './servers.ts';
import { withTimeLimit } from './time-limit.ts';

/** Longer than an instance takes to notice that the primary is away, and then to refuse writes. */
const PATIENCE_MS = 5_000;
const LOCK_SECONDS = 10;
const APPLY_LIMIT_MS = 120_000;
const RETURN_LIMIT_MS = 20_000;
const FENCE_LIMIT_MS = 25_000;

/** The promotion was refused or has stopped half-way, and may be repeated; the message says why. */
export class PromotionError extends Error {
  override name = 'PromotionError';
}

export interface PromotionOptions {
  /** Promote although a server that does not answer may have received more. */
  acceptLoss?: boolean;
}

interface Promotion extends PromotionOptions {
  config: PromotionConfig;
  servers: NamedServer[];
  root: Account;
  /** Those that answer, each under the lock of roles. */
  members: Member[];
  target: Member;
  log: (line: string) => void;
}

/**
 * Makes a replica, given by name or host, the primary. An old primary that answers stops taking writes first,
 * and the replica applies all it has received. The other servers become its replicas. @throws PromotionError
 */
export async function promote(
  config: PromotionConfig,
  wanted: string,
  log: (line: string) => void,
  options: PromotionOptions = {},
) {
  const servers = listServers(config);
  const named = findWanted(servers, wanted);
  const root = { user: 'root', password: config.ROOT_PASSWORD };
  const opened = await openMembers(servers, root);
  try {
    const members = await lockMembers(opened);
    const target = members.find(({ name }) => name === named.name);
    if (!target) throw new PromotionError(`${named.name} does not answer`);
    const promotion = { config, servers, root, members, target, log, ...options };
    await takeOver(promotion);
    await attachReplicas(promotion);
  } catch (error) {
    if (!isAway(error)) throw error;
    throw new PromotionError(`A server has stopped answering (${(error as Error).message}). Try again.`);
  } finally {
    for (const { connection } of opened) connection.destroy();
  }
}

/** By name or host. @throws PromotionError */
export function findWanted(servers: NamedServer[], wanted: string): NamedServer {
  const found = servers.find(({ name, address }) => name === wanted || address.host === wanted);
  if (found) return found;
  const names = servers.map(({ name }) => name).join(', ');
  throw new PromotionError(`There is no server "${wanted}"; the servers are: ${names}`);
}

async function openMembers(servers: NamedServer[], root: Account): Promise<Member[]> {
  const giveUpAt = Date.now() + PATIENCE_MS;
  const opening = servers.map(async (server) => {
    do {
      const member = await Member.open(server, root);
      if (member) return member;
      await sleep(100);
    } while (Date.now() < giveUpAt);
    return undefined;
  });
  return (await Promise.all(opening)).filter((member) => member !== undefined);
}

/** @returns those that still answer, with the roles they have by now: another promotion may just have ended */
async function lockMembers(opened: Member[]): Promise<Member[]> {
  const members: Member[] = [];
  for (const member of opened) {
    try {
      if (!(await member.step((connection) => lockRoles(connection, LOCK_SECONDS)))) {
        throw new PromotionError(
          `Another promotion is running, or ${member.name} is being made a replica. Try again in a moment.`,
        );
      }
      members.push(member);
    } catch (error) {
      if (!isAway(error)) throw error;
      member.connection.destroy();
    }
  }
  for (const member of members) await member.readRole();
  return members;
}

async function takeOver(promotion: Promotion): Promise<void> {
  const { config, target, members, log } = promotion;
  const newest = members.toSorted((a, b) => b.newest.term - a.newest.term)[0]!.newest;
  if (newest.serverUuid === target.uuid) {
    log(`${target.name} is the primary already`);
    if (target.isReadOnly) {
      // An interrupted promotion has closed it.
      await target.query('STOP REPLICA; RESET REPLICA ALL');
      await target.step((server) => reopen(server, { semiSync: config.SEMI_SYNC }));
    }
  } else {
    await bringUpToDate(promotion, newest.serverUuid);
    await target.query('STOP REPLICA; RESET REPLICA ALL');
    await target.step((server) => setSemiSync(server, false));
    await target.step(openForWriting);
    await target.step(beginTerm);
  }
  log(`${target.name} is the primary now`);
}

/** Afterwards the old primary, if it answers, takes no writes, and the target has all it can have. */
async function bringUpToDate(promotion: Promotion, oldUuid: string): Promise<void> {
  const { members } = promotion;
  try {
    do {
      const old = members.find(({ uuid }) => uuid === oldUuid);
      if (old && (await catchUpWith(old, promotion))) return;
      if (old) members.splice(members.indexOf(old), 1);
      await applyAllReceived(promotion);
    } while (await hasReturned(promotion));
  } catch (error) {
    for (const replica of members.filter(({ uuid }) => uuid !== oldUuid)) {
      await replica.query('START REPLICA IO_THREAD').catch(() => undefined);
    }
    throw error;
  }
}

async function catchUpWith(old: Member, { target, config, log }: Promotion): Promise<boolean> {
  const [replication] = await target.query('SHOW REPLICA STATUS');
  if (!replication || !target.isReadOnly) {
    throw new PromotionError(`${target.name} does not follow ${old.name} yet. Try again in a moment.`);
  }
  log('the primary answers: it now refuses writes; waiting for the replica to catch up');
  let problem = `it has not caught up in ${APPLY_LIMIT_MS / 1000} s`;
  try {
    await fence(old.connection);
    const gtids = await old.executed();
    await target.query('START REPLICA IO_THREAD');
    if (await waitUntilApplied(target, gtids, () => old.isAnswering())) return true;
  } catch (error) {
    problem = (error as Error).message;
  }
  if (!(await old.isAnswering())) {
    log(`${old.name} has stopped answering`);
    old.connection.destroy();
    return false;
  }
  await old.step((server) => reopen(server, { semiSync: config.SEMI_SYNC }));
  throw new PromotionError(`${target.name} cannot take over: ${problem}. The primary accepts writes again.`);
}

/** The replica with the most must take over. All stop receiving first: a returning primary gets nothing confirmed. */
async function applyAllReceived(promotion: Promotion): Promise<void> {
  const { target, members, log } = promotion;
  refuseUnknownServers(promotion);
  for (const member of members) await member.query('STOP REPLICA IO_THREAD');
  const mine = await target.received();
  for (const other of members) {
    if (await includesAll(target, mine, await other.received())) continue;
    throw new PromotionError(
      `${other.name} has received more than ${target.name}: promote ${other.name} instead`,
    );
  }
  log('the primary does not answer; applying what was received from it');
  if (await waitUntilApplied(target, mine)) return;
  throw new PromotionError(
    `${target.name} has not applied all it received in ${APPLY_LIMIT_MS / 1000} s; see SHOW REPLICA STATUS there`,
  );
}

/** Any replica may have confirmed a write, so all of them must answer. */
function refuseUnknownServers({ config, servers, members, target, acceptLoss }: Promotion): void {
  const away = missingFrom(members, servers);
  if (!config.SEMI_SYNC || acceptLoss || away.length < 2) return;
  const names = away.map(({ name }) => name).join(' and ');
  throw new PromotionError(
    `${names} do not answer, and may have acknowledged writes that ${target.name} lacks.\n` +
      'Start one of them and try again, or give those writes up with the option --accept-loss.',
  );
}

async function hasReturned(promotion: Promotion): Promise<boolean> {
  const { servers, members, root } = promotion;
  const opened = await Promise.all(missingFrom(members, servers).map((server) => Member.open(server, root)));
  const returned = await lockMembers(opened.filter((member) => member !== undefined));
  members.push(...returned);
  return returned.length > 0;
}

function missingFrom(members: Member[], servers: NamedServer[]): NamedServer[] {
  return servers.filter(({ name }) => !members.some((member) => member.name === name));
}

async function waitUntilApplied(
  target: Member,
  gtids: string,
  isWorthwhile: () => Promise<boolean> = () => Promise.resolve(true),
): Promise<boolean> {
  const giveUpAt = Date.now() + APPLY_LIMIT_MS;
  while (Date.now() < giveUpAt && (await isWorthwhile())) {
    if (await target.hasApplied(gtids)) return true;
  }
  return false;
}

async function attachReplicas(promotion: Promotion): Promise<void> {
  const { config, servers, target, members, log } = promotion;
  const others = servers.filter(({ name }) => name !== target.name);
  await Promise.all(others.map((server) => fenceIfAnswering(server, promotion)));
  // Those that answer first: the rest may take half a minute.
  const answers = ({ name }: NamedServer) => members.some((member) => member.name === name);
  const giveUpAt = Date.now() + RETURN_LIMIT_MS;
  let hasReplica = false;
  for (const server of others.toSorted((a, b) => Number(answers(b)) - Number(answers(a)))) {
    if (!(await attachUntil(giveUpAt, server, promotion))) continue;
    log(`${server.name} is its replica`);
    if (!hasReplica) await target.step((primary) => setSemiSync(primary, config.SEMI_SYNC));
    hasReplica = true;
  }
  if (!hasReplica) {
    log(`Until another server replicates from ${target.name}, new writes exist on that server only.`);
  }
}

/** An old primary that returns in this moment must not take writes while others are attached. */
async function fenceIfAnswering({ name, address }: NamedServer, { root, log }: Promotion): Promise<void> {
  try {
    await withTimeLimit(fenceUnlessReadOnly(address, root), FENCE_LIMIT_MS);
  } catch (error) {
    if (!isAway(error)) log(`${name} cannot be closed for writing: ${(error as Error).message}`);
  }
}

async function attachUntil(giveUpAt: number, server: NamedServer, promotion: Promotion): Promise<boolean> {
  const { config, target, root, log } = promotion;
  const { name, address } = server;
  const replicator = { user: 'inventario_replicator', password: config.REPLICATOR_PASSWORD };
  const logOnce = onlyChanges((line) => log(`${name}: ${line}`));
  for (;;) {
    const connection = await tryConnect(address, root);
    try {
      if (!connection) {
        logOnce('waiting for it to answer');
      } else if (await isLocked(connection, server, promotion)) {
        await attach({ name, primary: target.address, replica: address, root, replicator, log: logOnce });
        return true;
      }
    } catch (error) {
      logOnce((error as Error).message);
      if (error instanceof ReplicaAheadError) return false;
    } finally {
      connection?.destroy();
    }
    if (Date.now() > giveUpAt) {
      log(`${name} does not answer; it becomes a replica by itself as soon as it does`);
      return false;
    }
    await sleep(500);
  }
}

async function isLocked(connection: Connection, { name }: NamedServer, { members }: Promotion) {
  return members.some((member) => member.name === name) || lockRoles(connection, LOCK_SECONDS);
}

function onlyChanges(log: (line: string) => void): (line: string) => void {
  let last = '';
  return (line) => {
    if (line !== last) log(line);
    last = line;
  };
}
