import type { Request } from 'express';
import type { Databases } from '../database/databases.ts';
import type { User } from '../database/tables.ts';
import { endSession, startSession } from './session.ts';
import { findUser } from './user-queries.ts';

/**
 * Signs the user in whose password was just compared with `password_hash`, or set to it.
 *
 * @returns false when meanwhile the user was disabled or got another password. Whoever does that ends the
 *   sessions there are, so one that began at the same moment looks again.
 */
export async function signIn(
  req: Request,
  databases: Databases,
  user: Pick<User, 'id' | 'password_hash'>,
): Promise<boolean> {
  await startSession(req, user.id);
  const now = await databases.directory.transact((db) => findUser(db, user.id));
  if (now?.password_hash === user.password_hash && !now.disabled_at) return true;
  await endSession(req);
  return false;
}
