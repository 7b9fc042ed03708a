import { DATABASE, type Account } from '../connect.ts';
import { includesAll, withMembers, type Member } from '../member.ts';
import { listFaults } from '../replica-faults.ts';
import { NoPrimaryError, type NamedServer } from '../servers.ts';

/** How a server stands to its replication group, as it says itself. */
export interface GroupStanding {
  name: string;
  member: Member;
  state: 'ONLINE' | 'RECOVERING' | 'OFFLINE' | 'ERROR';
  isPrimary: boolean;
  /** It reaches more than half of the members, itself included. */
  hasMajority: boolean;
  /** UUIDs of the members that it knows, also of those that it does not reach. */
  members: string[];
  hasData: boolean;
  /** Its data are not to be used (docs/decisions/replica-checks.md). */
  isOutOfUse: boolean;
  /** Executed, or received from the group and still to be applied. */
  gtids: string;
}

export async function readGroupStanding(member: Member): Promise<GroupStanding> {
  await member.readRole();
  const [row] = await member.query(
    `SELECT own.member_state AS state, own.member_role AS role, counts.members, counts.reached,
            EXISTS (SELECT 1 FROM information_schema.schemata WHERE schema_name = ?) AS hasData
     FROM (SELECT JSON_ARRAYAGG(member_id) AS members, SUM(member_state IN ('ONLINE', 'RECOVERING')) AS reached
           FROM performance_schema.replication_group_members) AS counts
     LEFT JOIN performance_schema.replication_group_members AS own ON own.member_id = @@server_uuid`,
    [DATABASE],
  );
  const state = (row?.state as GroupStanding['state'] | null) ?? 'OFFLINE';
  const members = (row?.members ?? []) as string[];
  const isIn = state === 'ONLINE' || state === 'RECOVERING';
  return {
    name: member.name,
    member,
    state,
    isPrimary: state === 'ONLINE' && row?.role === 'PRIMARY',
    hasMajority: isIn && 2 * Number(row?.reached) > members.length,
    members,
    hasData: row?.hasData === 1,
    isOutOfUse: (await member.step(listFaults)).has(member.name),
    gtids: await member.received(),
  };
}

/** The primary that a majority follows. A server that hung may still take itself for it, so ask the others, too. */
export function findGroupPrimary(standings: GroupStanding[]): GroupStanding | undefined {
  return standings.find(
    ({ isPrimary, hasMajority, member }) => isPrimary && hasMajority && !member.isReadOnly,
  );
}

/** @throws NoPrimaryError while the servers that answer have none */
export async function findPrimaryOfGroup(servers: NamedServer[], root: Account): Promise<NamedServer> {
  return withMembers(servers, root, async (members) => {
    const primary = findGroupPrimary(await Promise.all(members.map(readGroupStanding)));
    if (primary) return { name: primary.name, address: primary.member.address };
    throw new NoPrimaryError('The group has no primary: more than half of its servers have to answer');
  });
}

export function isOutside({ state }: GroupStanding): boolean {
  return state === 'OFFLINE' || state === 'ERROR';
}

export const NOBODY_HAS_ALL =
  'No server has all transactions, so the group is not started by itself.\n' +
  'Look at what each has, and start it from one: docs/replication.md#start-a-group-without-all-its-servers';

/** The server in use whose transactions include all others', if there is one. */
export async function findMostComplete(standings: GroupStanding[]): Promise<GroupStanding | undefined> {
  for (const candidate of standings.filter(({ hasData, isOutOfUse }) => hasData && !isOutOfUse)) {
    const answers = standings.map(({ gtids }) => includesAll(candidate.member, candidate.gtids, gtids));
    if ((await Promise.all(answers)).every(Boolean)) return candidate;
  }
  return undefined;
}
