import { Router, type Request, type Response } from 'express';
import { z } from 'zod';
import { isGuessable } from '../auth/password-rules.ts';
import { hashPassword } from '../auth/password.ts';
import { countRequest } from '../auth/request-limits.ts';
import { DomainError, isDomainError } from '../errors/domain-error.ts';
import { readForm, type FormResult } from '../http/forms.ts';
import { NO_PROBLEM, saveForm, type FormPage } from '../http/save-form.ts';
import { pathOf, routesOf } from '../shop/shop-paths.ts';
import type { CustomerDependencies } from './customer-dependencies.ts';
import { forgottenForm, readTyped, resetForm, signUpForm } from './customer-forms.ts';
import { askForLink, getLink, type AskedLink } from './customer-links.ts';
import { changeEmail, resetPassword } from './customer-queries.ts';
import { readLinkToken } from './link-tokens.ts';

const linkQuery = z.object({ t: z.string().max(1000).catch('') });

/** New accounts, forgotten passwords, and what the links in their e-mails open. */
export function signUpRoutes({ config, databases, jobs, queue }: CustomerDependencies): Router {
  const router = Router();
  const { directory } = databases;

  for (const path of routesOf('signUp')) {
    router.get(path, (req, res) => showSignUp(req, res, NO_PROBLEM));

    router.post(path, async (req, res) => {
      await saveForm(req, res, {
        parse: () => readSignUp(req),
        save: async ({ name, email, password, website }) => {
          await limited(req);
          if (website !== '') return;
          const passwordHash = await besideEmail(() => queue.run(() => hashPassword(password)));
          await ask(req, { kind: 'register', email, details: { name, passwordHash } });
        },
        show: (page) => showSignUp(req, res, page),
        done: () => res.redirect(303, pathOf(req.language, 'checkMail')),
      });
    });
  }

  for (const path of routesOf('forgotten')) {
    router.get(path, (req, res) => showForgotten(req, res, NO_PROBLEM));

    router.post(path, async (req, res) => {
      await saveForm(req, res, {
        parse: () => readForm(forgottenForm, req.body, req.t),
        save: async ({ email, website }) => {
          await limited(req);
          if (website === '') await ask(req, { kind: 'reset', email });
        },
        show: (page) => showForgotten(req, res, page),
        done: () => res.redirect(303, pathOf(req.language, 'checkMail')),
      });
    });
  }

  for (const path of routesOf('checkMail')) {
    router.get(path, (_req, res) => {
      res.render('shop/account/check-mail', { isMailOn: config.SMTP_URL !== undefined });
    });
  }

  for (const path of routesOf('reset')) {
    router.get(path, async (req, res) => {
      const { token, email } = await readLink(req, req.query, 'reset');
      res.render('shop/account/reset', { ...NO_PROBLEM, token, email });
    });

    router.post(path, async (req, res) => {
      const { token, id, email, customerId } = await readLink(req, req.body, 'reset');
      const actor = { kind: 'customer' as const, id: customerId ?? 0, lastWrite: {} };
      await saveForm(req, res, {
        parse: () => notGuessable(req, readForm(resetForm, req.body, req.t), email),
        save: async ({ password }) => {
          const hash = await queue.run(() => hashPassword(password));
          await directory.transactOnce(actor, req.writeId(), (trx) => resetPassword(trx, id, hash));
          jobs.wakeOutbox();
        },
        show: (page) => res.render('shop/account/reset', { ...page, token, email }),
        done: () => res.redirect(303, `${pathOf(req.language, 'logIn')}?notice=reset`),
      });
    });
  }

  for (const path of routesOf('confirmEmail')) {
    router.get(path, async (req, res) => {
      const { token, email } = await readLink(req, req.query, 'email');
      res.render('shop/account/confirm-email', { token, email });
    });

    router.post(path, async (req, res) => {
      const { id, customerId } = await readLink(req, req.body, 'email');
      const actor = { kind: 'customer' as const, id: customerId ?? 0, lastWrite: {} };
      await directory.transactOnce(actor, req.writeId(), (trx) => changeEmail(trx, id));
      jobs.wakeOutbox();
      const isOwn = req.customer.id === customerId;
      const next = isOwn ? '?saved=email' : '?notice=emailChanged';
      res.redirect(303, pathOf(req.language, isOwn ? 'account' : 'logIn') + next);
    });
  }

  async function readLink(req: Request, source: unknown, kind: 'reset' | 'email') {
    const { t } = linkQuery.parse(source ?? {});
    const id = readLinkToken(t, config.SESSION_SECRET);
    const read =
      req.method === 'POST' ? directory.transact.bind(directory) : directory.readPrimary.bind(directory);
    return { token: t, ...(await read((db) => getLink(db, id, kind))) };
  }

  async function ask(req: Request, link: Omit<AskedLink, 'id' | 'language'>): Promise<void> {
    const id = req.writeId().subarray(0, 16);
    await directory.transact((trx) => askForLink(trx, { ...link, id, language: req.language }));
    jobs.wakeOutbox();
  }

  async function limited(req: Request): Promise<void> {
    await besideEmail(() => countRequest(directory, 'mail', req.ip ?? ''));
  }

  return router;
}

function readSignUp(req: Request): FormResult<z.output<typeof signUpForm>> {
  const form = readForm(signUpForm, req.body, req.t);
  return notGuessable(req, form, form.ok ? form.data.email : '');
}

/** @param email whose name is no password */
export function notGuessable<T extends { password: string }>(
  req: Request,
  form: FormResult<T>,
  email: string,
): FormResult<T> {
  if (!form.ok) return form;
  const { password } = form.data;
  const isKnown = [email, email.split('@')[0]!].some((name) => isGuessable(password, name));
  return isKnown ? { ok: false, errors: { password: req.t('password.known') } } : form;
}

/** Shows a limit in the form, not on a page of its own. */
export async function besideEmail<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isDomainError(error)) throw error;
    throw new DomainError({ ...error.toJSON(), field: 'email' });
  }
}

function showSignUp(req: Request, res: Response, page: FormPage): void {
  res.render('shop/account/sign-up', { ...page, values: readTyped(req.body, ['name', 'email']) });
}

function showForgotten(req: Request, res: Response, page: FormPage): void {
  res.render('shop/account/forgotten', { ...page, values: readTyped(req.body, ['email']) });
}
