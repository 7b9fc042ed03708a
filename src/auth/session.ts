import { randomUUID } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import expressSession from 'express-session';
import type { WebConfig } from '../config/config.ts';
import type { Databases } from '../database/databases.ts';
import type { User } from '../database/tables.ts';
import { fingerprint } from './password.ts';
import type { ReadingSession, ReadingSessions } from './reading-session.ts';
import { MysqlSessionStore } from './session-store.ts';

export const SESSION_COOKIE = 'inventario.sid';

export function session(config: WebConfig, databases: Databases, reading: ReadingSessions): RequestHandler[] {
  const store = new MysqlSessionStore(databases);
  const sessionIn = (name: string) =>
    expressSession({
      name,
      secret: config.SESSION_SECRET,
      store,
      // randomUUID uses cached entropy; randomBytes would make a system call per request without a session.
      genid: () => randomUUID() + randomUUID(),
      resave: false,
      saveUninitialized: false,
      rolling: true,
      cookie: {
        httpOnly: true,
        sameSite: 'lax',
        secure: 'auto',
        maxAge: config.SESSION_IDLE_MINUTES * 60_000,
      },
    });
  const overTls = sessionIn(`__Host-${SESSION_COOKIE}`);
  const overHttp = sessionIn(SESSION_COOKIE);
  return [
    (req, res, next) => (req.secure ? overTls : overHttp)(req, res, next),
    (req, res, next) => {
      const { signedInAt = 0 } = req.session;
      const isOver = Date.now() - signedInAt > config.SESSION_MAX_HOURS * 3600_000;
      req.principal = isOver ? undefined : store.userOf(req.session);
      res.locals.user = req.principal;
      next();
    },
    async (req, res, next) => {
      if (!reading.isPresent(req)) return next();
      if (!req.principal && reading.isOffered()) {
        req.reading = await reading.find(req);
        req.principal = res.locals.user = req.reading?.user;
      } else {
        req.hasReadingEnded = req.principal === undefined;
        reading.end(req, res);
      }
      next();
    },
  ];
}

export type SignedInUser = Pick<User, 'id' | 'password_hash' | 'must_change_password'>;

const FRESH_MS = 15 * 60_000;

/** Whether this session has just begun with a one-time password, which need not be typed again to be replaced. */
export function isFresh(req: Request): boolean {
  const { oneTimePassword, signedInAt = 0 } = req.session;
  const mustChange = req.principal?.mustChangePassword === true;
  return mustChange && oneTimePassword !== undefined && Date.now() - signedInAt < FRESH_MS;
}

/** The same, and the password is still that one: another one may have been given since the session was read. */
export function hasProven(req: Request, user: User): boolean {
  return isFresh(req) && req.session.oneTimePassword === fingerprint(user.password_hash);
}

/** Regenerates the session id, which prevents session fixation. */
export async function startSession(
  req: Request,
  { id, password_hash, must_change_password }: SignedInUser,
): Promise<void> {
  await finish((done) => req.session.regenerate(done));
  req.session.userId = id;
  if (must_change_password) req.session.oneTimePassword = fingerprint(password_hash);
  req.session.signedInAt = Date.now();
  await save(req);
}

/** Saves before the response starts: NGINX cannot retry a response that is cut off while express-session saves. */
async function save(req: Request): Promise<void> {
  await finish((done) => req.session.save(done));
}

export async function endSession(req: Request): Promise<void> {
  await finish((done) => req.session.regenerate(done));
}

function finish(start: (done: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    start((error) => (error ? reject(error) : resolve()));
  });
}

declare module 'express-serve-static-core' {
  interface Request {
    reading?: ReadingSession | undefined;
    hasReadingEnded?: boolean;
  }
}

declare module 'express-session' {
  interface SessionData {
    userId?: number;
    signedInAt?: number;
    /** Fingerprint of the one-time password that it began with. */
    oneTimePassword?: string;
  }
}
