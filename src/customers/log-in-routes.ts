import { Router, type Request, type Response } from 'express';
import { z } from 'zod';
import { isAway } from '../database/away.ts';
import { groupTables } from '../database/group-tables.ts';
import type { CustomerRow, Directory } from '../database/tables.ts';
import { countWrite } from '../database/write-counts.ts';
import { isDomainError } from '../errors/domain-error.ts';
import { failedLogIns } from '../telemetry/metrics.ts';
import { pathOf, shopPathOr, routesOf } from '../shop/shop-paths.ts';
import { comparePassword } from './compare-password.ts';
import type { CustomerDependencies } from './customer-dependencies.ts';
import { readAddress } from './customer-forms.ts';
import { getLink } from './customer-links.ts';
import { createCustomer, findCustomerByEmail, registration } from './customer-queries.ts';
import { endCustomerSession, startCustomerSession } from './customer-session.ts';
import { readLinkToken } from './link-tokens.ts';

const typed = z.string().max(1000).catch('');
const credentials = z.object({ email: typed, password: typed, return: z.string().catch('') });
const confirmation = z.object({ t: typed, password: typed });
const NOTICES = ['ended', 'reset', 'emailChanged', 'deleted'] as const;
const logInQuery = z.object({
  return: z.string().catch(''),
  notice: z.enum(NOTICES).optional().catch(undefined),
});

interface LogIn {
  /** @returns undefined after a wrong password */
  compare: () => Promise<Pick<CustomerRow, 'id' | 'password_hash'> | undefined>;
  show: (error: string) => void;
  returnTo: string;
}

/** Also the confirmation of an address, which is the first log-in. */
export function logInRoutes({ config, databases, queue, atLogIn }: CustomerDependencies): Router {
  const router = Router();
  const { directory } = databases;
  const idOf = (token: string) => readLinkToken(token, config.SESSION_SECRET);

  for (const path of routesOf('logIn')) {
    router.get(path, (req, res) => {
      const { return: target, notice } = logInQuery.parse(req.query);
      const returnTo = shopPathOr(pathOf(req.language, 'account'), target);
      showLogIn(res, { email: '', returnTo, notice });
    });

    router.post(path, async (req, res) => {
      const { email, password, return: target } = credentials.parse(req.body ?? {});
      const returnTo = shopPathOr(pathOf(req.language, 'account'), target);
      await logIn(req, res, {
        compare: () => find(req, readAddress(email), password),
        show: (error) => showLogIn(res, { email, returnTo, error }),
        returnTo,
      });
    });
  }

  for (const path of routesOf('confirm')) {
    router.get(path, async (req, res) => {
      const { t } = confirmation.parse(req.query);
      const { email } = await directory.readPrimary((db) => getLink(db, idOf(t), 'register'));
      res.render('shop/account/confirm', { token: t, email, error: undefined });
    });

    // Who asked for the account knows its password: others, whose address a stranger has typed, do not confirm it.
    router.post(path, async (req, res) => {
      const { t, password } = confirmation.parse(req.body ?? {});
      const link = await directory.transact((trx) => getLink(trx, idOf(t), 'register'));
      const { passwordHash } = registration.parse(link.details);
      await logIn(req, res, {
        compare: async () => {
          const known = { email: link.email, password_hash: passwordHash };
          if (!(await comparePassword(directory, req, known, password))) return undefined;
          const id = await directory.transactOnce(req.customer, req.writeId(), async (trx) => {
            const created = await createCustomer(trx, link.id);
            // The write of a visitor: their first pages as a customer wait for it, too.
            await countWrite(groupTables<Directory>(trx), directory.name, { kind: 'customer', id: created });
            return created;
          });
          return { id, password_hash: passwordHash };
        },
        show: (error) => res.render('shop/account/confirm', { token: t, email: link.email, error }),
        returnTo: `${pathOf(req.language, 'account')}?saved=confirmed`,
      });
    });
  }

  for (const path of routesOf('logOut')) {
    router.post(path, async (req, res) => {
      await endCustomerSession(req, res, databases);
      res.redirect(303, pathOf(req.language, 'logIn'));
    });
  }

  async function find(req: Request, email: string, password: string): Promise<CustomerRow | undefined> {
    const customer = await directory.transact((db) => findCustomerByEmail(db, email));
    const isRight = await comparePassword(directory, req, customer ?? { email }, password);
    return isRight ? customer : undefined;
  }

  async function logIn(req: Request, res: Response, { compare, show, returnTo }: LogIn): Promise<void> {
    try {
      const outcome = await queue.run(async () => {
        if (res.closed) return 'left';
        const customer = await compare();
        return customer && (await startCustomerSession(req, res, databases, customer)) ? customer : 'wrong';
      });
      if (outcome === 'left') return;
      if (outcome !== 'wrong')
        return res.redirect(303, withQuery(returnTo, await atLogIn(req, res, outcome.id)));
      failedLogIns.inc();
      res.status(422);
      show(req.t('shopAccount.errors.logIn'));
    } catch (error) {
      const isPrimaryAway = isAway(error);
      if (!isPrimaryAway && (!isDomainError(error) || error.retryAfterSeconds === undefined)) throw error;
      if (isDomainError(error, 'too_many_attempts')) failedLogIns.inc();
      const { status, textKey, values, retryAfterSeconds } = isDomainError(error) ? error : AWAY;
      res.status(status).set('Retry-After', String(retryAfterSeconds));
      show(req.t(textKey, values));
    }
  }

  return router;
}

function withQuery(path: string, more: Record<string, string>): string {
  const url = new URL(path, 'http://local.invalid');
  for (const [name, value] of Object.entries(more)) url.searchParams.set(name, value);
  return url.pathname + url.search;
}

const AWAY = { status: 503, textKey: 'login.away', values: {}, retryAfterSeconds: 5 };

interface LogInPage {
  email: string;
  returnTo: string;
  notice?: string | undefined;
  error?: string;
}

function showLogIn(res: Response, page: LogInPage): void {
  res.render('shop/account/log-in', { notice: undefined, error: undefined, ...page });
}
