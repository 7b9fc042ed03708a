import { randomFillSync } from 'node:crypto';
import { doubleCsrf } from 'csrf-csrf';
import type { Request, RequestHandler } from 'express';
import type { WebConfig } from '../config/config.ts';
import { HttpError } from '../http/http-error.ts';

const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];

export interface TokenOptions {
  cookie: string;
  /** The session that a token is bound to. Undefined: no cookie, no token; the browser must name our page instead. */
  sessionOf: (req: Request) => string | undefined;
}

const OF_STAFF: TokenOptions = {
  cookie: 'inventario.csrf',
  sessionOf: (req) => (req.principal ? (req.reading?.id ?? req.sessionID) : 'nobody'),
};

/** An unsafe request must come from one of our pages (Sec-Fetch-Site, else Origin) and carry its token. */
export function csrf(
  config: WebConfig,
  { cookie, sessionOf }: TokenOptions = OF_STAFF,
): { offerToken: RequestHandler; checkToken: RequestHandler } {
  const tokensIn = (cookieName: string, secure: boolean) => ({
    cookieName,
    ...doubleCsrf({
      getSecret: () => config.SESSION_SECRET,
      getSessionIdentifier: (req) => sessionOf(req) ?? '',
      cookieName,
      cookieOptions: { sameSite: 'lax', secure, httpOnly: true, path: '/' },
      getCsrfTokenFromRequest: (req: Request) => {
        const body = req.body as { _csrf?: unknown } | undefined;
        return unmask(typeof body?._csrf === 'string' ? body._csrf : req.get('x-csrf-token'));
      },
    }),
  });
  const overTls = tokensIn(`__Host-${cookie}`, true);
  const overHttp = tokensIn(cookie, false);
  const tokensOf = (req: Request) => (req.secure ? overTls : overHttp);
  return {
    offerToken: (req, res, next) => {
      const { cookieName, generateCsrfToken } = tokensOf(req);
      dropUnlessText(req, cookieName);
      // One token per page: generating another replaces the cookie that the first one must match.
      let token = sessionOf(req) === undefined ? '' : undefined;
      res.locals.csrfToken = () => (token ??= mask(generateCsrfToken(req, res)));
      if (SAFE_METHODS.includes(req.method)) return next();
      if (!comesFromOurPage(req)) throw new HttpError(403, 'errors.csrf');
      next();
    },
    checkToken: (req, res, next) => {
      if (sessionOf(req) === undefined) {
        if (SAFE_METHODS.includes(req.method) || namesOurPage(req)) return next();
        throw new HttpError(403, 'errors.csrf');
      }
      tokensOf(req).doubleCsrfProtection(req, res, (error?: unknown) => {
        next(error ? new HttpError(403, 'errors.csrf') : undefined);
      });
    },
  };
}

/** Different on every page, so that the sizes of compressed pages tell nothing about it (docs/decisions/compression.md). */
function mask(token: string): string {
  const bytes = Buffer.from(token);
  const pad = takeRandom(bytes.length);
  return Buffer.concat([pad, combine(bytes, pad)]).toString('base64url');
}

const pool = { bytes: Buffer.alloc(8192), used: 8192 };

/** Filled in advance, because each filling is a system call. Use them before the next call. */
function takeRandom(length: number): Buffer {
  if (pool.used + length > pool.bytes.length) {
    randomFillSync(pool.bytes);
    pool.used = 0;
  }
  return pool.bytes.subarray(pool.used, (pool.used += length));
}

/** A token that is not masked, such as from a page of an earlier version, contains a dot. */
function unmask(sent: string | undefined): string | undefined {
  if (!sent || sent.includes('.')) return sent;
  const bytes = Buffer.from(sent, 'base64url');
  const half = bytes.length / 2;
  return Number.isInteger(half)
    ? combine(bytes.subarray(half), bytes.subarray(0, half)).toString()
    : undefined;
}

function combine(bytes: Buffer, pad: Buffer): Buffer {
  return Buffer.from(bytes.map((byte, index) => byte ^ pad[index]!));
}

/** cookie-parser turns a value starting with `j:` into an object, which csrf-csrf would treat as a string. */
function dropUnlessText(req: Request, name: string): void {
  const cookies = req.cookies as Record<string, unknown>;
  if (typeof cookies[name] !== 'string') req.cookies = { ...cookies, [name]: '' };
}

/** All browsers since 2020 do so when they send a form. */
function namesOurPage(req: Request): boolean {
  const isNamed = req.get('sec-fetch-site') !== undefined || req.get('origin') !== undefined;
  return isNamed && comesFromOurPage(req);
}

function comesFromOurPage(req: Request): boolean {
  const site = req.get('sec-fetch-site');
  if (site) return site === 'same-origin' || site === 'none';
  const origin = req.get('origin');
  // Non-browser clients send neither header, and have no cookies to abuse.
  return !origin || URL.parse(origin)?.host === req.get('host');
}
