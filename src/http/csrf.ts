import { doubleCsrf } from 'csrf-csrf';
import type { Request, RequestHandler } from 'express';
import type { WebConfig } from '../config.ts';
import { HttpError } from './http-error.ts';

const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];

/**
 * An unsafe request must come from a page of ours (Sec-Fetch-Site, else Origin) and carry the token
 * of that page: `_csrf` in a form, `X-CSRF-Token` from a script. Log-in and log-out are no exception.
 */
export function csrf(config: WebConfig): { offerToken: RequestHandler; checkToken: RequestHandler } {
  const { doubleCsrfProtection, generateCsrfToken } = doubleCsrf({
    getSecret: () => config.SESSION_SECRET,
    getSessionIdentifier: (req) => (req.user ? req.sessionID : 'nobody'),
    cookieName: 'inventario.csrf',
    cookieOptions: { sameSite: 'lax', secure: false, httpOnly: true, path: '/' },
    getCsrfTokenFromRequest: (req: Request) => {
      const body = req.body as { _csrf?: unknown } | undefined;
      return typeof body?._csrf === 'string' ? body._csrf : req.get('x-csrf-token');
    },
  });
  return {
    offerToken: (req, res, next) => {
      // One token for all forms of a page: each new one replaces the cookie that the last one matches.
      let token: string | undefined;
      res.locals.csrfToken = () => (token ??= generateCsrfToken(req, res));
      if (SAFE_METHODS.includes(req.method)) return next();
      if (!comesFromOurPage(req)) throw new HttpError(403, 'errors.csrf');
      next();
    },
    checkToken: (req, res, next) => {
      doubleCsrfProtection(req, res, (error?: unknown) => {
        next(error ? new HttpError(403, 'errors.csrf') : undefined);
      });
    },
  };
}

function comesFromOurPage(req: Request): boolean {
  const site = req.get('sec-fetch-site');
  if (site) return site === 'same-origin' || site === 'none';
  const origin = req.get('origin');
  // Programs send neither; they have no cookies that another site could use.
  return !origin || URL.parse(origin)?.host === req.get('host');
}
