import { CompiledQuery, type Kysely, type Transaction } from 'kysely';
import { recordAuditEvent } from '../audit/audit-trail.ts';
import type { Directory, Role, User } from '../database/tables.ts';
import { ROLES, UNTIL_PASSWORD_IS_CHOSEN } from './permissions.ts';
import type { StaffUser } from './principal.ts';
import { DomainError } from '../errors/domain-error.ts';

export async function findUserByName(db: Kysely<Directory>, username: string): Promise<User | undefined> {
  return db.selectFrom('user').selectAll().where('username', '=', username).executeTakeFirst();
}

export async function findUser(db: Kysely<Directory>, id: number): Promise<User | undefined> {
  return db.selectFrom('user').selectAll().where('id', '=', id).executeTakeFirst();
}

const FIND_SESSIONS = `
  SELECT session.id AS session_id, data, expires_at, user.id, username, role, must_change_password,
    database_group, writes
  FROM session
  LEFT JOIN user ON user.id = session.user_id AND disabled_at IS NULL
  LEFT JOIN write_count ON actor_kind = 'user' AND actor_id = user.id
  WHERE session.id IN (?) AND expires_at > UTC_TIMESTAMP(3)`;

/**
 * Who is signed in, by the ids of sessions as they are stored, with what else their rows hold: one question for
 * all that requests must know. A session is missing where there is none any more; its `user` where nobody is
 * signed in, or the user was disabled.
 *
 * @returns in the order of `ids`
 */
export async function findSessions(
  db: Kysely<Directory>,
  ids: readonly Buffer[],
): Promise<(StoredSession | undefined)[]> {
  // Each request asks this: nothing is built anew.
  const { rows } = await db.executeQuery<SessionRow>(CompiledQuery.raw(FIND_SESSIONS, [ids]));
  return ids.map((id) => {
    const row = rows.find(({ session_id }) => session_id.equals(id));
    if (!row) return undefined;
    // Requests of one session may share the row, and change what they get.
    return { data: structuredClone(row.data), expiresAt: row.expires_at, user: toStaffUser(row) };
  });
}

export interface StoredSession {
  data: object;
  expiresAt: Date;
  user: StaffUser | undefined;
}

interface SessionRow {
  session_id: Buffer;
  data: object;
  expires_at: Date;
  id: number | null;
  username: string;
  role: Role;
  must_change_password: 0 | 1;
  database_group: string | null;
  writes: number | null;
}

function toStaffUser({ id, username, role, ...row }: SessionRow): StaffUser | undefined {
  if (id === null) return undefined;
  const { database_group: group, writes } = row;
  const lastWrite = group !== null && writes !== null ? { [group]: writes } : {};
  const mustChangePassword = row.must_change_password === 1;
  const permissions = mustChangePassword ? UNTIL_PASSWORD_IS_CHOSEN : ROLES[role];
  return { kind: 'user', id, permissions, lastWrite, username, role, mustChangePassword };
}

/**
 * Changes the password and ends every session of the user.
 *
 * @throws PasswordReplacedError when it is not the one of `user` any more
 */
export async function changePassword(
  trx: Transaction<Directory>,
  user: User,
  passwordHash: string,
): Promise<void> {
  const { numUpdatedRows } = await trx
    .updateTable('user')
    .set({ password_hash: passwordHash, must_change_password: false })
    .where('id', '=', user.id)
    .where('password_hash', '=', user.password_hash)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n) throw new PasswordReplacedError();
  await trx.deleteFrom('session').where('user_id', '=', user.id).execute();
  await recordAuditEvent(trx, { action: 'account.passwordChanged', userId: user.id });
}

/** Somebody else gave the user another password in between. */
export class PasswordReplacedError extends DomainError {
  constructor() {
    super({ code: 'password_replaced', status: 409, textKey: 'errors.passwordReplaced' });
  }
}
