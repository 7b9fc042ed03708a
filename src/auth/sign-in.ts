import type { Request } from 'express';
import type { Databases } from '../database/databases.ts';
import { endSession, startSession, type SignedInUser } from './session.ts';
import { findUser } from './user-queries.ts';

/** @returns false if the user was disabled or got another password while the session started */
export async function signIn(req: Request, databases: Databases, user: SignedInUser): Promise<boolean> {
  await startSession(req, user);
  // Both end existing sessions, but can miss one that starts at the same moment.
  const now = await databases.directory.transact((db) => findUser(db, user.id));
  if (now?.password_hash === user.password_hash && !now.disabled_at) return true;
  await endSession(req);
  return false;
}
