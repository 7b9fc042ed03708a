import { Router, type Request, type Response } from 'express';
import { z } from 'zod';
import type { Databases } from '../database/databases.ts';
import type { User } from '../database/tables.ts';
import { DomainError, isDomainError } from '../errors/domain-error.ts';
import { readForm, type FormResult } from '../http/forms.ts';
import { HttpError } from '../http/http-error.ts';
import { leaveFlash } from '../http/flash.ts';
import { NO_PROBLEM, saveForm, type FormPage } from '../http/save-form.ts';
import { hasProven, isFresh } from './session.ts';
import { signIn } from './sign-in.ts';
import { withinLoginLimits } from './login-limits.ts';
import { chosenPassword, isGuessable } from './password-rules.ts';
import { hashPassword, verifyPassword } from './password.ts';
import { changePassword, findUser } from './user-queries.ts';

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

  const show = (req: Request, res: Response, page: FormPage) =>
    res.render('auth/password', { ...page, asksCurrent: !isFresh(req) });

  router.get('/password', (req, res) => {
    show(req, res, NO_PROBLEM);
  });

  router.post('/password', async (req, res) => {
    await saveForm(req, res, {
      parse: () => readChange(req),
      save: async ({ user, password }) => {
        const hash = await hashPassword(password);
        await databases.directory.transactOnce(req.principal!, req.writeId(), (trx) =>
          changePassword(trx, user, hash),
        );
        return { ...user, password_hash: hash, must_change_password: 0 as const };
      },
      show: (page) => show(req, res, page),
      done: async (user) => {
        if (!(await signIn(req, databases, user))) return res.redirect(303, '/login');
        leaveFlash(req, res, { textKey: 'password.changed' });
        res.redirect(303, '/');
      },
    });
  });

  async function readChange(req: Request): Promise<FormResult<{ user: User; password: string }>> {
    const user = await databases.directory.transact((db) => findUser(db, req.principal!.id));
    if (!user) throw new HttpError(401, 'errors.notSignedIn');
    const form = readForm(passwordForm, req.body, req.t);
    const errors: Record<string, string> = form.ok ? {} : form.errors;
    if (form.ok && isGuessable(form.data.password, user.username)) errors.password = req.t('password.known');
    if (hasProven(req, user)) {
      const chosen = form.ok && form.data.password;
      if (chosen && (await verifyPassword(chosen, user.password_hash)))
        errors.password = req.t('password.same');
    } else if (!(await isCurrentPassword(req, user))) {
      errors.current = req.t('password.wrong');
    }
    if (!form.ok || Object.keys(errors).length > 0) return { ok: false, errors };
    return { ok: true, data: { user, password: form.data.password } };
  }

  async function isCurrentPassword(req: Request, user: User): Promise<boolean> {
    const { current } = z.object({ current: z.string().max(1000).catch('') }).parse(req.body ?? {});
    const attempt = { username: user.username, userId: user.id, address: req.ip ?? '' };
    try {
      return await withinLoginLimits(databases.directory, attempt, () =>
        verifyPassword(current, user.password_hash),
      );
    } catch (error) {
      if (!isDomainError(error, 'too_many_attempts')) throw error;
      throw new DomainError({ ...error.toJSON(), field: 'current' });
    }
  }

  return router;
}
