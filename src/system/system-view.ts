import type { WebConfig } from '../config/config.ts';
import { isOnOneServer, type Databases } from '../database/databases.ts';
import type { ServerState } from '../database/server-watch.ts';
import {
  countTransactions,
  formatGtidSet,
  hasTransaction,
  missingFrom,
  parseGtidSet,
  type GtidSet,
} from './gtid-set.ts';
import type { Heartbeat } from './heartbeat.ts';
import {
  listHeartbeats,
  type InstanceReport,
  type InstanceState,
  type SeenInstance,
} from './heartbeat-queries.ts';
import type { RecentError } from '../telemetry/recent-errors.ts';

/** Seconds_Behind_Source rounds, so 1 s is not a lag. */
const BEHIND_SECONDS = 2;
const TAPE_LENGTH = 40;

export interface InstanceView {
  name: string;
  /** `unknown` while the primary cannot be written: heartbeats cannot arrive. */
  condition: 'up' | 'silent' | 'unknown';
  version: string;
  node: string;
  startedAt: Date;
  seenAt: Date;
  ageSeconds: number;
  weight: number | undefined;
  /** Of last minute's requests, 0 to 1. */
  share: number | undefined;
  activity: InstanceState['activity'];
  pools: InstanceState['pools'];
}

export interface ServerView {
  name: string;
  role: ServerState['role'];
  condition: 'up' | 'down' | 'full' | 'behind' | 'stopped' | 'outOfUse' | 'joining' | 'outside' | 'minority';
  /** Of a replication group. */
  member: ServerState['member'];
  outOfUse: ServerState['outOfUse'];
  version: string | undefined;
  lagSeconds: number | undefined;
  receiving: boolean | undefined;
  applying: boolean | undefined;
  semiSync: ServerState['semiSync'];
  term: number | undefined;
  gtidExecuted: string | undefined;
  transactions: number | undefined;
  missing: { set: string; count: number } | undefined;
  /** On this server only: commits of a former primary that were never replicated. */
  errant: { set: string; count: number } | undefined;
  tape: boolean[];
}

export interface SystemView {
  drawnBy: string;
  isFromReplica: boolean;
  onOneServer: boolean;
  instances: InstanceView[];
  servers: ServerView[];
  tape: { source: string; first: number; last: number } | undefined;
  term: number | undefined;
  /** Of servers that elect their primary; `members` are those that are meant to be in it. */
  group: { members: number; reached: number; hasPrimary: boolean; hasMajority: boolean } | undefined;
  lastMinute: { requests: number; reads: Record<string, number>; fallbacks: Record<string, number> };
  total: { reads: Record<string, number>; fallbacks: Record<string, number> };
  errors: (RecentError & { instance: string })[];
}

interface SystemParts {
  config: WebConfig;
  databases: Databases;
  heartbeat: Heartbeat;
}

export async function viewSystem({ config, databases, heartbeat }: SystemParts): Promise<SystemView> {
  const own = await heartbeat.report();
  const seen = await databases.directory
    .readPrimary(listHeartbeats)
    .catch(() => ({ isFromReplica: false, instances: [] }));
  const canWrite = databases.directory.monitor.canSave();
  const instances = viewInstances(own, seen.instances, canWrite);
  const states = databases.directory.monitor.states();
  const tape = chooseTape(states);
  return {
    drawnBy: config.INSTANCE,
    isFromReplica: seen.isFromReplica,
    onOneServer: isOnOneServer(databases),
    instances,
    servers: viewServers(states, tape),
    tape,
    term: states.find(({ role }) => role === 'primary')?.term,
    group: config.GROUP ? viewGroup(states) : undefined,
    lastMinute: {
      requests: sum(instances.map(({ activity }) => activity.lastMinute.requests)),
      reads: addUp(instances.map(({ activity }) => activity.lastMinute.reads)),
      fallbacks: addUp(instances.map(({ activity }) => activity.lastMinute.fallbacks)),
    },
    total: {
      reads: addUp(instances.map(({ activity }) => activity.reads)),
      fallbacks: addUp(instances.map(({ activity }) => activity.fallbacks)),
    },
    errors: [own, ...seen.instances.filter(({ instance }) => instance !== own.instance)]
      .flatMap(({ instance, state }) => state.errors.map((error) => ({ ...error, instance })))
      .sort((a, b) => b.at.localeCompare(a.at))
      .slice(0, 10),
  };
}

function viewInstances(own: InstanceReport, seen: SeenInstance[], canWrite: boolean): InstanceView[] {
  const others = seen.filter(({ instance }) => instance !== own.instance);
  const all: SeenInstance[] = [...others, { ...own, seenAt: new Date(), ageMs: 0, isOverdue: false }];
  const condition = ({ instance, isOverdue }: SeenInstance) => {
    if (instance === own.instance || !isOverdue) return 'up';
    return canWrite ? 'silent' : 'unknown';
  };
  const isCounted = (one: SeenInstance) => condition(one) !== 'silent';
  const requests = sum(all.filter(isCounted).map(({ state }) => state.activity.lastMinute.requests));
  return all
    .toSorted((a, b) => a.instance.localeCompare(b.instance, 'en', { numeric: true }))
    .map((one) => ({
      name: one.instance,
      condition: condition(one),
      version: one.version,
      node: one.state.node,
      startedAt: one.startedAt,
      seenAt: one.seenAt,
      ageSeconds: Math.max(0, one.ageMs) / 1000,
      weight: one.state.weight,
      share: requests > 0 && isCounted(one) ? one.state.activity.lastMinute.requests / requests : undefined,
      activity: isCounted(one) ? one.state.activity : { ...one.state.activity, lastMinute: NOTHING },
      pools: one.state.pools,
    }));
}

const NOTHING = { requests: 0, reads: {}, fallbacks: {} };

function viewServers(states: ServerState[], tape: SystemView['tape']): ServerView[] {
  const primary = states.find(({ role }) => role === 'primary');
  const primarySet = primary?.gtidExecuted === undefined ? undefined : parseGtidSet(primary.gtidExecuted);
  return states
    .toSorted((a, b) => Number(b.role === 'primary') - Number(a.role === 'primary'))
    .map((state) => {
      const set = state.gtidExecuted === undefined ? undefined : parseGtidSet(state.gtidExecuted);
      const missing =
        state.role === 'replica' && set && primarySet ? missingFrom(set, primarySet) : undefined;
      return {
        name: state.name,
        role: state.role,
        condition: conditionOf(state),
        outOfUse: state.outOfUse,
        version: state.version,
        lagSeconds: state.role === 'replica' ? (state.replication?.lagSeconds ?? undefined) : undefined,
        receiving: state.role === 'replica' ? state.replication?.receiving : undefined,
        applying: state.role === 'replica' ? state.replication?.applying : undefined,
        semiSync: state.role === 'primary' ? state.semiSync : undefined,
        term: state.term,
        member: state.member,
        gtidExecuted: state.gtidExecuted,
        transactions: set && countTransactions(set),
        missing: missing && describeSet(missing),
        errant: state.role === 'replica' && set && primarySet ? errantOf(set, primarySet, tape) : undefined,
        tape: tape ? onTape(tape, set) : [],
      };
    });
}

function viewGroup(states: ServerState[]): SystemView['group'] {
  const reached = states.filter(({ reachable, member }) => reachable && member?.state === 'ONLINE').length;
  return {
    members: states.length,
    reached,
    hasPrimary: states.some(({ role }) => role === 'primary'),
    hasMajority: states.some(({ member }) => member?.hasMajority === true),
  };
}

function describeSet(set: GtidSet) {
  return { set: formatGtidSet(set), count: countTransactions(set) };
}

/** Ignores the current primary's own: the replica may have been polled after it. */
function errantOf(set: GtidSet, primarySet: GtidSet, tape: SystemView['tape']) {
  const extra = missingFrom(primarySet, set);
  if (tape) extra.delete(tape.source);
  return extra.size > 0 ? describeSet(extra) : undefined;
}

function conditionOf(server: ServerState): ServerView['condition'] {
  const { role, reachable, isDiskFull, member, replication, outOfUse } = server;
  if (outOfUse) return 'outOfUse';
  if (!reachable) return 'down';
  if (isDiskFull) return 'full';
  if (role === 'primary') return 'up';
  if (member?.state === 'RECOVERING') return 'joining';
  if (member && member.state !== 'ONLINE') return 'outside';
  if (member && !member.hasMajority) return 'minority';
  if (!replication?.receiving || !replication.applying) return 'stopped';
  return (replication.lagSeconds ?? 0) >= BEHIND_SECONDS ? 'behind' : 'up';
}

const NO_TRANSACTIONS: GtidSet = new Map();

function chooseTape(states: ServerState[]): SystemView['tape'] {
  const primary = states.find(({ role }) => role === 'primary');
  // The transactions of a group bear its name, whoever its primary is.
  const member = states.find((state) => state.member && state.sourceUuid !== undefined);
  const source = (member ? member.sourceUuid : primary?.uuid)?.toLowerCase();
  if (source === undefined) return undefined;
  const known = states.flatMap(({ gtidExecuted = '' }) => parseGtidSet(gtidExecuted).get(source) ?? []);
  if (known.length === 0) return undefined;
  const last = Math.max(...known.map(([, end]) => end));
  return { source, first: Math.max(1, last - TAPE_LENGTH + 1), last };
}

function onTape(
  { source, first, last }: NonNullable<SystemView['tape']>,
  set: GtidSet | undefined,
): boolean[] {
  return Array.from({ length: last - first + 1 }, (_, index) =>
    hasTransaction(set ?? NO_TRANSACTIONS, source, first + index),
  );
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function addUp(counts: Record<string, number>[]): Record<string, number> {
  const total: Record<string, number> = {};
  for (const [key, value] of counts.flatMap((one) => Object.entries(one)))
    total[key] = (total[key] ?? 0) + value;
  return total;
}
