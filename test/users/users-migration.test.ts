import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { PROJECT_DIR } from '../../tools/launcher/stack-config.ts';
import { stack } from '../support/shared-stack.ts';

let root: Connection;
beforeAll(async () => (root = await stack.connect('primary')));
afterAll(async () => {
  await root.query('DROP DATABASE IF EXISTS users_migration_test');
  await root.end();
});

const migration = (name: string) => readFile(join(PROJECT_DIR, 'mysql/migrations', name), 'utf8');

test('the migration resumes from any point, and existing users keep their rights', async () => {
  const before = await migration('001-products.sql');
  const users = await migration('003-users.sql');
  const statements = users.split(/;\n/).filter((statement) => statement.trim());
  expect(statements.length).toBeGreaterThan(5);
  for (let done = 0; done <= statements.length; done++) {
    await root.query('DROP DATABASE IF EXISTS users_migration_test');
    await root.query('CREATE DATABASE users_migration_test; USE users_migration_test');
    await root.query(before);
    // As the previous version writes it.
    await root.query(
      "INSERT INTO user (username, password_hash, must_change_password) VALUES ('admin', '', 0)",
    );
    for (const statement of statements.slice(0, done)) await root.query(statement);
    await root.query(users);
    await root.query(users);
    await root.query("INSERT INTO user (username, password_hash) VALUES ('forgotten', '')");
    const [rows] = await root.query<RowDataPacket[]>(
      'SELECT username, role, disabled_at FROM user ORDER BY id',
    );
    expect(rows).toEqual([
      { username: 'admin', role: 'administrator', disabled_at: null },
      { username: 'forgotten', role: 'viewer', disabled_at: null },
    ]);
  }
});
