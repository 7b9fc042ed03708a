import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { RowDataPacket } from 'mysql2/promise';
import { Client } from '../../support/client.ts';
import { Promotion } from '../../support/promotion.ts';
import { Stack } from '../../support/stack.ts';
import { waitUntil } from '../../support/wait-until.ts';

let stack: Stack;

beforeAll(async () => {
  stack = await Stack.start({ env: { SEMI_SYNC: 'on' }, args: ['--web', '1'] });
});

afterAll(() => stack.stopAndClean());

async function run(server: string, statements: string): Promise<RowDataPacket[]> {
  const connection = await stack.data.connect(server);
  try {
    const [rows] = await connection.query<RowDataPacket[]>(statements);
    return rows;
  } finally {
    await connection.end();
  }
}

async function isReplicating(): Promise<boolean> {
  const [status] = await run('replica1', 'SHOW REPLICA STATUS');
  return status?.Replica_IO_Running === 'Yes' && status.Replica_SQL_Running === 'Yes';
}

async function isConfirming(): Promise<boolean> {
  const [state] = await run(
    'primary',
    `SELECT @@rpl_semi_sync_source_enabled AS waits, variable_value AS replicas
     FROM performance_schema.global_status WHERE variable_name = 'Rpl_semi_sync_source_clients'`,
  );
  return state?.waits === 1 && state.replicas === '1';
}

async function save(): Promise<void> {
  const client = await Client.signedIn(stack.url);
  await client.register();
}

test('a primary that an interrupted promotion has closed takes writes again', async () => {
  await run(
    'primary',
    `SET GLOBAL offline_mode = ON; SET PERSIST rpl_semi_sync_source_enabled = OFF;
     SET PERSIST super_read_only = ON`,
  );
  await waitUntil(isConfirming);
  await waitUntil(() => save().then(() => true));
  expect(stack.output).toContain('primary: opened for writing again after an interrupted promotion');
});

test('a replica that an interrupted promotion has opened is a replica again', async () => {
  await run(
    'replica1',
    `STOP REPLICA; RESET REPLICA ALL; SET PERSIST super_read_only = OFF; SET PERSIST read_only = OFF`,
  );
  const waiting = run('primary', 'INSERT INTO category (name) VALUES ("Waits for a replica")');
  await waitUntil(isReplicating);
  await waiting;
  expect(await run('replica1', 'SELECT @@super_read_only AS isReadOnly')).toEqual([{ isReadOnly: 1 }]);
  await waitUntil(isConfirming);
  await save();
});

test('a receiver that an interrupted promotion has stopped starts again; what a person stops stays', async () => {
  await run('replica1', 'STOP REPLICA IO_THREAD');
  await waitUntil(isReplicating);
  await run('replica1', 'STOP REPLICA');
  await sleep(8000);
  expect(await isReplicating()).toBe(false);
  await run('replica1', 'START REPLICA');
});

test('while a promotion holds the roles, nothing is repaired and no other promotion begins', async () => {
  const promotion = await stack.data.connect('replica1');
  await promotion.query("DO GET_LOCK('inventario.roles', 0)");
  await run('replica1', 'STOP REPLICA IO_THREAD');
  await sleep(8000);
  expect(await isReplicating()).toBe(false);
  const other = new Promotion(stack, 'replica1');
  expect(await other.ended).toBe(1);
  expect(other.output).toContain('Another promotion is running, or replica1 is being made a replica');
  await promotion.end();
  await waitUntil(isReplicating);
});
