import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { Session } from '../support/session.ts';
import { Stack } from '../support/stack.ts';
import { waitUntil } from '../support/wait-until.ts';
import { Cluster } from './cluster.ts';
import { Writers } from './writers.ts';

const KILLS = Number(process.env.DURABILITY_KILLS ?? 20);
const KILLS_WITHOUT_SEMI_SYNC = 10;
/** The launcher backs off after each kill of a server, so a new system is faster. */
const KILLS_PER_SYSTEM = 5;
const WRITERS = 8;
const ACKNOWLEDGED_BEFORE = 40;

interface Losses {
  kills: number;
  acknowledged: number;
  lost: number;
}

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
  // Hit commits at different moments.
  await sleep(Math.random() * 300);

  const lostAt = Date.now();
  const atLoss = writers.acknowledged.size;
  // Every third time only the process dies, and the launcher restarts it during the promotion.
  const isProcessAlone = losses.kills % 3 === 0;
  const restoreMachine = isProcessAlone ? cluster.killPrimary() : cluster.losePrimary();
  if (isProcessAlone) await sleep(Math.random() * 2000);
  const promotion = await cluster.promote();
  await waitUntil(() => writers.acknowledged.size > atLoss + WRITERS);
  const wroteAgainAt = Date.now();
  restoreMachine?.();
  await promotion.done;
  const wasBackAt = Date.now();
  await writers.stop();

  const stored = await cluster.codes(prefix);
  const lost = [...writers.acknowledged].filter((code) => !stored.has(code));
  expect([...stored].filter((code) => !writers.acknowledged.has(code))).toEqual([]);
  losses.acknowledged += writers.acknowledged.size;
  losses.lost += lost.length;
  console.log(
    `kill ${losses.kills}: ${lost.length} of ${writers.acknowledged.size} acknowledged writes lost; writes ` +
      `resumed after ${wroteAgainAt - lostAt} ms, the old primary a replica after ${wasBackAt - lostAt} ms`,
  );
}

test('with semi-synchronous replication, losing the primary loses no acknowledged write', async () => {
  const { acknowledged, lost } = await losePrimaries('on', ({ kills }) => kills >= KILLS);
  expect(acknowledged).toBeGreaterThan(KILLS * ACKNOWLEDGED_BEFORE);
  expect(lost).toBe(0);
});

test('without semi-synchronous replication, the test detects lost writes', async () => {
  const { lost } = await losePrimaries(
    'off',
    ({ kills, lost }) => lost > 0 || kills >= KILLS_WITHOUT_SEMI_SYNC,
  );
  expect(lost).toBeGreaterThan(0);
});
