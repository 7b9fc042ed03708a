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
  await waitUntil(() => statuses.length > 20);
  process.kill(killed.pid, 'SIGKILL');
  const before = statuses.length;
  await sleep(1500);
  await waitUntil(() => statuses.length > before + 20);
  running = false;
  await Promise.all(load);
  expect(statuses.filter((status) => status !== 200)).toEqual([]);

  const isBack = async () => {
    const { instance } = (await (await fetch(`${baseUrl}/health/live`)).json()) as { instance: string };
    return instance === 'web1';
  };
  await waitUntil(async () => (await isBack()) && stack.process('web1').pid !== killed.pid);
  expect(await isBack().then(() => countByInstance(60))).toHaveProperty('web1');
});
