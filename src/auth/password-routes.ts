import { Router } from 'express';
import { z } from 'zod';
import type { Databases } from '../database/databases.ts';
import { readForm } from '../http/forms.ts';
import { HttpError } from '../http/http-error.ts';
import { leaveFlash } from '../http/flash.ts';
import { signIn } from './sign-in.ts';
import { TooManyAttemptsError, withinLoginLimits } from './login-limits.ts';
import { chosenPassword, isGuessable } from './password-rules.ts';
import { hashPassword, verifyPassword } from './password.ts';
import { changePassword, findUser, PasswordReplacedError } from './user-queries.ts';

const passwordForm = z
  .object({
    current: z.string().max(1000).default(''),
    password: chosenPassword,
    repeated: z.string().default(''),
  })
  .refine(({ password, repeated }) => password === repeated, {
    path: ['repeated'],
    error: 'password.different',
  })
  .refine(({ password, current }) => password !== current, {
    path: ['password'],
    error: 'password.same',
  });

export function passwordRoutes(databases: Databases): Router {
  const router = Router();

  router.get('/password', (_req, res) => {
    res.render('auth/password', { errors: {} });
  });

  router.post('/password', async (req, res) => {
    const user = await databases.directory.transact((db) => findUser(db, req.principal!.id));
    if (!user) throw new HttpError(401, 'errors.notSignedIn');
    const form = readForm(passwordForm, req.body, req.t);
    const errors: Record<string, string> = form.ok ? {} : form.errors;
    if (form.ok && isGuessable(form.data.password, user.username)) errors.password = req.t('password.known');
    const { current } = z.object({ current: z.string().max(1000).catch('') }).parse(req.body ?? {});
    const attempt = { username: user.username, userId: user.id, address: req.ip ?? '' };
    try {
      const isRight = await withinLoginLimits(databases.directory, attempt, () =>
        verifyPassword(current, user.password_hash),
      );
      if (!isRight) errors.current = req.t('password.wrong');
    } catch (error) {
      if (!(error instanceof TooManyAttemptsError)) throw error;
      res.status(429).set('Retry-After', String(error.retryAfterSeconds));
      errors.current = req.t('login.limited', { count: Math.ceil(error.retryAfterSeconds / 60) });
      return res.render('auth/password', { errors });
    }
    if (!form.ok || Object.keys(errors).length > 0) {
      return res.status(422).render('auth/password', { errors });
    }
    const hash = await hashPassword(form.data.password);
    try {
      await databases.directory.transactOnce(req.principal!, req.writeId(), (trx) =>
        changePassword(trx, user, hash),
      );
    } catch (error) {
      if (error instanceof PasswordReplacedError) throw new HttpError(409, 'errors.passwordReplaced');
      throw error;
    }
    if (!(await signIn(req, databases, { ...user, password_hash: hash }))) return res.redirect(303, '/login');
    leaveFlash(req, res, { textKey: 'password.changed' });
    res.redirect(303, '/products');
  });

  return router;
}
