import { sql, type Kysely } from 'kysely';
import type { DatabaseGroup } from '../database/database-group.ts';
import type { Directory } from '../database/tables.ts';
import type { Actor } from '../database/write-counts.ts';

const MAX_REMEMBERED = 10_000;

export async function listUsernames(db: Kysely<Directory>): Promise<{ id: number; username: string }[]> {
  return db
    .selectFrom('user')
    .select(['id', 'username'])
    .orderBy(sql`disabled_at IS NOT NULL`)
    .orderBy('username')
    .limit(1000)
    .execute();
}

/** Remembers usernames, which never change. */
export class Usernames {
  readonly #directory: DatabaseGroup<Directory>;
  readonly #known = new Map<number, string>();

  constructor(directory: DatabaseGroup<Directory>) {
    this.#directory = directory;
  }

  async find(actor: Actor, ids: number[]): Promise<Map<number, string>> {
    const names = new Map<number, string>();
    const unknown: number[] = [];
    for (const id of new Set(ids)) {
      const username = this.#known.get(id);
      if (username === undefined) unknown.push(id);
      else names.set(id, username);
    }
    if (unknown.length === 0) return names;
    if (this.#known.size > MAX_REMEMBERED) this.#known.clear();
    const found = await this.#directory.readReplica(actor, (db) => findUsernames(db, unknown));
    for (const [id, username] of found) {
      this.#known.set(id, username);
      names.set(id, username);
    }
    return names;
  }
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
