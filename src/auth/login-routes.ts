import { Router, type ErrorRequestHandler, type RequestHandler, type Response } from 'express';
import { z } from 'zod';
import { recordAuditEvent } from '../audit/audit-trail.ts';
import type { Databases } from '../database/databases.ts';
import type { User } from '../database/tables.ts';
import { isDomainError } from '../errors/domain-error.ts';
import { cookieName } from '../http/cookies.ts';
import { localPath } from '../http/local-path.ts';
import { endSession, SESSION_COOKIE } from './session.ts';
import { failedLogIns } from '../telemetry/metrics.ts';
import { signIn } from './sign-in.ts';
import { TooManyAttemptsError, withinLoginLimits } from './login-limits.ts';
import { verifyPassword } from './password.ts';
import { findUserByName } from './user-queries.ts';

const credentials = z.object({
  username: z.string().trim().max(200).catch(''),
  password: z.string().max(1000).catch(''),
  return: z.string().catch('/products'),
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

/** The form of an older tab leads on, before its token is checked: that one was made for nobody. */
export const leadOn: RequestHandler = (req, res, next) => {
  if (!req.principal || req.method !== 'POST' || req.path !== '/login') return next();
  const { username, return: target } = credentials.parse(req.body ?? {});
  const returnTo = localPath(target);
  const isSame = username.localeCompare(req.principal.username, 'es', { sensitivity: 'base' }) === 0;
  if (isSame) return res.redirect(303, returnTo);
  const { username: name } = req.principal;
  showForm(res.status(409), { username, returnTo, error: req.t('login.other', { name }) });
};

/** The page of the log-in had expired: the form with a new token. */
export const reopenForm: ErrorRequestHandler = (error: unknown, req, res, next) => {
  const isExpired = isDomainError(error) && error.textKey === 'errors.csrf';
  if (!isExpired || req.path !== '/login') return next(error);
  const { username, return: target } = credentials.parse(req.body ?? {});
  showForm(res.status(error.status), { username, returnTo: localPath(target), error: req.t('login.again') });
};

export function loginRoutes(databases: Databases): Router {
  const router = Router();

  router.get('/login', (req, res) => {
    const returnTo = localPath(req.query.return);
    if (req.principal) return res.redirect(303, returnTo);
    const notice = req.query.ended ? req.t('login.ended') : undefined;
    showForm(res, { username: '', returnTo, notice });
  });

  router.post('/login', async (req, res) => {
    const { username, password, return: target } = credentials.parse(req.body ?? {});
    const returnTo = localPath(target);
    const user = await databases.directory.transact((db) => findUserByName(db, username));
    const attempt = { username, userId: user?.id, address: req.ip ?? '' };
    try {
      const isRight = await withinLoginLimits(databases.directory, attempt, () =>
        verifyPassword(password, user?.password_hash),
      );
      if (user && isRight && (await signIn(req, databases, user))) {
        await databases.directory.transact((db) =>
          recordAuditEvent(db, { action: 'session.started', userId: user.id }),
        );
        return res.redirect(303, returnTo);
      }
      failedLogIns.inc();
      await record('session.refused', user, username);
      showForm(res.status(422), { username, returnTo, error: req.t('login.wrong') });
    } catch (error) {
      if (!(error instanceof TooManyAttemptsError)) throw error;
      failedLogIns.inc();
      if (error.isFirst) await record('session.limited', user, username);
      const minutes = Math.ceil(error.retryAfterSeconds / 60);
      res.status(429).set('Retry-After', String(error.retryAfterSeconds));
      showForm(res, { username, returnTo, error: req.t('login.limited', { count: minutes }) });
    }
  });

  router.post('/logout', async (req, res) => {
    await endSession(req);
    await databases.directory.transact((db) =>
      recordAuditEvent(db, { action: 'session.ended', userId: req.principal?.id }),
    );
    res.clearCookie(cookieName(req, SESSION_COOKIE), { secure: req.secure });
    res.redirect(303, '/login');
  });

  async function record(
    action: 'session.refused' | 'session.limited',
    user: User | undefined,
    typed: string,
  ): Promise<void> {
    // A password typed into the username field must not be stored.
    const name = user?.username ?? (/^[\p{L}\d._-]{1,50}$/u.test(typed) ? typed : '…');
    await databases.directory.transact((db) =>
      recordAuditEvent(db, { action, userId: user?.id, target: { name } }),
    );
  }

  return router;
}
