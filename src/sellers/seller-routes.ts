import { Router, type Request, type Response } from 'express';
import { z } from 'zod';
import { readTyped } from '../customers/customer-forms.ts';
import type { Databases } from '../database/databases.ts';
import { readForm } from '../http/forms.ts';
import { NO_PROBLEM, saveForm, type FormPage } from '../http/save-form.ts';
import { queueMail } from '../mail/mail.ts';
import { pathOf, routesOf } from '../shop/shop-paths.ts';
import { listDueLines, listPayouts, MAX_DUE, sumOf } from './payout-queries.ts';
import { sellerForm } from './seller-forms.ts';
import { formatDay } from './seller-days.ts';
import { SELLER_PAY_TO_CHANGED } from './seller-mails.ts';
import { countToShip } from './seller-order-queries.ts';
import { askToSell, findOwnSeller, getDefaultRate, readAsSeller } from './seller-queries.ts';

const FIELDS = Object.keys(sellerForm.shape) as (keyof typeof sellerForm.shape)[];
const pageQuery = z.object({ saved: z.enum(['1']).optional().catch(undefined) });

/** How a customer becomes a seller, and what they are paid. */
export function sellerRoutes({ catalogue }: Databases): Router {
  const router = Router();

  for (const path of routesOf('sell')) {
    router.get(path, (req, res) => show(req, res));

    router.post(path, async (req, res) => {
      const { customer } = req;
      await saveForm(req, res, {
        parse: () => readForm(sellerForm, req.body, req.t),
        save: (input) =>
          catalogue.transactOnce(customer, req.writeId(), async (trx) => {
            const seller = await askToSell(trx, customer.id, input);
            if (!seller) return;
            const eventKey = `seller-pay-to:${seller.id}:${seller.version}`;
            const to = { to: customer.email, language: req.language };
            await queueMail(trx, { eventKey, ...to, template: SELLER_PAY_TO_CHANGED, data: {} });
          }),
        show: (page) => show(req, res, { ...page, values: readTyped(req.body, FIELDS) }),
        done: () => res.redirect(303, `${pathOf(req.language, 'sell')}?saved=1`),
      });
    });
  }

  for (const path of routesOf('payouts')) {
    router.get(path, async (req, res) => {
      const page = await readAsSeller(catalogue, req, async (db, seller) => ({
        seller,
        due: await listDueLines(db, seller.id),
        payouts: await listPayouts(db, seller.id),
        toShip: await countToShip(db, seller.id),
      }));
      res.render('shop/sell/payouts', {
        ...page,
        sum: sumOf(page.due),
        hasMore: page.due.length === MAX_DUE,
        formatDay: (day: string) => formatDay(day, req.language),
      });
    });
  }

  async function show(
    req: Request,
    res: Response,
    page: Partial<FormPage> & { values?: Record<string, string> } = {},
  ): Promise<void> {
    const { seller, rate, toShip } = await catalogue.readReplica(req.customer, async (db) => {
      const found = await findOwnSeller(db, req.customer.id);
      return {
        seller: found,
        rate: found?.commissionRate ?? (await getDefaultRate(db)),
        toShip: found ? await countToShip(db, found.id) : 0,
      };
    });
    res.render('shop/sell/sell', {
      ...NO_PROBLEM,
      values: readTyped(seller ?? { contact: req.customer.email }, FIELDS),
      ...page,
      ...{ seller, rate, toShip, saved: pageQuery.parse(req.query).saved },
    });
  }

  return router;
}
