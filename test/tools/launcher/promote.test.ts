import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { RowDataPacket } from 'mysql2/promise';
import { Client } from '../../support/client.ts';
import { Promotion } from '../../support/promotion.ts';
import { Stack } from '../../support/stack.ts';
import { waitUntil } from '../../support/wait-until.ts';

let stack: Stack;

beforeAll(async () => {
  stack = await Stack.start({ env: { SEMI_SYNC: 'on' }, args: ['--web', '1', '--replicas', '2'] });
});

afterAll(() => stack.stopAndClean());

function signal(name: NodeJS.Signals, ...servers: string[]): void {
  for (const server of servers) process.kill(stack.data.process(server).pid, name);
}

async function promote(...args: string[]) {
  const promotion = new Promotion(stack, ...args);
  return { code: await promotion.ended, output: promotion.output };
}

async function run(server: string, statements: string): Promise<RowDataPacket[]> {
  const connection = await stack.data.connect(server);
  try {
    const [rows] = await connection.query<RowDataPacket[]>(statements);
    return rows;
  } finally {
    await connection.end();
  }
}

async function follows(replica: string, primary: string): Promise<boolean> {
  const [status] = await run(replica, 'SHOW REPLICA STATUS');
  return (
    status?.Source_Port === stack.data.process(primary).port &&
    status?.Replica_IO_Running === 'Yes' &&
    status.Replica_SQL_Running === 'Yes'
  );
}

async function save(): Promise<void> {
  const client = await Client.signedIn(stack.url);
  await client.register();
}

/** A write that only a replica that hangs can confirm. @returns once the primary waits for that */
async function writeWithoutConfirmation(): Promise<void> {
  const connection = await stack.data.connect('primary');
  connection.on('error', () => undefined);
  connection.query("INSERT INTO category (name) VALUES ('given up')").catch(() => undefined);
  await waitUntil(async () => {
    const waiting = await run(
      'primary',
      "SELECT 1 FROM performance_schema.processlist WHERE state LIKE 'Waiting for semi-sync ACK%'",
    );
    return waiting.length > 0;
  });
}

test('refuses while two servers hang that may have confirmed writes, unless the loss is accepted', async () => {
  // Otherwise the launcher may start the receiver again.
  const held = await stack.data.connect('replica1');
  await held.query("DO GET_LOCK('inventario.roles', 10)");
  await run('replica1', 'STOP REPLICA IO_THREAD');
  signal('SIGSTOP', 'replica2');
  await writeWithoutConfirmation();
  signal('SIGSTOP', 'primary');
  await run('replica1', 'START REPLICA IO_THREAD');
  await held.end();
  try {
    const refused = await promote('replica1');
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.output).toContain('primary and replica2 do not answer, and may have acknowledged writes');
    const accepted = await promote('replica1', '--accept-loss');
    expect(accepted).toEqual({ code: 0, output: expect.any(String) });
    expect(accepted.output).toContain('primary does not answer; it becomes a replica by itself');
  } finally {
    signal('SIGCONT', 'primary', 'replica2');
  }
  // The returning servers hold a write that was given up.
  await waitUntil(() => follows('primary', 'replica1'));
  await waitUntil(() => follows('replica2', 'replica1'));
  expect(await run('replica2', "SELECT 1 FROM category WHERE name = 'given up'")).toEqual([]);
  await waitUntil(() => save().then(() => true));
});

test('refuses a replica that has received less than another, and names that one', async () => {
  await run('replica2', 'STOP REPLICA');
  await save();
  signal('SIGSTOP', 'replica1');
  try {
    const refused = await promote('replica2');
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.output).toContain('primary has received more than replica2: promote primary instead');
    const accepted = await promote('primary');
    expect(accepted).toEqual({ code: 0, output: expect.any(String) });
    await waitUntil(() => follows('replica2', 'primary'));
  } finally {
    signal('SIGCONT', 'replica1');
  }
  await waitUntil(() => follows('replica1', 'primary'));
  await waitUntil(() => save().then(() => true));
});
