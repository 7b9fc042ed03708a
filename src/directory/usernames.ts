import { sql, type Kysely } from 'kysely';
import type { Directory } from '../database/tables.ts';

export async function listUsernames(db: Kysely<Directory>): Promise<{ id: number; username: string }[]> {
  return db
    .selectFrom('user')
    .select(['id', 'username'])
    .orderBy(sql`disabled_at IS NOT NULL`)
    .orderBy('username')
    .limit(1000)
    .execute();
}

export async function findUsernames(db: Kysely<Directory>, ids: number[]): Promise<Map<number, string>> {
  if (ids.length === 0) return new Map();
  const users = await db
    .selectFrom('user')
    .select(['id', 'username'])
    .where('id', 'in', [...new Set(ids)])
    .execute();
  return new Map(users.map(({ id, username }) => [id, username]));
}
