import type { Kysely } from 'kysely';
import type { Database, User } from '../database/tables.ts';

export async function findUserByName(db: Kysely<Database>, username: string): Promise<User | undefined> {
  return db.selectFrom('user').selectAll().where('username', '=', username).executeTakeFirst();
}

export async function findUser(db: Kysely<Database>, id: number): Promise<User | undefined> {
  return db.selectFrom('user').selectAll().where('id', '=', id).executeTakeFirst();
}

export async function changePassword(db: Kysely<Database>, userId: number, passwordHash: string) {
  await db
    .updateTable('user')
    .set({ password_hash: passwordHash, must_change_password: false })
    .where('id', '=', userId)
    .execute();
}
