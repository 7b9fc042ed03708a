import { Router, type Request, type Response } from 'express';
import { z } from 'zod';
import { hashPassword } from '../auth/password.ts';
import { countRequest } from '../auth/request-limits.ts';
import type { CustomerRow } from '../database/tables.ts';
import { DomainError, isDomainError } from '../errors/domain-error.ts';
import { readForm, type FormResult } from '../http/forms.ts';
import { NO_PROBLEM, saveForm, type FormPage } from '../http/save-form.ts';
import { LANGUAGES } from '../locales/languages.ts';
import { pathOf, routesOf } from '../shop/shop-paths.ts';
import { comparePassword } from './compare-password.ts';
import type { CustomerDependencies } from './customer-dependencies.ts';
import { deleteForm, detailsForm, emailForm, passwordForm, readTyped } from './customer-forms.ts';
import { askForLink } from './customer-links.ts';
import { changeDetails, changePassword, deleteCustomer, getCustomer } from './customer-queries.ts';
import { endCustomerSession, startCustomerSession } from './customer-session.ts';
import { besideEmail, notGuessable } from './sign-up-routes.ts';

const SAVED = ['confirmed', 'details', 'password', 'email'] as const;
const accountQuery = z.object({ saved: z.enum(SAVED).optional().catch(undefined) });

type WithCustomer<T> = T & { customer: CustomerRow };

/** The customer's own data. */
export function accountRoutes({ databases, jobs, queue }: CustomerDependencies): Router {
  const router = Router();
  const { directory } = databases;

  for (const path of routesOf('account')) {
    router.get(path, (req, res) => {
      const { saved } = accountQuery.parse(req.query);
      res.render('shop/account/account', { saved });
    });
  }

  for (const path of routesOf('details')) {
    router.get(path, async (req, res) => {
      const { id } = req.customer;
      const read = await directory.readReplica(req.customer, (db) => getCustomer(db, id));
      const { name, phone, language } = read;
      showDetails(res, { ...NO_PROBLEM, values: { name, phone, language } });
    });

    router.post(path, async (req, res) => {
      const { customer } = req;
      await saveForm(req, res, {
        parse: () => readForm(detailsForm, req.body, req.t),
        save: (details) =>
          directory.transactOnce(customer, req.writeId(), (trx) => changeDetails(trx, customer.id, details)),
        show: (page) =>
          showDetails(res, { ...page, values: readTyped(req.body, ['name', 'phone', 'language']) }),
        done: () => finish(req, res, 'details'),
      });
    });
  }

  for (const path of routesOf('password')) {
    const show = (res: Response, page: FormPage) => res.render('shop/account/password', page);
    router.get(path, (_req, res) => show(res, NO_PROBLEM));

    router.post(path, async (req, res) => {
      await saveForm(req, res, {
        parse: async () => notGuessable(req, await withCurrent(req, passwordForm), req.customer.email),
        save: async ({ customer, password }) => {
          const passwordHash = await hashPassword(password);
          const eventKey = `password-changed:${req.writeId().toString('hex', 0, 16)}`;
          await directory.transactOnce(req.customer, req.writeId(), (trx) =>
            changePassword(trx, customer, { passwordHash, eventKey }),
          );
          jobs.wakeOutbox();
          return { id: customer.id, password_hash: passwordHash };
        },
        show: (page) => show(res, page),
        done: async (customer) => {
          // The change has ended all sessions, this one included.
          if (await startCustomerSession(req, res, databases, customer)) return finish(req, res, 'password');
          res.redirect(303, pathOf(req.language, 'logIn'));
        },
      });
    });
  }

  for (const path of routesOf('email')) {
    const show = (req: Request, res: Response, page: FormPage) =>
      res.render('shop/account/email', { ...page, values: readTyped(req.body, ['email']) });
    router.get(path, (req, res) => show(req, res, NO_PROBLEM));

    router.post(path, async (req, res) => {
      await saveForm(req, res, {
        parse: () => withCurrent(req, emailForm),
        save: async ({ customer, email }) => {
          await besideEmail(() => countRequest(directory, 'mail', req.ip ?? ''));
          const link = { kind: 'email', email, language: req.language, customerId: customer.id } as const;
          const id = req.writeId().subarray(0, 16);
          await directory.transactOnce(req.customer, req.writeId(), (trx) =>
            askForLink(trx, { ...link, id }),
          );
          jobs.wakeOutbox();
        },
        show: (page) => show(req, res, page),
        // It does not tell whether someone else has the address.
        done: () => res.redirect(303, pathOf(req.language, 'checkMail')),
      });
    });
  }

  for (const path of routesOf('deleteAccount')) {
    const show = (res: Response, page: FormPage) => res.render('shop/account/delete', page);
    router.get(path, (_req, res) => show(res, NO_PROBLEM));

    router.post(path, async (req, res) => {
      await saveForm(req, res, {
        parse: () => withCurrent(req, deleteForm),
        save: async ({ customer }) => {
          await directory.transactOnce(req.customer, req.writeId(), (trx) => deleteCustomer(trx, customer));
          jobs.wakeOutbox();
        },
        show: (page) => show(res, page),
        done: async () => {
          await endCustomerSession(req, res, databases);
          res.redirect(303, `${pathOf(req.language, 'logIn')}?notice=deleted`);
        },
      });
    });
  }

  /** Asks for the password besides the session, which may be someone else's browser. */
  async function withCurrent<T extends { current: string }>(
    req: Request,
    schema: z.ZodType<T>,
  ): Promise<FormResult<WithCustomer<T>>> {
    const customer = await directory.transact((db) => getCustomer(db, req.customer.id));
    const form = readForm(schema, req.body, req.t);
    const errors = form.ok ? {} : form.errors;
    const { current } = readTyped(req.body, ['current']);
    if (!(await isCurrent(req, customer, current.slice(0, 1000)))) errors.current = req.t('password.wrong');
    if (!form.ok || Object.keys(errors).length > 0) return { ok: false, errors };
    return { ok: true, data: { ...form.data, customer } };
  }

  async function isCurrent(req: Request, customer: CustomerRow, password: string): Promise<boolean> {
    try {
      return await queue.run(() => comparePassword(directory, req, customer, password));
    } catch (error) {
      if (!isDomainError(error)) throw error;
      throw new DomainError({ ...error.toJSON(), field: 'current' });
    }
  }

  return router;
}

function showDetails(res: Response, page: FormPage & { values: object }): void {
  res.render('shop/account/details', { ...page, languages: LANGUAGES });
}

function finish(req: Request, res: Response, saved: (typeof SAVED)[number]): void {
  res.redirect(303, `${pathOf(req.language, 'account')}?saved=${saved}`);
}
