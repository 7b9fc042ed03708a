import { Router, type Request, type Response } from 'express';
import { z } from 'zod';
import { ROLE_NAMES } from '../auth/permissions.ts';
import { hashPassword, oneTimePasswordFor } from '../auth/password.ts';
import type { WebConfig } from '../config/config.ts';
import type { Databases } from '../database/databases.ts';
import { readForm } from '../http/forms.ts';
import { HttpError } from '../http/http-error.ts';
import { leaveFlash, type Flash } from '../http/flash.ts';
import { NO_PROBLEM, saveForm, type FormPage } from '../http/save-form.ts';
import { roleForm, userForm } from './user-form.ts';
import {
  changeAccount,
  createUser,
  findAccount,
  listAccounts,
  OwnAccountError,
  UserNotFoundError,
  type AccountChange,
  type UserAccount,
} from './user-queries.ts';

const userId = z
  .string()
  .regex(/^[1-9]\d{0,9}$/)
  .transform(Number);

export function userRoutes(config: WebConfig, databases: Databases): Router {
  const router = Router();

  router.get('/users', async (req, res) => {
    res.render('users/list', {
      accounts: await databases.directory.readReplica(req.principal!, listAccounts),
    });
  });

  router.get('/users/new', (_req, res) => {
    renderForm(res, { username: '', role: 'clerk' }, NO_PROBLEM);
  });

  router.post('/users', async (req, res) => {
    const actor = req.principal!;
    const typed = z
      .object({ username: z.string().catch(''), role: z.string().catch('') })
      .parse(req.body ?? {});
    const password = oneTimePasswordFor(req.writeId(), config.SESSION_SECRET);
    await saveForm(req, res, {
      parse: () => readForm(userForm, req.body, req.t),
      save: async (input) => {
        const user = { ...input, passwordHash: await hashPassword(password) };
        return databases.directory.transactOnce(actor, req.writeId(), (trx) =>
          createUser(trx, user, actor.id),
        );
      },
      show: (page) => renderForm(res, typed, page),
      done: (id, { username }) => showPassword(res.status(201), { id, username }, password),
    });
  });

  router.get('/users/:id', async (req, res) => {
    const account = await getAccount(req);
    res.render('users/show', { account, roles: ROLE_NAMES, isOwn: account.id === req.principal!.id });
  });

  router.post('/users/:id/role', async (req, res) => {
    const form = readForm(roleForm, req.body, req.t);
    if (!form.ok) throw new HttpError(400, 'errors.badRequest');
    await change(req, { action: 'account.roleChanged', role: form.data.role });
    redirectToUser(req, res, 'users.roleChanged');
  });

  // Each ends the person's sessions, so it says so and asks.
  for (const action of ['disable', 'password'] as const) {
    router.get(`/users/:id/${action}`, async (req, res) => {
      const account = await getAccount(req);
      if (account.id === req.principal!.id) throw new OwnAccountError();
      res.render('users/confirm', { account, action });
    });
  }

  router.post('/users/:id/disable', async (req, res) => {
    await change(req, { action: 'account.disabled' });
    redirectToUser(req, res, 'users.disabled');
  });

  router.post('/users/:id/enable', async (req, res) => {
    await change(req, { action: 'account.enabled' });
    redirectToUser(req, res, 'users.enabled');
  });

  router.post('/users/:id/password', async (req, res) => {
    const password = oneTimePasswordFor(req.writeId(), config.SESSION_SECRET);
    const passwordHash = await hashPassword(password);
    showPassword(res, await change(req, { action: 'account.passwordReset', passwordHash }), password);
  });

  async function getAccount(req: Request): Promise<UserAccount> {
    const id = readId(req);
    const account = await databases.directory.readReplica(req.principal!, (db) => findAccount(db, id));
    if (!account) throw new UserNotFoundError();
    return account;
  }

  async function change(req: Request, what: AccountChange) {
    const actor = req.principal!;
    const id = readId(req);
    return databases.directory.transactOnce(actor, req.writeId(), (trx) =>
      changeAccount(trx, id, what, actor.id),
    );
  }

  return router;
}

function renderForm(res: Response, values: { username: string; role: string }, page: FormPage): void {
  res.render('users/form', { values, ...page, roles: ROLE_NAMES });
}

/** Rendered directly, not after a redirect: the one-time password is stored nowhere. */
function showPassword(res: Response, account: Pick<UserAccount, 'id' | 'username'>, password: string): void {
  res.render('users/password', { account, password });
}

function redirectToUser(req: Request, res: Response, textKey: Flash['textKey']): void {
  leaveFlash(req, res, { textKey });
  res.redirect(303, `/users/${readId(req)}`);
}

function readId(req: Request): number {
  const id = userId.safeParse(req.params.id);
  if (!id.success) throw new UserNotFoundError();
  return id.data;
}
