import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerState } from '../../src/database/server-watch.ts';
import { Session } from '../support/session.ts';
import { Stack } from '../support/stack.ts';
import { waitUntil } from '../support/wait-until.ts';
import { Counters } from '../durability/counters.ts';
import { Writers } from '../durability/writers.ts';

const SESSIONS = 8;
const ACKNOWLEDGED_BEFORE = 20;
/** What was on its way is answered within this. */
const IN_FLIGHT_MS = 200;

interface Health {
  onOneServer: boolean;
  servers: ServerState[];
}

/** A replication group of three servers under `npm start`, and its clients. */
export class Group {
  readonly stack: Stack;
  readonly sessions: Session[] = [];
  /** Requests that got no answer, or one from 500 on. */
  failedRequests = 0;

  private constructor(stack: Stack) {
    this.stack = stack;
  }

  static async start(options: Parameters<typeof Stack.start>[0] = {}): Promise<Group> {
    const group = new Group(await Stack.start({ ...options, args: ['--group', ...(options.args ?? [])] }));
    await group.signIn();
    return group;
  }

  async signIn(): Promise<void> {
    this.sessions.length = 0;
    while (this.sessions.length < SESSIONS)
      this.sessions.push(this.#counted(await Session.signIn(this.stack.url)));
  }

  #counted(session: Session): Session {
    const send = session.send.bind(session);
    session.send = async (...sent) => {
      const answer = await send(...sent).catch((error: unknown) => {
        this.failedRequests++;
        throw error;
      });
      if (answer.status >= 500) this.failedRequests++;
      return answer;
    };
    return session;
  }

  async health(url = this.stack.url): Promise<Health> {
    const response = await fetch(`${url}/health`, {
      headers: { accept: 'application/json' },
      signal: AbortSignal.timeout(5000),
    });
    return (await response.json()) as Health;
  }

  async servers(url?: string): Promise<ServerState[]> {
    return (await this.health(url)).servers;
  }

  /** @throws while there is none */
  async primary(): Promise<string> {
    const found = (await this.servers()).find(({ role }) => role === 'primary');
    if (!found) throw new Error('The group has no primary');
    return found.name;
  }

  pid(server: string): number {
    return this.stack.data.process(server).pid;
  }

  /** Every server says that all are in the group, and one is its primary. */
  async isWhole(): Promise<boolean> {
    const servers = await this.servers().catch(() => []);
    const isIn = ({ reachable, member }: ServerState) =>
      reachable && member?.state === 'ONLINE' && member.reached === servers.length;
    const views = new Set(servers.map(({ member }) => member?.view));
    return views.size === 1 && servers.every(isIn) && servers.some(({ role }) => role === 'primary');
  }

  async untilWhole(): Promise<void> {
    await waitUntil(() => this.isWhole()).catch((error: unknown) => {
      throw new Error(`The group is not whole:\n${this.stack.output}`, { cause: error });
    });
  }

  async untilEqual(): Promise<void> {
    await waitUntil(async () => new Set(await this.positions()).size === 1);
  }

  async positions(): Promise<string[]> {
    const names = (await this.servers()).map(({ name }) => name);
    return Promise.all(
      names.map(async (name) => {
        const server = await this.stack.data.connect(name);
        const [rows] = await server.query('SELECT @@gtid_executed AS gtids');
        await server.end();
        return (rows as { gtids: string }[])[0]!.gtids.replaceAll('\n', '');
      }),
    );
  }
}

export interface Failover {
  /** From the fault until a write that was sent after it is acknowledged. */
  writesAfterMs: number;
  /** The longest time without any acknowledged write. */
  longestPauseMs: number;
  /** Sent again with the same key, so that nothing is done twice. */
  failedRequests: number;
  /** From the fault until every server is in the group again. */
  wholeAfterMs: number;
  acknowledged: number;
  lost: number;
  doubled: number;
}

/** Does something to the group under load. @param fault returns what ends it, after writes go on */
export async function underLoad(
  group: Group,
  prefix: string,
  fault: () => Promise<(() => void) | undefined>,
): Promise<Failover> {
  const { stack, sessions } = group;
  const urls = [stack.url, ...stack.data.instanceUrls()];
  const half = sessions.length / 2;
  const writers = new Writers(prefix, urls, sessions.slice(0, half));
  const counters = new Counters(prefix, urls, sessions.slice(half));
  const answered = () => writers.acknowledged.size + counters.total();
  await waitUntil(() => answered() > ACKNOWLEDGED_BEFORE);
  await sleep(Math.random() * 300);

  const pause = watchPauses(answered);
  group.failedRequests = 0;
  const faultAt = Date.now();
  const end = await fault();
  await sleep(Math.max(0, IN_FLIGHT_MS - (Date.now() - faultAt)));
  const before = answered();
  await waitUntil(() => answered() > before);
  const writesAfterMs = Date.now() - faultAt;
  end?.();
  const longestPauseMs = pause.stop();
  await group.untilWhole();
  const wholeAfterMs = Date.now() - faultAt;
  await Promise.all([writers.stop(), counters.stop()]);

  const primary = await group.primary();
  const counted = await counters.compare(stack.data, primary);
  const connection = await stack.data.connect(primary);
  const [rows] = await connection.query('SELECT code FROM product WHERE code LIKE ?', [`${prefix}%`]);
  await connection.end();
  const stored = new Set((rows as { code: string }[]).map(({ code }) => code));
  const lost = [...writers.acknowledged].filter((code) => !stored.has(code)).length;
  return {
    ...{ writesAfterMs, longestPauseMs, wholeAfterMs },
    failedRequests: group.failedRequests,
    acknowledged: answered(),
    lost: lost + counted.lost + counted.kept,
    doubled: counted.doubled,
  };
}

function watchPauses(answered: () => number) {
  let [before, since, longest] = [answered(), Date.now(), 0];
  const look = () => {
    longest = Math.max(longest, Date.now() - since);
    if (answered() === before) return;
    [before, since] = [answered(), Date.now()];
  };
  const timer = setInterval(look, 5);
  return {
    stop() {
      clearInterval(timer);
      look();
      return longest;
    },
  };
}

export function percentile(values: number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length * share) - 1]!;
}
