import { Router, type Request, type Response } from 'express';
import type { Kysely } from 'kysely';
import { z } from 'zod';
import type { Databases } from '../database/databases.ts';
import type { Catalogue } from '../database/tables.ts';
import { leaveFlash } from '../http/flash.ts';
import { readForm } from '../http/forms.ts';
import { NO_PROBLEM, saveForm, type FormPage } from '../http/save-form.ts';
import { listMovements } from '../movements/movement-queries.ts';
import { isAnythingToSee, readOrdersToday } from '../order-desk/today.ts';
import { tasksOf } from '../order-desk/order-tasks.ts';
import { Units, unitWord } from '../products/unit-queries.ts';
import {
  findDemonstration,
  hasDemonstration,
  removeDemonstration,
  type DemoProduct,
} from './demonstration.ts';
import { drawFlow } from './flow-chart.ts';
import { DAY_MS, lastDays, readMovementDays, type Day } from './movement-days.ts';
import { listIdle, listSelling, IDLE_DAYS } from './rankings.ts';
import { readStockTotals } from './stock-totals.ts';

const LATEST = 6;
/** A POST that the page did not send is asked about first. */
const removal = z.object({ confirmed: z.literal('yes', 'errors.field') });

export function homeRoutes({ catalogue }: Databases, demonstration: DemoProduct[]): Router {
  const router = Router();
  const units = new Units(catalogue);

  router.get('/', async (req, res) => {
    const user = req.principal!;
    const days = lastDays(req.dates, new Date());
    const today = days.at(-1)!;
    const [home, unitOf, orders] = await Promise.all([
      catalogue.readReplica(user, (db) => readHome(db, days, demonstration), {
        sharedAs: ['home', req.dates.zone, today.day],
      }),
      units.read(user),
      user.permissions.has('order:view')
        ? catalogue.readReplica(user, (db) => readOrdersToday(db, today.start), {
            sharedAs: ['orders today', today.start],
          })
        : undefined,
    ]);
    const { isFresh, ...found } = home;
    if (isFresh && user.permissions.has('product:edit')) {
      return res.render('home/first-steps', { hasDemo: found.hasDemo, products: found.totals.products });
    }
    res.render('home/home', {
      ...found,
      orders: orders && (req.app.locals.hasShop || isAnythingToSee(orders)) ? orders : undefined,
      orderTasks: tasksOf(user.permissions),
      today: found.flow.at(-1)!,
      chart: drawFlow(found.flow),
      showsCosts: user.permissions.has('cost:view'),
      idleDays: IDLE_DAYS,
      daysSince: (date: Date) => Math.floor((Date.now() - date.getTime()) / DAY_MS),
      formatDay: dayFormat(req),
      unitOf,
      unitWord,
    });
  });

  router.get('/demonstration/remove', async (req, res) => {
    await showRemoval(req, res, NO_PROBLEM);
  });

  router.post('/demonstration/remove', async (req, res) => {
    const user = req.principal!;
    await saveForm(req, res, {
      parse: () => readForm(removal, req.body, req.t),
      save: () =>
        catalogue.transactOnce(user, req.writeId(), (trx) => removeDemonstration(trx, demonstration, user)),
      show: (page) => showRemoval(req, res, page),
      done: () => {
        leaveFlash(req, res, { textKey: 'home.demoRemoved' });
        res.redirect(303, '/');
      },
    });
  });

  async function showRemoval(req: Request, res: Response, page: FormPage): Promise<void> {
    const ids = await catalogue.readReplica(req.principal!, (db) => findDemonstration(db, demonstration));
    res.render('home/remove-demonstration', { ...page, count: ids.length });
  }

  return router;
}

async function readHome(db: Kysely<Catalogue>, days: Day[], demonstration: DemoProduct[]) {
  const [totals, flow, latest, selling, idle, hasDemo, isUsed] = await Promise.all([
    readStockTotals(db),
    readMovementDays(db, days),
    listMovements(db, { from: days.at(-1)!.start }, { limit: LATEST }),
    listSelling(db),
    listIdle(db),
    hasDemonstration(db, demonstration),
    hasHistory(db),
  ]);
  const isFresh = !isUsed && totals.products <= demonstration.length;
  return { totals, flow, latest, selling, idle, hasDemo, isFresh };
}

async function hasHistory(db: Kysely<Catalogue>): Promise<boolean> {
  const first = await db.selectFrom('product_event').select('action').orderBy('id').limit(2).execute();
  return first.some(({ action }) => action !== 'product.demoRemoved');
}

function dayFormat({ language }: Request): (day: string) => string {
  const format = (FORMATS[language] ??= new Intl.DateTimeFormat(language, {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    timeZone: 'UTC',
  }));
  return (day) => format.format(new Date(`${day}T00:00:00Z`));
}

const FORMATS: Partial<Record<Request['language'], Intl.DateTimeFormat>> = {};
