import { Router } from 'express';
import { z } from 'zod';
import type { Databases } from '../database/databases.ts';
import { localPath } from '../http/local-path.ts';
import { endSession, startSession } from '../http/session.ts';
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
    if (req.user) return res.redirect(303, localPath(req.query.return));
    res.render('auth/login', { username: '', returnTo: localPath(req.query.return), error: undefined });
  });

  router.post('/login', async (req, res) => {
    const { username, password, return: target } = credentials.parse(req.body ?? {});
    const returnTo = localPath(target);
    const user = await findUserByName(databases.primary, username);
    const isRight = await verifyPassword(password, user?.password_hash);
    if (!user || !isRight) {
      res.status(422).render('auth/login', { username, returnTo, error: req.t('login.wrong') });
      return;
    }
    await startSession(req, user.id);
    res.redirect(303, returnTo);
  });

  router.post('/logout', async (req, res) => {
    await endSession(req);
    res.clearCookie('inventario.sid');
    res.redirect(303, '/login');
  });

  return router;
}
