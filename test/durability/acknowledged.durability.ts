import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { Session } from '../support/session.ts';
import { Stack } from '../support/stack.ts';
import { waitUntil } from '../support/wait-until.ts';
import { Cluster } from './cluster.ts';
import { Writers } from './writers.ts';

const KILLS = Number(process.env.DURABILITY_KILLS ?? 20);
const KILLS_WITHOUT_SEMI_SYNC = 10;
/** The launcher waits longer after each kill of the same server, so a new system is quicker in the end. */
const KILLS_PER_SYSTEM = 5;
const WRITERS = 8;
const ACKNOWLEDGED_BEFORE = 40;

interface Losses {
  kills: number;
  acknowledged: number;
  lost: number;
}

/** Loses the primary under load, again and again, until it has been enough. */
async function losePrimaries(semiSync: 'on' | 'off', enough: (losses: Losses) => boolean): Promise<Losses> {
  const losses = { kills: 0, acknowledged: 0, lost: 0 };
  while (!enough(losses)) {
    const stack = await Stack.start({ env: { SEMI_SYNC: semiSync } });
    const cluster = new Cluster(stack, semiSync);
    try {
      const urls = [stack.url, ...stack.data.instanceUrls()];
      const sessions: Session[] = [];
      while (sessions.length < WRITERS) sessions.push(await Session.signIn(stack.url));
      for (let kill = 0; kill < KILLS_PER_SYSTEM && !enough(losses); kill++) {
        await loseOnce(cluster, (prefix) => new Writers(prefix, urls, sessions), losses);
      }
    } finally {
      cluster.close();
      await stack.stopAndClean();
    }
  }
  return losses;
}

async function loseOnce(cluster: Cluster, write: (prefix: string) => Writers, losses: Losses): Promise<void> {
  const prefix = `DURABLE-${++losses.kills}-`;
  await cluster.insertLink();
  const writers = write(prefix);
  await waitUntil(() => writers.acknowledged.size > ACKNOWLEDGED_BEFORE);
  // Not always at the same moment of a commit.
  await sleep(Math.random() * 300);

  const lostAt = Date.now();
  const atLoss = writers.acknowledged.size;
  // Every third time the process alone is lost, and the launcher has it running again while the replica is promoted.
  const isProcessAlone = losses.kills % 3 === 0;
  const bringBack = isProcessAlone ? cluster.killPrimary() : cluster.losePrimary();
  if (isProcessAlone) await sleep(Math.random() * 2000);
  const promotion = await cluster.promote();
  await waitUntil(() => writers.acknowledged.size > atLoss + WRITERS);
  const wroteAgainAt = Date.now();
  bringBack?.();
  await promotion.done;
  const wasBackAt = Date.now();
  await writers.stop();

  const there = await cluster.codes(prefix);
  const lost = [...writers.acknowledged].filter((code) => !there.has(code));
  expect([...there].filter((code) => !writers.acknowledged.has(code))).toEqual([]);
  losses.acknowledged += writers.acknowledged.size;
  losses.lost += lost.length;
  console.log(
    `kill ${losses.kills}: ${lost.length} of ${writers.acknowledged.size} acknowledged writes lost; written ` +
      `again after ${wroteAgainAt - lostAt} ms, the old primary a replica after ${wasBackAt - lostAt} ms`,
  );
}

test('with semi-synchronous replication, no acknowledged write is lost with the primary', async () => {
  const { acknowledged, lost } = await losePrimaries('on', ({ kills }) => kills >= KILLS);
  expect(acknowledged).toBeGreaterThan(KILLS * ACKNOWLEDGED_BEFORE);
  expect(lost).toBe(0);
});

test('without it, some are: the test would see a loss', async () => {
  const { lost } = await losePrimaries(
    'off',
    ({ kills, lost }) => lost > 0 || kills >= KILLS_WITHOUT_SEMI_SYNC,
  );
  expect(lost).toBeGreaterThan(0);
});
