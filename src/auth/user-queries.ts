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
  SELECT session.id AS session_id, data, expires_at, user.id, username, role, must_change_password, list_choices,
    database_group, writes
  FROM session
  LEFT JOIN user ON user.id = session.user_id AND disabled_at IS NULL
  LEFT JOIN write_count ON actor_kind = 'user' AND actor_id = user.id
  WHERE session.id IN (?) AND expires_at > UTC_TIMESTAMP(3)`;

/** Takes stored ids, answers in their order. `user` is undefined when no one is signed in or the user is disabled. */
export async function findSessions(
  db: Kysely<Directory>,
  ids: readonly Buffer[],
): Promise<(StoredSession | undefined)[]> {
  const { rows } = await db.executeQuery<SessionRow>(CompiledQuery.raw(FIND_SESSIONS, [ids]));
  return ids.map((id) => {
    const row = rows.find(({ session_id }) => session_id.equals(id));
    if (!row) return undefined;
    // Requests that share a row may modify the data.
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
  list_choices: unknown;
  database_group: string | null;
  writes: number | null;
}

function toStaffUser({ id, username, role, ...row }: SessionRow): StaffUser | undefined {
  if (id === null) return undefined;
  const { database_group: group, writes } = row;
  const lastWrite = group !== null && writes !== null ? { [group]: writes } : {};
  const mustChangePassword = row.must_change_password === 1;
  const permissions = mustChangePassword ? UNTIL_PASSWORD_IS_CHOSEN : ROLES[role];
  const listChoices = row.list_choices;
  return { kind: 'user', id, permissions, lastWrite, username, role, mustChangePassword, listChoices };
}

/** Also ends all of the user's sessions. @throws PasswordReplacedError if the password changed since `user` was read */
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

export class PasswordReplacedError extends DomainError {
  constructor() {
    super({ code: 'password_replaced', status: 409, textKey: 'errors.passwordReplaced' });
  }
}
