import { Router } from 'express';
import { z } from 'zod';
import { recordAuditEvent } from '../audit/audit-trail.ts';
import type { Databases } from '../database/databases.ts';
import type { User } from '../database/tables.ts';
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

export function loginRoutes(databases: Databases): Router {
  const router = Router();

  router.get('/login', (req, res) => {
    if (req.principal) return res.redirect(303, localPath(req.query.return));
    res.render('auth/login', { username: '', returnTo: localPath(req.query.return), error: undefined });
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
      res.status(422).render('auth/login', { username, returnTo, error: req.t('login.wrong') });
    } catch (error) {
      if (!(error instanceof TooManyAttemptsError)) throw error;
      failedLogIns.inc();
      if (error.isFirst) await record('session.limited', user, username);
      const minutes = Math.ceil(error.retryAfterSeconds / 60);
      res.status(429).set('Retry-After', String(error.retryAfterSeconds));
      res.render('auth/login', { username, returnTo, error: req.t('login.limited', { count: minutes }) });
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
