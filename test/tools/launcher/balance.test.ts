import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, test } from '@jest/globals';
import { Client } from '../../support/client.ts';
import { baseUrl, stack } from '../../support/shared-stack.ts';
import { waitUntil } from '../../support/wait-until.ts';

/** Sends `total` requests, ten at a time. */
async function countByInstance(total: number): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  let left = total;
  const send = async () => {
    while (left-- > 0) {
      const response = await fetch(`${baseUrl}/health/live`);
      const { instance } = (await response.json()) as { instance: string };
      counts[instance] = (counts[instance] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: 10 }, send));
  return counts;
}

/** Other tests kill instances, and NGINX restores their share gradually. */
beforeAll(() =>
  waitUntil(async () => {
    const { web1, web2, web3 } = await countByInstance(60);
    return web1 === 30 && web2 === 20 && web3 === 10;
  }),
);

test('NGINX spreads 600 requests 300, 200 and 100', async () => {
  expect(await countByInstance(600)).toEqual({ web1: 300, web2: 200, web3: 100 });
});

test('killing an instance fails no GET, and it comes back', async () => {
  const client = await Client.signedIn();
  const killed = stack.process('web1');
  const statuses: number[] = [];
  let running = true;
  const load = Array.from({ length: 8 }, async () => {
    while (running) statuses.push((await client.get('/products')).status);
  });
  await sleep(300);
  process.kill(killed.pid, 'SIGKILL');
  await sleep(1500);
  running = false;
  await Promise.all(load);
  expect(statuses.length).toBeGreaterThan(20);
  expect(statuses.filter((status) => status !== 200)).toEqual([]);

  const giveUpAt = Date.now() + 30_000;
  const isBack = async () => {
    const { instance } = (await (await fetch(`${baseUrl}/health/live`)).json()) as { instance: string };
    return instance === 'web1';
  };
  while (!(await isBack()) && Date.now() < giveUpAt) await sleep(100);
  expect(stack.process('web1').pid).not.toBe(killed.pid);
  expect(await isBack().then(() => countByInstance(60))).toHaveProperty('web1');
});
