import type { PromotionConfig } from '../../config/config.ts';
import { includesAll, withMembers, type Member } from '../member.ts';
import { findWanted, PromotionError, type PromotionOptions } from '../promotion.ts';
import { listServers, type NamedServer } from '../servers.ts';
import { lockRoles } from '../roles-lock.ts';
import { withTimeLimit } from '../time-limit.ts';
import { startGroup } from './membership.ts';
import { findGroupPrimary, isOutside, readGroupStanding, type GroupStanding } from './standing.ts';

/** Transactions that run have this long to commit. In seconds. */
const FINISH_LIMIT = 10;
const SWITCH_LIMIT_MS = 60_000;
const LOCK_SECONDS = 10;

interface SwitchOver extends PromotionOptions {
  config: PromotionConfig;
  servers: NamedServer[];
  /** Those that answer. */
  standings: GroupStanding[];
  target: GroupStanding;
  log: (line: string) => void;
}

/**
 * Makes a member of a group, given by name or host, its primary. Nothing is lost. While the group has no majority, a
 * person may accept the loss of what only the missing servers have: the group is then started from this one.
 *
 * @throws PromotionError
 */
export async function switchOver(
  config: PromotionConfig,
  wanted: string,
  log: (line: string) => void,
  options: PromotionOptions = {},
): Promise<void> {
  const servers = listServers(config);
  const named = findWanted(servers, wanted);
  const root = { user: 'root', password: config.ROOT_PASSWORD };
  await withMembers(servers, root, async (members) => {
    const standings = await Promise.all(members.map(readGroupStanding));
    const target = standings.find(({ name }) => name === named.name);
    if (!target) throw new PromotionError(`${named.name} does not answer`);
    const change = { config, servers, standings, target, log, ...options };
    if (findGroupPrimary(standings)) await elect(change);
    else await startWithout(change);
  });
}

async function elect({ standings, target, log }: SwitchOver): Promise<void> {
  if (target === findGroupPrimary(standings)) {
    log(`${target.name} is the primary already`);
    return;
  }
  if (target.state !== 'ONLINE') {
    throw new PromotionError(`${target.name} is not in the group yet. Try again in a moment.`);
  }
  const { connection, uuid } = target.member;
  const electing = connection.query('SELECT group_replication_set_as_primary(?, ?)', [uuid, FINISH_LIMIT]);
  await withTimeLimit(electing, SWITCH_LIMIT_MS);
  log(`${target.name} is the primary now`);
}

async function startWithout({
  config,
  servers,
  standings,
  target,
  acceptLoss,
  log,
}: SwitchOver): Promise<void> {
  if (!standings.every(isOutside)) {
    throw new PromotionError(
      'The group has no majority, and its servers are still looking for one another. Try again in half a minute.',
    );
  }
  const answers = ({ name }: NamedServer) => standings.some((standing) => standing.name === name);
  const risks = servers.filter((server) => !answers(server)).map(({ name }) => `${name} does not answer`);
  for (const { name, member, gtids } of standings) {
    if (!(await includesAll(target.member, target.gtids, gtids)))
      risks.push(
        `${name} has transactions that ${target.name} lacks (${await surplus(member, gtids, target)})`,
      );
  }
  if (risks.length > 0 && !acceptLoss) {
    throw new PromotionError(
      `${risks.join(', and ')}: acknowledged writes may be lost. Start what is missing, and the group starts by itself,\n` +
        'or give those writes up with the option --accept-loss.',
    );
  }
  for (const { member } of standings) await lockRoles(member.connection, LOCK_SECONDS);
  const replicator = { user: 'inventario_replicator', password: config.REPLICATOR_PASSWORD };
  await startGroup(target.member, replicator);
  log(`${target.name} is the primary now, of a group that the others join when they answer`);
}

async function surplus(member: Member, gtids: string, target: GroupStanding): Promise<string> {
  const [row] = await member.query('SELECT GTID_SUBTRACT(?, ?) AS gtids', [gtids, target.gtids]);
  return String(row?.gtids);
}
