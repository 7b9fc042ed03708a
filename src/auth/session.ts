import type { Request, RequestHandler } from 'express';
import expressSession from 'express-session';
import type { WebConfig } from '../config/config.ts';
import type { Databases } from '../database/databases.ts';
import { MysqlSessionStore } from './session-store.ts';

export const SESSION_COOKIE = 'inventario.sid';

/** Sessions on the primary, so that any instance serves any request; finds out who is asking. */
export function session(config: WebConfig, databases: Databases): RequestHandler[] {
  const store = new MysqlSessionStore(databases);
  const sessionIn = (name: string) =>
    expressSession({
      name,
      secret: config.SESSION_SECRET,
      store,
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
  ];
}

/** A new session id, so that one known from before the log-in opens nothing. */
export async function startSession(req: Request, userId: number): Promise<void> {
  await finish((done) => req.session.regenerate(done));
  req.session.userId = userId;
  req.session.signedInAt = Date.now();
  await save(req);
}

/**
 * Saves the session before the response begins: express-session would hold back the last byte for it, and
 * an instance that dies then leaves an answer that is cut off, which NGINX cannot ask for again.
 */
async function save(req: Request): Promise<void> {
  await finish((done) => req.session.save(done));
}

/** Leaves an empty session, so that a page can still be shown; it is not kept. */
export async function endSession(req: Request): Promise<void> {
  await finish((done) => req.session.regenerate(done));
}

function finish(start: (done: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    start((error) => (error ? reject(error) : resolve()));
  });
}

declare module 'express-session' {
  interface SessionData {
    userId?: number;
    /** Milliseconds since 1970. */
    signedInAt?: number;
  }
}
