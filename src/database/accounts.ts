import type { Connection } from 'mysql2/promise';
import { DATABASE } from './connect.ts';
import { runSqlFile } from './setup-connection.ts';

const ACCOUNTS = new URL('../../mysql/accounts.sql', import.meta.url);
const GRANTS = new URL('../../mysql/grants.sql', import.meta.url);
const TRIGGERS = new URL('../../mysql/triggers.sql', import.meta.url);

export interface AccountPasswords {
  migrator: string;
  app: string;
  replicator: string;
  monitor: string;
}

export async function ensureAccounts(root: Connection, passwords: AccountPasswords): Promise<void> {
  await root.query(`CREATE DATABASE IF NOT EXISTS ${DATABASE}`);
  await runSqlFile(root, ACCOUNTS, {
    migrator_password: passwords.migrator,
    app_password: passwords.app,
    replicator_password: passwords.replicator,
    monitor_password: passwords.monitor,
  });
}

/** Needs the tables: run it after the migrations. */
export async function ensureGrants(root: Connection): Promise<void> {
  await runSqlFile(root, GRANTS);
}

export async function ensureTriggers(root: Connection): Promise<void> {
  await root.query(`USE ${DATABASE}`);
  await runSqlFile(root, TRIGGERS);
}
