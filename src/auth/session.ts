import type { Request, RequestHandler } from 'express';
import expressSession from 'express-session';
import type { WebConfig } from '../config/config.ts';
import type { Databases } from '../database/databases.ts';
import { MysqlSessionStore } from './session-store.ts';

export const SESSION_COOKIE = 'inventario.sid';

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

/** Regenerates the session id, which prevents session fixation. */
export async function startSession(req: Request, userId: number): Promise<void> {
  await finish((done) => req.session.regenerate(done));
  req.session.userId = userId;
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

declare module 'express-session' {
  interface SessionData {
    userId?: number;
    signedInAt?: number;
  }
}
