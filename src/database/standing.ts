import type { ServerAddress } from '../config/config.ts';
import type { Member } from './member.ts';
import type { PrimaryTerm } from './primary-term.ts';
import { readSemiSync } from './semi-sync.ts';

export interface Standing {
  name: string;
  member: Member;
  uuid: string;
  newest: PrimaryTerm;
  /** By a promotion: a person's `SET GLOBAL super_read_only` is not persisted. */
  isClosed: boolean;
  semiSync: { isOn: boolean; replicas: number | undefined };
  source: (ServerAddress & { uuid: string }) | undefined;
  /** `Yes`, `Connecting` or `No`. */
  receiver: string;
  applier: string;
  hasReceiverFailed: boolean;
}

/** MySQL's client errors, such as a lost connection: the receiver goes on trying. */
const isConnectionProblem = (errno: number) => errno >= 2000 && errno < 3000;

export async function readStanding(member: Member): Promise<Standing> {
  await member.readRole();
  const [settings] = await member.query(
    `SELECT @@offline_mode AS isOffline, @@super_read_only AND EXISTS (
       SELECT 1 FROM performance_schema.persisted_variables
       WHERE variable_name = 'super_read_only' AND variable_value = 'ON') AS isReadOnlyForGood`,
  );
  const [replica] = await member.query('SHOW REPLICA STATUS');
  const errno = Number(replica?.Last_IO_Errno ?? 0);
  return {
    name: member.name,
    member,
    uuid: member.uuid,
    newest: member.newest,
    isClosed: settings?.isOffline === 1 || settings?.isReadOnlyForGood === 1,
    semiSync: await member.step(readSemiSync),
    source: replica && {
      host: String(replica.Source_Host),
      port: Number(replica.Source_Port),
      uuid: String(replica.Source_UUID),
    },
    receiver: String(replica?.Replica_IO_Running),
    applier: String(replica?.Replica_SQL_Running),
    hasReceiverFailed: errno !== 0 && !isConnectionProblem(errno),
  };
}
