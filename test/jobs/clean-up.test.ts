import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { stack } from '../support/shared-stack.ts';
import { waitUntil } from '../support/wait-until.ts';

let primary: Connection;
const mark = randomUUID();
const [old, kept] = [randomBytes(16), randomBytes(16)];
const wide = (id: Buffer) => Buffer.concat([id, id]);

/** For each table, an expired row and one still needed. */
const ROWS: Record<string, { columns: string; over: unknown[]; needed: unknown[]; by: string }> = {
  session: {
    columns: 'id, data, expires_at',
    over: [wide(old), '{}', hoursAgo(1)],
    needed: [wide(kept), '{}', hoursAgo(-1)],
    by: 'id',
  },
  cart: {
    columns: 'token_sha256, expires_at',
    over: [wide(old), hoursAgo(1)],
    needed: [wide(kept), hoursAgo(-1)],
    by: 'token_sha256',
  },
  login_attempt: {
    columns: 'subject, attempts, pending, window_ends_at',
    over: [`user ${mark} old`, 1, 0, hoursAgo(1)],
    needed: [`user ${mark} kept`, 1, 0, hoursAgo(-1)],
    by: 'subject',
  },
  completed_write: {
    columns: 'id, created_at',
    over: [wide(old), hoursAgo(25)],
    needed: [wide(kept), hoursAgo(23)],
    by: 'id',
  },
  export_progress: {
    columns: 'id, user_id, state, rows_written, updated_at',
    over: [old, 1, 'done', 0, hoursAgo(2)],
    needed: [kept, 1, 'done', 0, hoursAgo(0)],
    by: 'id',
  },
  deleted_product: {
    columns:
      'id, code, name, description, category_id, quantity, unit, version, created_at, deleted_by, deleted_at',
    over: [4_000_000_001, mark, 'x', '', 1, 0, 'x', 1, hoursAgo(0), 1, hoursAgo(30 * 24 + 1)],
    needed: [4_000_000_002, mark, 'x', '', 1, 0, 'x', 1, hoursAgo(0), 1, hoursAgo(30 * 24 - 1)],
    by: 'id',
  },
  product_import_part: {
    columns: 'file, part, data, created_at',
    over: [old, 0, 'x', hoursAgo(25)],
    needed: [kept, 0, 'x', hoursAgo(23)],
    by: 'file',
  },
};

function hoursAgo(hours: number): string {
  return new Date(Date.now() - hours * 3600_000).toISOString().replace('T', ' ').replace('Z', '');
}

beforeAll(async () => {
  primary = await stack.connect('primary');
});

afterAll(async () => {
  for (const [table, { by, over, needed }] of Object.entries(ROWS)) {
    await primary.query(`DELETE FROM ${table} WHERE ${by} IN (?, ?)`, [over[0], needed[0]]);
  }
  await primary.end();
});

async function has(table: string, value: unknown): Promise<boolean> {
  const [rows] = await primary.query<RowDataPacket[]>(`SELECT 1 FROM ${table} WHERE ${ROWS[table]!.by} = ?`, [
    value,
  ]);
  return rows.length === 1;
}

test('every clean-up deletes only expired rows and runs again in ten minutes', async () => {
  for (const [table, { columns, over, needed }] of Object.entries(ROWS)) {
    await primary.query(`INSERT INTO ${table} (${columns}) VALUES (?), (?)`, [over, needed]);
  }
  const nextInMinutes = async () => {
    const [[row]] = await primary.query<RowDataPacket[]>(
      `SELECT TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(3), due_at) / 60 AS minutes FROM job_lease
       WHERE name = 'clean-up' AND owner IS NULL`,
    );
    return Number(row?.minutes ?? 0);
  };
  await waitUntil(async () => (await nextInMinutes()) > 0);
  await primary.query("UPDATE job_lease SET due_at = UTC_TIMESTAMP(3) WHERE name = 'clean-up'");
  for (const [table, { over }] of Object.entries(ROWS)) {
    await waitUntil(async () => !(await has(table, over[0])));
  }
  for (const [table, { needed }] of Object.entries(ROWS)) {
    expect([table, await has(table, needed[0])]).toEqual([table, true]);
  }
  await waitUntil(async () => (await nextInMinutes()) > 9);
});
