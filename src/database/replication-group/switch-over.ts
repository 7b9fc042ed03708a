import type { PromotionConfig } from '../../config/config.ts';
import { Member } from '../member.ts';
import { PromotionError } from '../promotion.ts';
import { listServers } from '../servers.ts';
import { withTimeLimit } from '../time-limit.ts';
import { findGroupPrimary, readGroupStanding } from './standing.ts';

/** Transactions that run have this long to commit. In seconds. */
const FINISH_LIMIT = 10;
const SWITCH_LIMIT_MS = 60_000;

/** Makes a member of a group, given by name or host, its primary. Nothing is lost. @throws PromotionError */
export async function switchOver(
  config: PromotionConfig,
  wanted: string,
  log: (line: string) => void,
): Promise<void> {
  const servers = listServers(config);
  const named = servers.find(({ name, address }) => name === wanted || address.host === wanted);
  if (!named) {
    const names = servers.map(({ name }) => name).join(', ');
    throw new PromotionError(`There is no server "${wanted}"; the servers are: ${names}`);
  }
  const root = { user: 'root', password: config.ROOT_PASSWORD };
  const opened = await Promise.all(servers.map((server) => Member.open(server, root)));
  const members = opened.filter((member) => member !== undefined);
  try {
    const standings = await Promise.all(members.map(readGroupStanding));
    const target = standings.find(({ name }) => name === named.name);
    const primary = findGroupPrimary(standings);
    if (!primary) throw new PromotionError('The group has no primary: more than half of its servers have to answer');
    if (target?.state !== 'ONLINE') {
      throw new PromotionError(`${named.name} is not in the group yet. Try again in a moment.`);
    }
    if (target !== primary) {
      await withTimeLimit(
        target.member.connection.query('SELECT group_replication_set_as_primary(?, ?)', [
          target.member.uuid,
          FINISH_LIMIT,
        ]),
        SWITCH_LIMIT_MS,
      );
    }
    log(`${named.name} is the primary ${target === primary ? 'already' : 'now'}`);
  } finally {
    for (const { connection } of members) connection.destroy();
  }
}
