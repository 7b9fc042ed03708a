import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Promotion } from '../support/promotion.ts';
import { Group, percentile, underLoad, type Failover } from './group.ts';

const TIMES = Number(process.env.FAILOVER_TIMES ?? 2);

let group: Group;

beforeAll(async () => {
  group = await Group.start();
});
afterAll(() => group.stack.stopAndClean());

async function repeat(
  what: string,
  times: number,
  once: (prefix: string) => Promise<Failover>,
): Promise<void> {
  const results: Failover[] = [];
  for (let round = 1; round <= times; round++) {
    await group.untilWhole();
    const result = await once(`${what}-${round}-`);
    console.log(`${what} ${round}: ${JSON.stringify(result)}`);
    expect(result).toMatchObject({ lost: 0, doubled: 0 });
    results.push(result);
  }
  const writes = results.map(({ writesAfterMs }) => writesAfterMs);
  const pauses = results.map(({ longestPauseMs }) => longestPauseMs);
  const whole = results.map(({ wholeAfterMs }) => wholeAfterMs);
  console.log(
    `${what}, ${times} times: writes go on after p50 ${percentile(writes, 0.5)}, p95 ${percentile(writes, 0.95)} ms, ` +
      `longest pause p95 ${percentile(pauses, 0.95)} ms; the group is whole after p95 ${percentile(whole, 0.95)} ms`,
  );
}

test('kill -9 of the primary: another is elected, nothing is lost, and the old one comes back', async () => {
  await repeat('KILL', TIMES, async (prefix) => {
    const old = await group.primary();
    const result = await underLoad(group, prefix, () => {
      process.kill(group.pid(old), 'SIGKILL');
      return Promise.resolve(undefined);
    });
    expect(await group.primary()).not.toBe(old);
    return result;
  });
});

test('a primary that hangs is replaced, and comes back as a member', async () => {
  await repeat('HANG', TIMES, async (prefix) => {
    const old = await group.primary();
    const pid = group.pid(old);
    const result = await underLoad(group, prefix, () => {
      process.kill(pid, 'SIGSTOP');
      return Promise.resolve(() => process.kill(pid, 'SIGCONT'));
    });
    expect(await group.primary()).not.toBe(old);
    return result;
  });
});

test('a switch-over by command loses nothing, and fails no request', async () => {
  // On a busy machine, one may take longer than a write waits.
  let fewestFailed = Infinity;
  await repeat('SWITCH', Math.max(3, TIMES), async (prefix) => {
    const old = await group.primary();
    const next = (await group.servers()).find(({ name }) => name !== old)!.name;
    const result = await underLoad(group, prefix, async () => {
      const command = new Promotion(group.stack, next);
      expect(await command.ended).toBe(0);
      expect(command.output).toContain(`${next} is the primary now`);
      return undefined;
    });
    expect(await group.primary()).toBe(next);
    fewestFailed = Math.min(fewestFailed, result.failedRequests);
    return result;
  });
  expect(fewestFailed).toBe(0);
});

test('all servers killed at once come back by themselves with everything', async () => {
  await repeat('ALL', TIMES, (prefix) =>
    underLoad(group, prefix, async () => {
      for (const { name } of await group.servers()) process.kill(group.pid(name), 'SIGKILL');
      return undefined;
    }),
  );
});

test('positions stay in one row over all of that', async () => {
  await group.untilEqual();
  const positions = await group.positions();
  for (const ofOneServer of positions[0]!.split(',')) expect(ofOneServer.trim()).toMatch(/^[\w-]+:1-\d+$/);
});
