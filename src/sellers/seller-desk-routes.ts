import { Router, type Request, type Response } from 'express';
import { z } from 'zod';
import type { WebConfig } from '../config/config.ts';
import type { Databases } from '../database/databases.ts';
import { leaveFlash } from '../http/flash.ts';
import { readForm } from '../http/forms.ts';
import { NO_PROBLEM, saveForm, type FormPage } from '../http/save-form.ts';
import { typedDecimal } from '../locales/money.ts';
import { queueMail } from '../mail/mail.ts';
import { productId } from '../products/product-form.ts';
import { MAX_DUE, payOut, sumOf } from './payout-queries.ts';
import { formatDay } from './seller-days.ts';
import { getSellerRecord, listAccounts, listSellers, type SellerAccount } from './seller-desk-queries.ts';
import { SellerNotFoundError } from './seller-errors.ts';
import { decisionForm, defaultRateForm, payoutForm } from './seller-forms.ts';
import { SELLER_DECIDED } from './seller-mails.ts';
import { changeDefaultRate, decideOnSeller, DECISIONS } from './seller-queries.ts';

const STATES = ['asked', 'approved', 'suspended', 'refused'] as const;
const listQuery = z.object({
  state: z.enum(STATES).optional().catch(undefined),
  before: z.coerce.number().int().positive().max(4_294_967_295).optional().catch(undefined),
});

/** What administrators do about sellers: decide on them, and pay them. */
export function sellerDeskRoutes({ CURRENCY }: WebConfig, { catalogue, directory }: Databases): Router {
  const router = Router();

  router.get('/sellers', (req, res) => showList(req, res));

  router.post('/sellers/settings', async (req, res) => {
    const user = req.principal!;
    await saveForm(req, res, {
      parse: () => readForm(defaultRateForm, req.body, req.t),
      save: ({ rate }) =>
        catalogue.transactOnce(user, req.writeId(), (trx) => changeDefaultRate(trx, rate, user)),
      show: (page) => showList(req, res, page),
      done: () => {
        leaveFlash(req, res, { textKey: 'sellers.done.saved' });
        res.redirect(303, '/sellers');
      },
    });
  });

  router.get('/sellers/:id', (req, res) => show(req, res));

  router.post('/sellers/:id', async (req, res) => {
    const user = req.principal!;
    const id = readId(req);
    const account = await findAccount(req, id);
    await saveForm(req, res, {
      parse: () => readForm(decisionForm, req.body, req.t),
      save: (decision) =>
        catalogue.transactOnce(user, req.writeId(), async (trx) => {
          const { version } = await decideOnSeller(trx, id, decision, user);
          if (!account) return;
          const { email: to, language } = account;
          const data = { action: decision.action, reason: decision.reason };
          const eventKey = `seller-decided:${id}:${version}`;
          await queueMail(trx, { eventKey, to, language, template: SELLER_DECIDED, data });
        }),
      show: (page) => show(req, res, page),
      done: () => finish(req, res, id, 'sellers.done.saved'),
    });
  });

  router.post('/sellers/:id/payouts', async (req, res) => {
    const user = req.principal!;
    const id = readId(req);
    await saveForm(req, res, {
      parse: () => readForm(payoutForm, req.body, req.t),
      save: (payout) =>
        catalogue.transactOnce(user, req.writeId(), (trx) =>
          payOut(trx, { ...payout, sellerId: id, currency: CURRENCY.code }, user),
        ),
      show: (page) => show(req, res, page),
      done: () => finish(req, res, id, 'sellers.done.paid'),
    });
  });

  async function showList(req: Request, res: Response, page: Partial<FormPage> = {}): Promise<void> {
    const { state, before } = listQuery.parse(req.query);
    const list = await catalogue.readReplica(req.principal!, (db) => listSellers(db, { state, before }));
    res.render('sellers/list', {
      ...NO_PROBLEM,
      ...page,
      ...list,
      ...{ state, before, states: STATES },
      rate: page.errors ? typed(req, 'rate') : typedDecimal(list.defaultRate, 2, req.language),
    });
  }

  async function show(req: Request, res: Response, page: Partial<FormPage> = {}): Promise<void> {
    const id = readId(req);
    const record = await catalogue.readReplica(req.principal!, (db) => getSellerRecord(db, id));
    const { seller, due } = record;
    const accounts = await directory.readReplica(req.principal!, (db) =>
      listAccounts(db, [seller.customerId]),
    );
    const today = req.dates.toWallClock(new Date()).toISOString().slice(0, 10);
    res.render('sellers/seller', {
      ...NO_PROBLEM,
      ...page,
      ...record,
      account: accounts.get(seller.customerId),
      decisions: DECISIONS[seller.state],
      sum: sumOf(due),
      hasMore: due.length === MAX_DUE,
      values: page.errors
        ? Object.fromEntries(
            ['rate', 'reason', 'reference', 'paidOn'].map((name) => [name, typed(req, name)]),
          )
        : {},
      rate: typedDecimal(seller.commissionRate, 2, req.language),
      today,
      formatDay: (day: string) => formatDay(day, req.language),
    });
  }

  async function findAccount(req: Request, id: number): Promise<SellerAccount | undefined> {
    const user = req.principal!;
    const { seller } = await catalogue.readReplica(user, (db) => getSellerRecord(db, id));
    const accounts = await directory.readReplica(user, (db) => listAccounts(db, [seller.customerId]));
    return accounts.get(seller.customerId);
  }

  return router;
}

function typed({ body }: Request, name: string): string {
  const value = ((body ?? {}) as Record<string, unknown>)[name];
  return typeof value === 'string' ? value : '';
}

function finish(
  req: Request,
  res: Response,
  id: number,
  textKey: 'sellers.done.saved' | 'sellers.done.paid',
) {
  leaveFlash(req, res, { textKey });
  res.redirect(303, `/sellers/${id}`);
}

/** @throws SellerNotFoundError */
function readId({ params }: Request): number {
  const id = productId.safeParse(params.id);
  if (!id.success) throw new SellerNotFoundError();
  return id.data;
}
