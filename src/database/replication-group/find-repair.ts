import type { NamedServer } from '../servers.ts';
import { findGroupPrimary, isOutside, type GroupStanding } from './standing.ts';

export type GroupRepair =
  /** No server is in a group, and all answer. */
  | { kind: 'start'; servers: string[] }
  /** These answer, and are outside the group. */
  | { kind: 'join'; servers: string[] }
  /** Without those that do not answer, nothing is done: one of them may have what the others lack. */
  | { kind: 'wait'; reason: string };

/** Undefined if all is well, or while the servers decide among themselves. */
export function findRepair(standings: GroupStanding[], servers: NamedServer[]): GroupRepair | undefined {
  const outside = standings.filter(isOutside).map(({ name }) => name);
  const primary = findGroupPrimary(standings);
  if (primary) {
    // The group must have expelled what the server was before: while it tries to join, it looks alive and stays.
    const isExpelled = ({ member }: GroupStanding) => !primary.members.includes(member.uuid);
    const able = standings
      .filter((server) => isOutside(server) && isExpelled(server))
      .map(({ name }) => name);
    return able.length > 0 ? { kind: 'join', servers: able } : undefined;
  }
  if (outside.length < standings.length) return undefined;
  if (standings.length === servers.length) return { kind: 'start', servers: outside };
  const silent = servers.filter(({ name }) => !outside.includes(name)).map(({ name }) => name);
  const [verb, have] = silent.length === 1 ? ['does', 'it has'] : ['do', 'they have'];
  return {
    kind: 'wait',
    reason:
      `Nothing can be saved: the group has no majority, and ${silent.join(' and ')} ${verb} not answer.\n` +
      `It starts by itself once ${silent.length === 1 ? 'it answers' : 'they answer'}. ` +
      `To go on without what ${have}: docs/replication.md#start-a-group-without-all-its-servers`,
  };
}
