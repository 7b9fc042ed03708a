import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { ServerState } from '../../src/database/server-watch.ts';
import { Promotion } from '../support/promotion.ts';
import { Stack } from '../support/stack.ts';
import { waitUntil } from '../support/wait-until.ts';
import { Group } from './group.ts';

const FORM = { name: 'Sin mayoría', quantity: 1, unit: 'unidad', category: 'Otros' };

let group: Group;

beforeAll(async () => {
  group = await Group.start();
});
afterAll(() => group.stack.stopAndClean());

async function everyInstanceKnows(holds: (server: ServerState) => boolean): Promise<boolean> {
  const seen = await Promise.all(group.stack.data.instanceUrls().map((url) => group.servers(url)));
  return seen.flat().every(holds);
}

async function save(code: string) {
  return group.sessions[0]!.send(group.stack.url, {
    path: '/products',
    method: 'POST',
    form: { ...FORM, code },
  });
}

async function read(path: string) {
  return group.sessions[0]!.send(group.stack.url, { path });
}

test('while two of three servers hang, everything can be read and nothing saved; then the group heals', async () => {
  await group.untilWhole();
  const primary = await group.primary();
  const others = (await group.servers()).map(({ name }) => name).filter((name) => name !== primary);
  const pids = [primary, others[0]!].map((name) => group.pid(name));
  for (const pid of pids) process.kill(pid, 'SIGSTOP');
  try {
    await waitUntil(() => everyInstanceKnows(({ role }) => role === 'replica'));
    const ids: number[] = [];
    // Over the moment in which the one that is left gives up and leaves the group.
    for (const until = Date.now() + 25_000; Date.now() < until;) {
      const { status } = await read('/products');
      ids.push(status);
      expect((await save('MINORITY')).status).toBe(503);
    }
    const failed = ids.filter((status) => status !== 200).length;
    console.log(`without a majority: ${ids.length} pages read, ${failed} failed`);
    expect(failed).toBe(0);
    expect((await read('/system')).text).toContain('no hay mayoría');
  } finally {
    for (const pid of pids) process.kill(pid, 'SIGCONT');
  }
  await group.untilWhole();
  expect((await save('MINORITY-OVER')).status).toBe(303);
  await group.untilEqual();
});

test('with servers that stay away, a person starts the group from one and is told what may be lost', async () => {
  await group.untilWhole();
  const [kept, ...lost] = (await group.servers()).map(({ name }) => name);
  const hold = lost.map((name) => keepDown(group.stack, name));
  try {
    await waitUntil(async () => (await group.servers()).every(({ role }) => role === 'replica'));
    const refused = new Promotion(group.stack, kept!);
    expect(await refused.ended).toBe(1);
    expect(refused.output).toMatch(/no majority|does not answer/);
    await waitUntil(async () => {
      const asked = new Promotion(group.stack, kept!);
      expect(await asked.ended).toBe(1);
      return asked.output.includes('--accept-loss');
    });
    const forced = new Promotion(group.stack, kept!, '--accept-loss');
    expect(await forced.ended).toBe(0);
    await waitUntil(async () => (await save(`ALONE-${Date.now()}`)).status === 303);
    await waitUntil(async () => (await group.health()).onOneServer);
  } finally {
    for (const release of hold) release();
  }
  await group.untilWhole();
  await group.untilEqual();
});

test('a group becomes a pair and a group again, with everything in it', async () => {
  await group.untilWhole();
  expect((await save('KEPT-1')).status).toBe(303);
  const { varDir, port } = group.stack;
  await group.stack.stop();

  const pair = await Stack.start({ varDir, port, args: ['--replicas', '2'], env: { SEMI_SYNC: 'on' } });
  expect(pair.output).not.toContain('Error');
  const health = await fetch(`${pair.url}/health`, { headers: { accept: 'application/json' } });
  expect(await health.text()).toContain('"replica2"');
  await expectProducts(pair, ['KEPT-1']);
  await pair.stop();

  group = await Group.start({ varDir, port });
  await group.untilWhole();
  await expectProducts(group.stack, ['KEPT-1']);
  expect((await save('KEPT-2')).status).toBe(303);
  await group.untilEqual();
});

async function expectProducts({ data }: Stack, codes: string[]): Promise<void> {
  for (const { name, role } of data.processes()) {
    if (role !== 'primary' && role !== 'replica') continue;
    const server = await data.connect(name);
    const [rows] = await server.query('SELECT code FROM product WHERE code IN (?)', [codes]);
    await server.end();
    expect(rows).toHaveLength(codes.length);
  }
}

/** As if its machine were lost: the launcher's new process is stopped before it answers. @returns ends that */
function keepDown({ data }: Stack, name: string): () => void {
  const { pid } = data.process(name);
  process.kill(pid, 'SIGKILL');
  let held: number | undefined;
  const holding = setInterval(() => {
    const started = data.processes().find((recorded) => recorded.name === name)?.pid;
    if (!started || started === pid || started === held) return;
    process.kill(started, 'SIGSTOP');
    held = started;
  }, 10);
  return () => {
    clearInterval(holding);
    if (held) process.kill(held, 'SIGCONT');
  };
}
