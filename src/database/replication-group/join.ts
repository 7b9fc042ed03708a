import { cloneServer } from '../clone.ts';
import type { Account } from '../connect.ts';
import { Member } from '../member.ts';
import { keepUnsent } from '../unsent-rows.ts';
import { startMember, stopMember } from './membership.ts';
import type { GroupStanding } from './standing.ts';

export interface Joining {
  server: GroupStanding;
  primary: GroupStanding;
  root: Account;
  replicator: Account;
  log: (line: string) => void;
  /** What it has is out of use, or did not let it join. */
  mustClone?: boolean;
  signal?: AbortSignal;
}

/** Clones the primary first if the server has nothing, too little, or what the group does not have. */
export async function join(joining: Joining): Promise<void> {
  const { server, primary, replicator, log, mustClone } = joining;
  const reason = (await reasonToClone(joining)) ?? (mustClone ? 'its data cannot be used' : undefined);
  if (reason === undefined) {
    log('joins the group again');
    await startMember(server.member, replicator);
    return;
  }
  log(`${reason}; copying ${primary.name}`);
  const member = await clone(joining);
  try {
    await startMember(member, replicator);
  } finally {
    member.connection.destroy();
  }
}

async function reasonToClone({ server, primary, log }: Joining): Promise<string | undefined> {
  if (!server.hasData) return 'it is empty';
  const known = await primary.member.received();
  const [answer] = await primary.member.query(
    `SELECT GTID_SUBTRACT(:gtids, :known) AS surplus, GTID_SUBSET(@@gtid_purged, :gtids) AS continues`,
    { gtids: server.gtids, known },
  );
  if (answer?.surplus !== '') {
    log(`it has transactions that the group does not have: ${answer?.surplus}`);
    await keepUnsent(server.member.connection, primary.member.connection, log);
    return 'what only it had is kept';
  }
  return answer.continues === 1 ? undefined : 'it was away for too long';
}

async function clone({ server, primary, root, replicator, signal }: Joining): Promise<Member> {
  const { name, address } = server.member;
  await stopMember(server.member);
  const restarted = await cloneServer({
    primary: primary.member.address,
    replica: address,
    root,
    replicator,
    ...(signal && { signal }),
  });
  restarted.destroy();
  const member = await Member.open({ name, address }, root);
  if (!member) throw new Error('it does not answer after it was copied');
  return member;
}
