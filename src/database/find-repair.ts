import type { NamedServer } from './servers.ts';
import type { Standing } from './standing.ts';

export interface Repair {
  /** Open a primary for writing, let it wait for its replicas, or attach a server to it. */
  kind: 'open' | 'confirm' | 'attach';
  server: Standing;
  primary: Standing;
}

interface Wanted {
  servers: NamedServer[];
  semiSync: boolean;
}

export function findRepair(standings: Standing[], { servers, semiSync }: Wanted): Repair | undefined {
  const primary = findPrimary(standings);
  if (!primary) return undefined;
  if (primary.isClosed) {
    // A server that is away may be the primary of a newer term.
    const isCertain = standings.length === servers.length;
    return isCertain && !primary.source ? { kind: 'open', server: primary, primary } : undefined;
  }
  const stray = standings.find((server) => server !== primary && isStray(server, primary, servers));
  if (stray) return { kind: 'attach', server: stray, primary };
  const isUnconfirmed = semiSync && !primary.semiSync.isOn && Number(primary.semiSync.replicas) > 0;
  return isUnconfirmed ? { kind: 'confirm', server: primary, primary } : undefined;
}

/** Undefined while the primary of the newest term does not answer, or takes no writes. */
export function hasCopy(standings: Standing[]): boolean | undefined {
  const primary = findPrimary(standings);
  if (!primary || primary.isClosed) return undefined;
  return standings.some(
    ({ source, receiver, applier }) =>
      source?.uuid === primary.uuid && receiver === 'Yes' && applier === 'Yes',
  );
}

function findPrimary(standings: Standing[]): Standing | undefined {
  const newest = standings.toSorted((a, b) => b.newest.term - a.newest.term)[0]?.newest;
  return standings.find(({ uuid }) => uuid === newest?.serverUuid);
}

// It follows no one, like an old primary that came back, or the wrong server; or its promotion was interrupted, which
// stops the receiver alone. A person's STOP REPLICA stops both threads.
function isStray(
  { source, receiver, applier, hasReceiverFailed }: Standing,
  primary: Standing,
  servers: NamedServer[],
): boolean {
  if (!source) return true;
  const follows = (name: string) => {
    const server = servers.find((candidate) => candidate.name === name);
    return server?.address.host === source.host && server.address.port === source.port;
  };
  if (servers.some(({ name }) => name !== primary.name && follows(name))) return true;
  return receiver === 'No' && applier === 'Yes' && !hasReceiverFailed;
}
