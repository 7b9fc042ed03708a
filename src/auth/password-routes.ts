import { Router } from 'express';
import { z } from 'zod';
import type { Databases } from '../database/databases.ts';
import { readForm } from '../http/forms.ts';
import { writeId } from '../http/idempotency.ts';
import { KNOWN_PASSWORDS } from '../settings.ts';
import { startSession } from '../http/session.ts';
import { hashPassword, verifyPassword } from './password.ts';
import { changePassword, findUser } from './user-queries.ts';

const passwordForm = z
  .object({
    current: z.string().max(1000).default(''),
    password: z.string().default('').pipe(z.string().min(8, 'password.length').max(128, 'password.length')),
    repeated: z.string().default(''),
  })
  .refine(({ password, repeated }) => password === repeated, {
    path: ['repeated'],
    error: 'password.different',
  })
  .refine(({ password }) => !KNOWN_PASSWORDS.test(password), {
    path: ['password'],
    error: 'password.known',
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
    const user = await findUser(databases.primary, req.user!.id);
    const form = readForm(passwordForm, req.body, req.t);
    const errors: Record<string, string> = form.ok ? {} : form.errors;
    const current = z.object({ current: z.string().catch('') }).parse(req.body ?? {}).current;
    if (!(await verifyPassword(current, user?.password_hash))) errors.current = req.t('password.wrong');
    if (!form.ok || Object.keys(errors).length > 0) {
      res.status(422).render('auth/password', { errors });
      return;
    }
    const { id } = req.user!;
    const hash = await hashPassword(form.data.password);
    await databases.write(req.user!, writeId(req), (trx) => changePassword(trx, id, hash));
    await startSession(req, id);
    req.session.flash = { textKey: 'password.changed' };
    res.redirect(303, '/products');
  });

  return router;
}
