import { sql, type Kysely, type Transaction } from 'kysely';
import { recordAuditEvent, type AuditAction } from '../audit/audit-trail.ts';
import { isDuplicateKey } from '../database/mysql-errors.ts';
import type { Directory, Role } from '../database/tables.ts';
import { DomainError } from '../errors/domain-error.ts';

export interface UserAccount {
  id: number;
  username: string;
  role: Role;
  hasOneTimePassword: boolean;
  disabledAt: Date | null;
  lastLoginAt: Date | null;
}

export class UsernameTakenError extends DomainError {
  constructor() {
    super({ code: 'username_taken', status: 422, textKey: 'users.errors.usernameTaken', field: 'username' });
  }
}

export class UserNotFoundError extends DomainError {
  constructor() {
    super({ code: 'user_not_found', status: 404, textKey: 'errors.userNotFound' });
  }
}

/** Refusing changes to one's own account keeps at least one administrator. */
export class OwnAccountError extends DomainError {
  constructor() {
    super({ code: 'own_account', status: 409, textKey: 'errors.ownAccount' });
  }
}

/** The actor lost the administrator role since the request was authorized. */
export class NotAdministratorError extends DomainError {
  constructor() {
    super({ code: 'not_administrator', status: 403, textKey: 'errors.notAllowed' });
  }
}

function selectAccounts(db: Kysely<Directory>) {
  return db.selectFrom('user').select((eb) => [
    'id',
    'username',
    'role',
    'must_change_password as hasOneTimePassword',
    'disabled_at as disabledAt',
    eb
      .selectFrom('audit_event')
      .select((event) => event.fn.max('audit_event.created_at').as('at'))
      .whereRef('user_id', '=', 'user.id')
      .where('action', '=', 'session.started')
      .as('lastLoginAt'),
  ]);
}

type AccountRow = Omit<UserAccount, 'hasOneTimePassword'> & { hasOneTimePassword: 0 | 1 };

const toAccount = (row: AccountRow): UserAccount => ({
  ...row,
  hasOneTimePassword: row.hasOneTimePassword === 1,
});

export async function listAccounts(db: Kysely<Directory>): Promise<UserAccount[]> {
  const rows = await selectAccounts(db)
    .orderBy(sql`disabled_at IS NOT NULL`)
    .orderBy('username')
    .limit(1000)
    .execute();
  return rows.map(toAccount);
}

export async function findAccount(db: Kysely<Directory>, id: number): Promise<UserAccount | undefined> {
  const row = await selectAccounts(db).where('id', '=', id).executeTakeFirst();
  return row && toAccount(row);
}

/** @throws UsernameTakenError, also when the names differ only in case or accents; NotAdministratorError */
export async function createUser(
  trx: Transaction<Directory>,
  { username, role, passwordHash }: { username: string; role: Role; passwordHash: string },
  actorId: number,
): Promise<number> {
  await lockAdministrators(trx, actorId);
  const values = { username, role, password_hash: passwordHash, must_change_password: true };
  try {
    const { insertId } = await trx.insertInto('user').values(values).executeTakeFirstOrThrow();
    const target = { id: Number(insertId), name: username };
    await recordAuditEvent(trx, { action: 'account.created', userId: actorId, target, details: { role } });
    return target.id;
  } catch (error) {
    if (isDuplicateKey(error)) throw new UsernameTakenError();
    throw error;
  }
}

export type AccountChange =
  | { action: 'account.roleChanged'; role: Role }
  | { action: 'account.passwordReset'; passwordHash: string }
  | { action: 'account.disabled' | 'account.enabled' };

/** Also ends all of the user's sessions. @throws UserNotFoundError, OwnAccountError, NotAdministratorError */
export async function changeAccount(
  trx: Transaction<Directory>,
  id: number,
  change: AccountChange,
  actorId: number,
): Promise<Pick<UserAccount, 'id' | 'username'>> {
  if (id === actorId) throw new OwnAccountError();
  await lockAdministrators(trx, actorId);
  const before = await findAccount(trx, id);
  if (!before) throw new UserNotFoundError();
  await trx.updateTable('user').set(columnsOf(change)).where('id', '=', id).execute();
  await trx.deleteFrom('session').where('user_id', '=', id).execute();
  const details =
    change.action === 'account.roleChanged' ? { from: before.role, to: change.role } : undefined;
  const event = { action: change.action satisfies AuditAction, userId: actorId };
  await recordAuditEvent(trx, {
    ...event,
    target: { id, name: before.username },
    ...(details && { details }),
  });
  return { id, username: before.username };
}

function columnsOf(change: AccountChange) {
  switch (change.action) {
    case 'account.roleChanged':
      return { role: change.role };
    case 'account.passwordReset':
      return { password_hash: change.passwordHash, must_change_password: true };
    case 'account.disabled':
      return { disabled_at: sql<Date>`CURRENT_TIMESTAMP(3)` };
    case 'account.enabled':
      return { disabled_at: null };
  }
}

/** Serializes changes by administrators: of two who disable each other, the second is refused. */
async function lockAdministrators(trx: Transaction<Directory>, actorId: number): Promise<void> {
  const administrators = await trx
    .selectFrom('user')
    .select('id')
    .where('role', '=', 'administrator')
    .where('disabled_at', 'is', null)
    .orderBy('id')
    .forUpdate()
    .execute();
  if (!administrators.some(({ id }) => id === actorId)) throw new NotAdministratorError();
}
