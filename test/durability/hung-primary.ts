import { setTimeout as sleep } from 'node:timers/promises';
import type { RowDataPacket } from 'mysql2/promise';
import type { ServerState } from '../../src/database/server-watch.ts';
import { Promotion } from '../support/promotion.ts';
import type { Session } from '../support/session.ts';
import type { Stack } from '../support/stack.ts';
import { waitUntil } from '../support/wait-until.ts';
import { Counters } from './counters.ts';
import { Writers } from './writers.ts';

const ACKNOWLEDGED_BEFORE = 20;
const LONGEST_PROMOTION_MS = 12_000;

export type Moment = 'running' | 'finished' | 'killed';

export interface Result {
  acknowledged: number;
  lost: number;
  /** Acknowledged without semi-synchronous replication, and kept from the old primary. */
  kept: number;
  doubled: number;
  /** Undefined if the command was killed. */
  commandMs: number | undefined;
  /** From the return of the old primary until one server follows the other. */
  backMs: number;
  wasTold: boolean;
}

interface Health {
  onOneServer: boolean;
  servers: ServerState[];
}

async function health({ url }: Stack): Promise<Health> {
  const response = await fetch(`${url}/health`, { headers: { accept: 'application/json' } });
  return (await response.json()) as Health;
}

async function namesByRole(stack: Stack) {
  const { servers } = await health(stack);
  const named = (role: string) => servers.find((server) => server.role === role)!.name;
  return { primary: named('primary'), replica: named('replica') };
}

/** Hangs the primary under load, promotes the replica, and lets the old primary go on at the given moment. */
export async function hangPrimary(
  stack: Stack,
  { prefix, sessions, moment }: { prefix: string; sessions: Session[]; moment: Moment },
): Promise<Result> {
  const before = await namesByRole(stack);
  const { pid } = stack.data.process(before.primary);
  const urls = [stack.url, ...stack.data.instanceUrls()];
  const half = sessions.length / 2;
  const writers = new Writers(prefix, urls, sessions.slice(0, half));
  const counters = new Counters(prefix, urls, sessions.slice(half));
  await waitUntil(() => writers.acknowledged.size > ACKNOWLEDGED_BEFORE && counters.total() > 0);
  await sleep(Math.random() * 300);

  process.kill(pid, 'SIGSTOP');
  let wasTold = false;
  let commandMs: number | undefined;
  try {
    await sleep(Math.random() * 1000);
    const begunAt = Date.now();
    const promotion = new Promotion(stack, before.replica);
    const isEnded = promotion.ended.then((code) => {
      if (moment === 'killed') return;
      commandMs = Date.now() - begunAt;
      if (code !== 0) throw new Error(`The promotion ended with ${code}:\n${promotion.output}`);
    });
    if (moment === 'finished') {
      await isEnded;
      wasTold = (await health(stack)).onOneServer;
    } else {
      await sleep(Math.random() * LONGEST_PROMOTION_MS);
      if (moment === 'killed') promotion.kill();
    }
    letGoOn(pid);
    const returnedAt = Date.now();
    await isEnded;
    await waitUntil(() => isReplicating(stack));
    const backMs = Date.now() - returnedAt;
    const answered = counters.total();
    await waitUntil(() => counters.total() > answered + half);
    await Promise.all([writers.stop(), counters.stop()]);
    await waitUntil(async () => !(await health(stack)).onOneServer);
    const compared = await compare(stack, prefix, writers, counters);
    return { ...compared, commandMs, backMs, wasTold };
  } finally {
    letGoOn(pid);
  }
}

/** The launcher may have replaced the process already. */
function letGoOn(pid: number): void {
  try {
    process.kill(pid, 'SIGCONT');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function isReplicating(stack: Stack): Promise<boolean> {
  const { primary, replica } = await namesByRole(stack);
  const [on, behind] = await Promise.all([stack.data.connect(primary), stack.data.connect(replica)]);
  try {
    const [[executed]] = await on.query<RowDataPacket[]>('SELECT @@gtid_executed AS gtids');
    const [[wait]] = await behind.query<RowDataPacket[]>(
      'SELECT WAIT_FOR_EXECUTED_GTID_SET(?, 1) AS timedOut, @@super_read_only AS isReadOnly',
      [executed?.gtids],
    );
    return wait?.timedOut === 0 && wait.isReadOnly === 1;
  } finally {
    await Promise.all([on.end(), behind.end()]);
  }
}

async function compare(stack: Stack, prefix: string, writers: Writers, counters: Counters) {
  const { primary } = await namesByRole(stack);
  const connection = await stack.data.connect(primary);
  const [rows] = await connection.query<RowDataPacket[]>('SELECT code FROM product WHERE code LIKE ?', [
    `${prefix}%`,
  ]);
  const [unsent] = await connection.query<RowDataPacket[]>(
    "SELECT content->>'$.target_name' AS name FROM unsent_row WHERE source = 'product_event'",
  );
  await connection.end();
  const stored = new Set(rows.map(({ code }) => String(code)));
  const kept = new Set(unsent.map(({ name }) => String(name)));
  const missing = [...writers.acknowledged].filter((code) => !stored.has(code));
  const counted = await counters.compare(stack.data, primary);
  const keptProducts = missing.filter((code) => kept.has(code)).length;
  return {
    acknowledged: writers.acknowledged.size + counters.total(),
    lost: counted.lost + missing.length - keptProducts,
    kept: counted.kept + keptProducts,
    doubled: counted.doubled,
  };
}
