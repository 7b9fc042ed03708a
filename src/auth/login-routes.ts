import { Router, type ErrorRequestHandler, type Request, type RequestHandler, type Response } from 'express';
import { z } from 'zod';
import { recordAuditEvent, type NewAuditEvent } from '../audit/audit-trail.ts';
import { isAway } from '../database/away.ts';
import type { Databases } from '../database/databases.ts';
import type { User } from '../database/tables.ts';
import { isDomainError } from '../errors/domain-error.ts';
import { cookieName } from '../http/cookies.ts';
import { localPath } from '../http/local-path.ts';
import { endSession, SESSION_COOKIE } from './session.ts';
import { failedLogIns } from '../telemetry/metrics.ts';
import { signIn } from './sign-in.ts';
import { TooManyAttemptsError, withinLoginLimits } from './login-limits.ts';
import type { LoginQueue } from './login-queue.ts';
import { verifyPassword } from './password.ts';
import { ReadingLimits } from './reading-limits.ts';
import { mayRead, type ReadingSessions } from './reading-session.ts';
import { findUserByName } from './user-queries.ts';

const HOME = '/';
const credentials = z.object({
  username: z.string().trim().max(200).catch(''),
  password: z.string().max(1000).catch(''),
  return: z.string().catch(HOME),
});

interface LoginForm {
  username: string;
  returnTo: string;
  error?: string;
  notice?: string | undefined;
}

function showForm(res: Response, form: LoginForm): void {
  res.render('auth/login', { error: undefined, notice: undefined, ...form });
}

/** The form of an older tab leads on before its token is checked, as that was made while signed out. */
export const leadOn: RequestHandler = (req, res, next) => {
  if (!req.principal || req.method !== 'POST' || req.path !== '/login') return next();
  const { username, return: target } = credentials.parse(req.body ?? {});
  const returnTo = localPath(target, HOME);
  const isSame = username.localeCompare(req.principal.username, 'es', { sensitivity: 'base' }) === 0;
  if (isSame) return res.redirect(303, returnTo);
  const { username: name } = req.principal;
  showForm(res.status(409), { username, returnTo, error: req.t('login.other', { name }) });
};

export const reopenForm: ErrorRequestHandler = (error: unknown, req, res, next) => {
  const isExpired = isDomainError(error) && error.textKey === 'errors.csrf';
  if (!isExpired || req.path !== '/login') return next(error);
  const { username, return: target } = credentials.parse(req.body ?? {});
  showForm(res.status(error.status), {
    username,
    returnTo: localPath(target, HOME),
    error: req.t('login.again'),
  });
};

export function loginRoutes(databases: Databases, reading: ReadingSessions, queue: LoginQueue): Router {
  const router = Router();
  const readingLimits = new ReadingLimits(databases.directory);

  router.get('/login', (req, res) => {
    const returnTo = localPath(req.query.return, HOME);
    if (req.principal) return res.redirect(303, returnTo);
    showForm(res, { username: '', returnTo, notice: noticeFor(req) });
  });

  router.post('/login', async (req, res) => {
    const { username, password, return: target } = credentials.parse(req.body ?? {});
    const form = { username, returnTo: localPath(target, HOME) };
    try {
      const outcome = await queue.run(async () =>
        res.closed ? 'left' : attempt(req, res, username, password),
      );
      if (outcome === 'left') return;
      if (outcome === 'done') return res.redirect(303, form.returnTo);
      failedLogIns.inc();
      showForm(res.status(422), { ...form, error: req.t(`login.${outcome}`) });
    } catch (error) {
      if (isAway(error)) {
        res.status(503).set('Retry-After', '5');
        return showForm(res, { ...form, error: req.t('login.away') });
      }
      if (!isDomainError(error) || error.retryAfterSeconds === undefined) throw error;
      if (error instanceof TooManyAttemptsError) failedLogIns.inc();
      res.status(error.status).set('Retry-After', String(error.retryAfterSeconds));
      showForm(res, { ...form, error: req.t(error.textKey, error.values) });
    }
  });

  async function attempt(req: Request, res: Response, username: string, password: string) {
    try {
      return await logIn(req, username, password);
    } catch (error) {
      // Sessions and counts are rows, so they have to wait for the primary; reading need not.
      if (!isAway(error) || !reading.isOffered()) throw error;
      return logInForReading(req, res, username, password);
    }
  }

  async function logIn(req: Request, username: string, password: string): Promise<'done' | 'wrong'> {
    const { directory } = databases;
    const user = await directory.transact((db) => findUserByName(db, username));
    const attempt = { username, userId: user?.id, address: req.ip ?? '' };
    const record = (event: NewAuditEvent) => directory.transact((db) => recordAuditEvent(db, event));
    try {
      const isRight = await withinLoginLimits(directory, attempt, () =>
        verifyPassword(password, user?.password_hash),
      );
      if (user && isRight && (await signIn(req, databases, user))) {
        await record({ action: 'session.started', userId: user.id });
        return 'done';
      }
      await record({ action: 'session.refused', userId: user?.id, target: nameOf(user, username) });
      return 'wrong';
    } catch (error) {
      if (error instanceof TooManyAttemptsError && error.isFirst)
        await record({ action: 'session.limited', userId: user?.id, target: nameOf(user, username) });
      throw error;
    }
  }

  async function logInForReading(
    req: Request,
    res: Response,
    typed: string,
    password: string,
  ): Promise<'done' | 'wrong' | 'oneTimeLater'> {
    const user = await databases.directory.readPrimary((db) => findUserByName(db, typed));
    const username = user?.username ?? typed.toLowerCase();
    const attempt = { username, userId: user?.id, address: req.ip ?? '' };
    const isRight = await readingLimits.within(attempt, () => verifyPassword(password, user?.password_hash));
    if (user && isRight && mayRead(user)) {
      reading.start(req, res, user);
      readingLimits.audit({ action: 'session.reading', userId: user.id });
      return 'done';
    }
    readingLimits.audit({ action: 'session.refused', userId: user?.id, target: nameOf(user, typed) });
    return user && isRight && !user.disabled_at ? 'oneTimeLater' : 'wrong';
  }

  function noticeFor(req: Request): string | undefined {
    if (reading.isOffered()) return req.t('login.forReading');
    if (req.query.ended === 'reading') return req.t('login.savingAgain');
    return req.query.ended ? req.t('login.ended') : undefined;
  }

  router.post('/logout', async (req, res) => {
    if (req.reading) {
      reading.end(req, res);
      return res.redirect(303, '/login');
    }
    await endSession(req);
    await databases.directory.transact((db) =>
      recordAuditEvent(db, { action: 'session.ended', userId: req.principal?.id }),
    );
    res.clearCookie(cookieName(req, SESSION_COOKIE), { secure: req.secure });
    res.redirect(303, '/login');
  });

  return router;
}

/** A password typed into the username field must not be stored. */
function nameOf(user: User | undefined, typed: string): { name: string } {
  return { name: user?.username ?? (/^[\p{L}\d._-]{1,50}$/u.test(typed) ? typed : '…') };
}
