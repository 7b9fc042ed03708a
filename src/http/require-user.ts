import type { RequestHandler } from 'express';
import { HttpError } from './http-error.ts';
import { localPath } from './local-path.ts';
import { wantsJson } from './error-handler.ts';

/** Lets only people pass who are signed in, and to nothing but /password while theirs is one-time. */
export const requireUser: RequestHandler = (req, res, next) => {
  if (!req.user) {
    if (wantsJson(req)) throw new HttpError(401, 'errors.notSignedIn');
    // A form leads back to the page it was on, where the browser has kept what was typed.
    const { page } = (req.body ?? {}) as { page?: unknown };
    const target = req.method === 'GET' ? req.originalUrl : localPath(page);
    return res.redirect(303, `/login?return=${encodeURIComponent(target)}`);
  }
  if (req.user.mustChangePassword && req.path !== '/password' && req.path !== '/logout') {
    if (wantsJson(req)) throw new HttpError(403, 'errors.passwordChangeNeeded');
    return res.redirect(303, '/password');
  }
  next();
};

/**
 * Comes before the check of a form's token, which belongs to a session: with that ended, the answer is
 * to log in again. Logging in itself needs no session.
 */
export const requireUserToWrite: RequestHandler = (req, res, next) => {
  const isWrite = !['GET', 'HEAD', 'OPTIONS'].includes(req.method);
  if (!isWrite || req.user || req.path === '/login') return next();
  return requireUser(req, res, next);
};
