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
    try {
      const urls = [stack.url, ...stack.data.instanceUrls()];
      const sessions: Session[] = [];
      while (sessions.length < WRITERS) sessions.push(await Session.signIn(stack.url));
      const cluster = new Cluster(stack);
      for (let kill = 0; kill < KILLS_PER_SYSTEM && !enough(losses); kill++) {
        await loseOnce(cluster, (prefix) => new Writers(prefix, urls, sessions), losses);
      }
    } finally {
      await stack.stopAndClean();
    }
  }
  return losses;
}

async function loseOnce(cluster: Cluster, write: (prefix: string) => Writers, losses: Losses): Promise<void> {
  const startedAt = Date.now();
  const prefix = `DURABLE-${++losses.kills}-`;
  await cluster.insertLink();
  const writers = write(prefix);
  await waitUntil(() => writers.acknowledged.size > 30);
  await sleep(Math.random() * 300);
  const bringBack = cluster.losePrimary();
  const before = writers.acknowledged.size;
  await cluster.promote();
  const promotedAt = Date.now();
  await waitUntil(() => writers.acknowledged.size > before + 10);
  const wroteAgainAt = Date.now();
  bringBack();
  await writers.stop();
  const there = await cluster.codes(prefix);
  const lost = [...writers.acknowledged].filter((code) => !there.has(code));
  // What was not acknowledged then was repeated until it was.
  expect(there.size).toBe(writers.acknowledged.size - lost.length);
  losses.acknowledged += writers.acknowledged.size;
  losses.lost += lost.length;
  await waitUntil(() => cluster.isReplicating());
  console.log(
    `kill ${losses.kills}: ${lost.length} of ${writers.acknowledged.size} acknowledged writes lost; promoted after ` +
      `${promotedAt - startedAt} ms, written again after ${wroteAgainAt - startedAt} ms, replica back after ${Date.now() - startedAt} ms`,
  );
}

test('with semi-synchronous replication, no acknowledged write is lost with the primary', async () => {
  const { acknowledged, lost } = await losePrimaries('on', ({ kills }) => kills >= KILLS);
  expect(acknowledged).toBeGreaterThan(KILLS * 30);
  expect(lost).toBe(0);
});

test('without it, some are: the test would see a loss', async () => {
  const { lost } = await losePrimaries(
    'off',
    ({ kills, lost }) => lost > 0 || kills >= KILLS_WITHOUT_SEMI_SYNC,
  );
  expect(lost).toBeGreaterThan(0);
});
