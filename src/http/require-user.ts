import type { RequestHandler } from 'express';
import { HttpError } from './http-error.ts';
import { wantsJson } from './error-handler.ts';

/** Lets only people pass who are signed in, and to nothing but /password while theirs is one-time. */
export const requireUser: RequestHandler = (req, res, next) => {
  if (!req.user) {
    if (wantsJson(req)) throw new HttpError(401, 'errors.notSignedIn');
    const target = req.method === 'GET' ? req.originalUrl : '/products';
    return res.redirect(303, `/login?return=${encodeURIComponent(target)}`);
  }
  if (req.user.mustChangePassword && req.path !== '/password' && req.path !== '/logout') {
    if (wantsJson(req)) throw new HttpError(403, 'errors.passwordChangeNeeded');
    return res.redirect(303, '/password');
  }
  next();
};
