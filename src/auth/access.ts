import { Router, type Request, type RequestHandler, type Response } from 'express';
import type { SignedInUser } from './user-queries.ts';
import { wantsJson } from '../http/error-handler.ts';
import { HttpError } from '../http/http-error.ts';
import { localPath } from '../http/local-path.ts';
import { LEVELS, ROUTE_ACCESS, type Level, type RouteName } from './route-access.ts';

/** Lets each request pass whose sender the table of routes admits; a route that is not there admits nobody. */
export function access(): RequestHandler[] {
  const listed = new WeakSet<Request>();
  // Express's own router finds the lines that fit, in the same way as it finds the handlers later.
  const table = Router();
  for (const [name, least] of Object.entries(ROUTE_ACCESS)) {
    const [method, path] = name.split(' ') as ['GET' | 'POST' | 'PATCH', string];
    const verb = method.toLowerCase() as 'get' | 'post' | 'patch';
    table[verb](path, (req, res, next) => {
      listed.add(req);
      if (isAdmitted(req.user, least)) next();
      else refuse(req, res);
    });
  }
  return [
    (req, res, next) => {
      res.locals.may = (route: RouteName) => isAdmitted(req.user, ROUTE_ACCESS[route]);
      next();
    },
    // Wrapped, so that the table does not count as routes of the application.
    (req, res, next) => table(req, res, next),
    (req, res, next) => {
      if (listed.has(req)) return next();
      if (!isAdmitted(req.user, 'viewer')) return refuse(req, res);
      throw new HttpError(404, 'errors.notFound');
    },
  ];
}

function isAdmitted(user: SignedInUser | undefined, least: Level): boolean {
  return LEVELS.indexOf(levelOf(user)) >= LEVELS.indexOf(least);
}

function levelOf(user: SignedInUser | undefined): Level {
  if (!user) return 'everybody';
  return user.mustChangePassword ? 'newcomer' : user.role;
}

/** Leads to where the person can do something about it, and tells programs what is missing. */
function refuse(req: Request, res: Response): void {
  if (!req.user) {
    if (wantsJson(req)) throw new HttpError(401, 'errors.notSignedIn');
    // A form leads back to the page it was on, where the browser has kept what was typed.
    const { page } = (req.body ?? {}) as { page?: unknown };
    const target = req.method === 'GET' ? req.originalUrl : localPath(page);
    return res.redirect(303, `/login?return=${encodeURIComponent(target)}`);
  }
  if (!req.user.mustChangePassword) throw new HttpError(403, 'errors.notAllowed');
  if (wantsJson(req)) throw new HttpError(403, 'errors.passwordChangeNeeded');
  res.redirect(303, '/password');
}
