import { createHash, randomBytes } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import { networkOf } from '../auth/network.ts';
import { QUICK_CHANGE_MS } from '../database/database-group.ts';
import type { Databases } from '../database/databases.ts';
import type { CustomerRow } from '../database/tables.ts';
import { cookieName } from '../http/cookies.ts';
import { optionsFor } from '../http/flash.ts';
import {
  deleteSession,
  extendSession,
  findSession,
  insertSession,
  MAX_DAYS,
  visitor,
} from './customer-session-queries.ts';

const COOKIE = 'inventario.shop';
const CSRF_COOKIE = 'inventario.shop-csrf';
const MAX_MS = MAX_DAYS * 24 * 3600_000;

/** For `csrf`: visitors have no session, so they get no cookie. */
export const CUSTOMER_TOKENS = {
  cookie: CSRF_COOKIE,
  sessionOf: ({ customer }: Request) => customer.session?.toString('hex'),
};

/** Sets `req.customer`. Only a request with the cookie asks the database. */
export function customerSession({ directory }: Databases): RequestHandler {
  return async (req, res, next) => {
    const id = sessionIdOf(req);
    const found = id && (await directory.readPrimary((db) => findSession(db, id)));
    req.customer = found?.customer ?? visitor();
    res.locals.customer = found?.customer;
    if (found?.isToBeExtended) {
      // Not waited for: the page must not fail because of it.
      directory
        .transact((trx) => extendSession(trx, id!), { limitMs: QUICK_CHANGE_MS })
        .catch(() => undefined);
    }
    next();
  };
}

/** With a new id, which prevents session fixation. @returns false if the password has changed since it was compared */
export async function startCustomerSession(
  req: Request,
  res: Response,
  { directory }: Databases,
  customer: Pick<CustomerRow, 'id' | 'password_hash'>,
): Promise<boolean> {
  const value = randomBytes(32).toString('base64url');
  const session = { customer, network: networkOf(req.ip ?? ''), earlier: req.customer.session };
  if (!(await directory.transact((trx) => insertSession(trx, digest(value), session)))) return false;
  res.cookie(cookieName(req, COOKIE), value, { ...optionsFor(req), maxAge: MAX_MS });
  return true;
}

export async function endCustomerSession(
  req: Request,
  res: Response,
  { directory }: Databases,
): Promise<void> {
  const { session } = req.customer;
  if (session) await directory.transact((trx) => deleteSession(trx, session));
  for (const name of [COOKIE, CSRF_COOKIE]) res.clearCookie(cookieName(req, name), optionsFor(req));
}

function sessionIdOf(req: Request): Buffer | undefined {
  const value = (req.cookies as Record<string, unknown>)[cookieName(req, COOKIE)];
  return typeof value === 'string' && /^[\w-]{43}$/.test(value) ? digest(value) : undefined;
}

function digest(value: string): Buffer {
  return createHash('sha256').update(value).digest();
}
