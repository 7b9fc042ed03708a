import { expect, test } from '@jest/globals';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { migrate } from '../../src/database/migrate.ts';
import { replicaHasAll } from '../support/replication.ts';
import { stack } from '../support/shared-stack.ts';

async function refusal(connection: Connection, statement: string): Promise<string> {
  return connection.query(statement).then(
    () => 'allowed',
    (error: unknown) => (error as { code: string }).code,
  );
}

test("the application's account changes data, never the schema or stock movements", async () => {
  const app = await stack.connect('primary', 'inventario_app', 'APP_PASSWORD');
  expect(await refusal(app, 'CREATE TABLE t (id INT)')).toBe('ER_TABLEACCESS_DENIED_ERROR');
  expect(await refusal(app, 'DROP TABLE product')).toBe('ER_TABLEACCESS_DENIED_ERROR');
  expect(await refusal(app, 'UPDATE stock_movement SET delta = 1')).toBe('ER_TABLEACCESS_DENIED_ERROR');
  expect(await refusal(app, 'DELETE FROM stock_movement')).toBe('ER_TABLEACCESS_DENIED_ERROR');
  expect(await refusal(app, 'SELECT * FROM mysql.user')).toBe('ER_TABLEACCESS_DENIED_ERROR');
  expect(await refusal(app, 'SELECT 1 FROM product LIMIT 1')).toBe('allowed');
  await app.end();
});

test('the monitoring account sees replication but no products', async () => {
  const port = stack.process('replica1').port!;
  const { createConnection } = await import('mysql2/promise');
  const monitor = await createConnection({
    host: '127.0.0.1',
    port,
    user: 'inventario_monitor',
    password: await stack.secret('MONITOR_PASSWORD'),
  });
  expect(await refusal(monitor, 'SHOW REPLICA STATUS')).toBe('allowed');
  expect(await refusal(monitor, 'SELECT 1 FROM inventario.product')).toBe('ER_TABLEACCESS_DENIED_ERROR');
  await monitor.end();
});

test('the replica refuses writes, even from root', async () => {
  const replica = await stack.connect('replica1');
  expect(await refusal(replica, "INSERT INTO category (name) VALUES ('x')")).toBe(
    'ER_OPTION_PREVENTS_STATEMENT',
  );
  await replica.end();
});

test('a replica still fetches from a primary in offline mode, as during a promotion', async () => {
  const primary = await stack.connect('primary');
  const replica = await stack.connect('replica1');
  try {
    await replica.query('STOP REPLICA IO_THREAD');
    await primary.query('SET GLOBAL offline_mode = ON');
    await primary.query('FLUSH TABLES');
    await replica.query('START REPLICA IO_THREAD');
    expect(await replicaHasAll(stack)).toBe(true);
  } finally {
    await primary.query('SET GLOBAL offline_mode = OFF');
    await replica.query('START REPLICA IO_THREAD');
    await Promise.all([primary, replica].map((connection) => connection.end()));
  }
});

test('the servers run with the settings of mysql/server.cnf', async () => {
  const primary = await stack.connect('primary');
  const [[settings]] = await primary.query<RowDataPacket[]>(`
    SELECT @@sync_binlog AS syncBinlog, @@innodb_flush_log_at_trx_commit AS flush, @@gtid_mode AS gtid,
           @@binlog_format AS format, @@session_track_gtids AS track, @@collation_database AS collation_name,
           @@transaction_isolation AS isolation`);
  await primary.end();
  expect(settings).toEqual({
    syncBinlog: 1,
    flush: 1,
    gtid: 'ON',
    format: 'ROW',
    track: 'OWN_GTID',
    collation_name: 'utf8mb4_es_0900_ai_ci',
    isolation: 'READ-COMMITTED',
  });
});

test('the database itself refuses a quantity below zero', async () => {
  const primary = await stack.connect('primary');
  expect(await refusal(primary, 'UPDATE product SET quantity = -1 LIMIT 1')).toBe(
    'ER_CHECK_CONSTRAINT_VIOLATED',
  );
  await primary.end();
});

test('applies each migration once when several processes start together', async () => {
  const root = await stack.connect('primary');
  await root.query('CREATE DATABASE migration_test');
  const connections = await Promise.all([1, 2, 3, 4].map(() => stack.connect('primary')));
  try {
    await Promise.all(connections.map((connection) => connection.query('USE migration_test')));
    const applied = await Promise.all(connections.map((connection) => migrate(connection)));
    expect(applied.filter((names) => names.length > 0)).toHaveLength(1);
    const [[categories]] = await root.query<RowDataPacket[]>(
      'SELECT COUNT(*) AS count FROM migration_test.category',
    );
    expect(categories).toEqual({ count: 7 });
  } finally {
    await Promise.all(connections.map((connection) => connection.end()));
    await root.query('DROP DATABASE migration_test');
    await root.end();
  }
});
