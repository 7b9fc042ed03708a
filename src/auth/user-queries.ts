import type { Kysely, Transaction } from 'kysely';
import { recordAuditEvent } from '../audit/audit-trail.ts';
import type { Actor } from '../database/own-writes.ts';
import { Refusal } from '../database/refusal.ts';
import type { Database, User } from '../database/tables.ts';
import type { Role } from './roles.ts';

export async function findUserByName(db: Kysely<Database>, username: string): Promise<User | undefined> {
  return db.selectFrom('user').selectAll().where('username', '=', username).executeTakeFirst();
}

export async function findUser(db: Kysely<Database>, id: number): Promise<User | undefined> {
  return db.selectFrom('user').selectAll().where('id', '=', id).executeTakeFirst();
}

/** The user who is signed in, with how far a server must be to serve them. */
export interface SignedInUser extends Actor {
  username: string;
  role: Role;
  mustChangePassword: boolean;
}

export async function findSignedInUser(db: Kysely<Database>, id: number): Promise<SignedInUser | undefined> {
  const row = await db
    .selectFrom('user')
    .leftJoin('last_write', 'last_write.user_id', 'user.id')
    .select(['user.id', 'username', 'role', 'must_change_password', 'source', 'sequence'])
    .where('user.id', '=', id)
    .where('disabled_at', 'is', null)
    .executeTakeFirst();
  if (!row) return undefined;
  const { username, role, must_change_password, source, sequence } = row;
  const lastWrite = source !== null && sequence !== null ? { source, sequence } : undefined;
  return { id, username, role, mustChangePassword: must_change_password === 1, lastWrite };
}

/**
 * Changes the password and ends every session of the user.
 *
 * @throws PasswordReplacedError when it is not the one of `user` any more
 */
export async function changePassword(
  trx: Transaction<Database>,
  user: User,
  passwordHash: string,
): Promise<void> {
  const { numUpdatedRows } = await trx
    .updateTable('user')
    .set({ password_hash: passwordHash, must_change_password: false })
    .where('id', '=', user.id)
    .where('password_hash', '=', user.password_hash)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n) throw new PasswordReplacedError({});
  await trx.deleteFrom('session').where('user_id', '=', user.id).execute();
  await recordAuditEvent(trx, { action: 'account.passwordChanged', userId: user.id });
}

/** Somebody else gave the user another password in between. */
export class PasswordReplacedError extends Refusal {
  static {
    this.register();
  }
}
