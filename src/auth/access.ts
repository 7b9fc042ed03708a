import { Router, type Request, type RequestHandler, type Response } from 'express';
import { wantsJson } from '../http/error-handler.ts';
import { HttpError } from '../http/http-error.ts';
import { pageOf } from '../http/local-path.ts';
import type { Permission } from './permissions.ts';
import type { Principal } from './principal.ts';
import { ROUTE_PERMISSIONS, type RouteName } from './route-permissions.ts';

/** For views: `may('GET /users')`. */
export const offerAccess: RequestHandler = (req, res, next) => {
  res.locals.may = (route: RouteName) => isAdmitted(req.principal, ROUTE_PERMISSIONS[route]);
  next();
};

export function access(): RequestHandler[] {
  const listed = new WeakSet<Request>();
  // Express matches the table exactly as it later matches the handlers.
  const table = Router();
  for (const [name, needed] of Object.entries(ROUTE_PERMISSIONS)) {
    const [method, path] = name.split(' ') as ['GET' | 'POST' | 'PATCH', string];
    const verb = method.toLowerCase() as 'get' | 'post' | 'patch';
    table[verb](path, (req, res, next) => {
      listed.add(req);
      if (isAdmitted(req.principal, needed)) next();
      else refuse(req, res);
    });
  }
  return [
    offerAccess,
    // Wrapped, so that the table's routes are not listed as the application's.
    (req, res, next) => table(req, res, next),
    (req, res, next) => {
      if (listed.has(req)) return next();
      // Others are refused as for any page, so they cannot probe which addresses exist.
      if (!isAdmitted(req.principal, ROUTE_PERMISSIONS['GET /'])) return refuse(req, res);
      throw new HttpError(404, 'errors.notFound');
    },
  ];
}

export function isAdmitted(principal: Principal | undefined, needed: Permission | 'public'): boolean {
  return needed === 'public' || (principal?.permissions.has(needed) ?? false);
}

function refuse(req: Request, res: Response): void {
  if (!req.principal) {
    if (wantsJson(req)) throw new HttpError(401, 'errors.notSignedIn');
    // A form comes from a page that was made while signed in.
    const ended = req.hasReadingEnded ? '&ended=reading' : req.method === 'POST' ? '&ended=1' : '';
    return res.redirect(303, `/login?return=${encodeURIComponent(pageOf(req))}${ended}`);
  }
  if (req.reading) throw new HttpError(403, 'errors.readingSession');
  if (!req.principal.mustChangePassword) throw new HttpError(403, 'errors.notAllowed');
  if (wantsJson(req)) throw new HttpError(403, 'errors.passwordChangeNeeded');
  res.redirect(303, '/password');
}
