import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerAddress } from '../config/config.ts';
import { ensureAccounts, ensureGrants } from '../database/accounts.ts';
import type { Account } from '../database/connect.ts';
import { openForWriting } from '../database/fence.ts';
import { withMembers, type Member } from '../database/member.ts';
import { beginTerm } from '../database/primary-term.ts';
import { findRepair } from '../database/replication-group/find-repair.ts';
import { GroupKeeper } from '../database/replication-group/keep-group.ts';
import { GROUP_GRANTS, readGroupName, startGroup } from '../database/replication-group/membership.ts';
import {
  findGroupPrimary,
  findMostComplete,
  NOBODY_HAS_ALL,
  readGroupStanding,
  type GroupStanding,
} from '../database/replication-group/standing.ts';
import { lockRoles } from '../database/roles-lock.ts';
import { setSemiSync } from '../database/semi-sync.ts';
import { listServers, NoPrimaryError, type NamedServer } from '../database/servers.ts';
import { connectForSetup } from '../database/setup-connection.ts';
import type { SetUpConfig } from './set-up-config.ts';
import { passwordsOf, prepareSchema } from './set-up-servers.ts';

const ROUND_MS = 1000;
const LOCK_SECONDS = 600;
/** The first time, the others are copied. Those that are not in by then come later. */
const JOIN_LIMIT_MS = 180_000;

interface GroupTools {
  log: (line: string) => void;
  signal: AbortSignal;
}

/**
 * Idempotent. Starts the group of new servers, of a pair or of servers that were one; the others join it.
 *
 * @returns a new administrator's one-time password
 * @throws NoPrimaryError when no server has all transactions
 */
export async function setUpGroup(config: SetUpConfig, tools: GroupTools): Promise<string | undefined> {
  const root = { user: 'root', password: config.ROOT_PASSWORD };
  const servers = listServers(config);
  const primary = await findOrStart(config, servers, { ...tools, root });
  const connection = await connectForSetup(primary, root);
  try {
    await ensureAccounts(connection, passwordsOf(config));
    await connection.query(GROUP_GRANTS);
    const oneTimePassword = await prepareSchema(config, { primary, root: connection, log: tools.log });
    await ensureGrants(connection);
    await beginTerm(connection, await readGroupName(connection));
    await joinOthers(config, tools);
    return oneTimePassword;
  } finally {
    connection.destroy();
  }
}

async function findOrStart(
  config: SetUpConfig,
  servers: NamedServer[],
  { root, log, signal }: GroupTools & { root: Account },
): Promise<ServerAddress> {
  let told = '';
  for (;;) {
    signal.throwIfAborted();
    const primary = await withMembers(servers, root, async (members) => {
      const standings = await Promise.all(members.map(readGroupStanding));
      const repair = findRepair(standings, servers);
      if (repair?.kind === 'wait' && repair.reason !== told) log((told = repair.reason));
      if (repair?.kind === 'start') await start(config, members, log);
      return findGroupPrimary(standings)?.member.address;
    });
    if (primary) return primary;
    await sleep(ROUND_MS, undefined, { signal });
  }
}

async function start(config: SetUpConfig, members: Member[], log: GroupTools['log']): Promise<void> {
  for (const member of members) await lockRoles(member.connection, LOCK_SECONDS);
  // Another set-up may have started it before the lock.
  const standings = await Promise.all(members.map(readGroupStanding));
  if (findRepair(standings, listServers(config))?.kind !== 'start') return;
  const { founder, isNew } = await findFounder(standings);
  const { member } = founder;
  if (isNew) {
    // The members log in to one another, and the first one to itself. No replica would confirm these writes.
    await setSemiSync(member.connection, false);
    await openForWriting(member.connection);
    await ensureAccounts(member.connection, passwordsOf(config));
    await member.query(GROUP_GRANTS);
  }
  log(`${founder.name} starts the group`);
  await startGroup(member, { user: 'inventario_replicator', password: config.REPLICATOR_PASSWORD });
}

/** Of new servers the first, of a pair its primary, of a group the one that has all transactions. */
async function findFounder(standings: GroupStanding[]): Promise<{ founder: GroupStanding; isNew: boolean }> {
  const withData = standings.filter(({ hasData }) => hasData);
  if (withData.length === 0) return { founder: standings[0]!, isNew: true };
  const newest = withData.map(({ member }) => member.newest).toSorted((a, b) => b.term - a.term)[0]!;
  const isGroup = newest.serverUuid === (await readGroupName(withData[0]!.member.connection));
  const ofPair = withData.find(({ member }) => member.uuid === newest.serverUuid);
  const founder = isGroup ? await findMostComplete(withData) : (ofPair ?? (await findMostComplete(withData)));
  if (founder) return { founder, isNew: !isGroup };
  throw new NoPrimaryError(NOBODY_HAS_ALL);
}

/** One that cannot join now is left to the keeper. */
async function joinOthers(config: SetUpConfig, { log, signal }: GroupTools): Promise<void> {
  const keeper = new GroupKeeper(config, { log, signal });
  const giveUpAt = Date.now() + JOIN_LIMIT_MS;
  while (Date.now() < giveUpAt && !signal.aborted) {
    const isWhole = await keeper.round().catch((error: unknown) => {
      keeper.report((error as Error).message);
      return false;
    });
    if (isWhole) return;
    await sleep(ROUND_MS, undefined, { signal });
  }
}
