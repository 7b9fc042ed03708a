import type { Kysely, Transaction } from 'kysely';
import type { Actor } from '../database/databases.ts';
import type { Database, User } from '../database/tables.ts';

export async function findUserByName(db: Kysely<Database>, username: string): Promise<User | undefined> {
  return db.selectFrom('user').selectAll().where('username', '=', username).executeTakeFirst();
}

export async function findUser(db: Kysely<Database>, id: number): Promise<User | undefined> {
  return db.selectFrom('user').selectAll().where('id', '=', id).executeTakeFirst();
}

/** The user who is signed in, with how far a server must be to serve them. */
export interface SignedInUser extends Actor {
  username: string;
  mustChangePassword: boolean;
}

export async function findSignedInUser(db: Kysely<Database>, id: number): Promise<SignedInUser | undefined> {
  const row = await db
    .selectFrom('user')
    .leftJoin('last_write', 'last_write.user_id', 'user.id')
    .select(['user.id', 'username', 'must_change_password', 'source', 'sequence'])
    .where('user.id', '=', id)
    .executeTakeFirst();
  if (!row) return undefined;
  const { username, must_change_password, source, sequence } = row;
  const lastWrite = source !== null && sequence !== null ? { source, sequence } : undefined;
  return { id, username, mustChangePassword: must_change_password === 1, lastWrite };
}

/** Changes the password and ends every session of the user. */
export async function changePassword(
  trx: Transaction<Database>,
  userId: number,
  passwordHash: string,
): Promise<void> {
  await trx
    .updateTable('user')
    .set({ password_hash: passwordHash, must_change_password: false })
    .where('id', '=', userId)
    .execute();
  await trx.deleteFrom('session').where('user_id', '=', userId).execute();
}
