import type { Writable } from 'node:stream';
import { Router, type RequestHandler } from 'express';
import { z } from 'zod';
import type { WebConfig } from '../config/config.ts';
import type { Databases } from '../database/databases.ts';
import { limited, Semaphore } from '../http/semaphore.ts';
import { streamAnswer, waitForFirstRow } from '../http/stream-answer.ts';
import type { Providers } from '../payments/provider.ts';
import { findCustomerName } from './customer-list-queries.ts';
import { ORDER_STATES, orderQuery, readOrderFields, readOrderFilter } from './order-filter.ts';
import { writeCsv, writeWorkbook, type Reader } from './order-files.ts';
import { listOrderPage, streamOrders, type ListedOrder } from './order-list-queries.ts';
import { MAX_COUNTED, tasksOf, type OrderTasks } from './order-tasks.ts';
import { methodName } from './order-texts.ts';

const XLSX = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';

const orderId = z.coerce.number().int().positive().max(Number.MAX_SAFE_INTEGER).optional().catch(undefined);
const position = z.object({ after: orderId, before: orderId });

type Write = (orders: AsyncIterable<ListedOrder>, out: Writable, reader: Reader) => Promise<void>;

interface ListDependencies {
  config: WebConfig;
  databases: Databases;
  providers: Providers;
  tasks: OrderTasks;
}

export function orderListPageRoutes({ config, databases, providers, tasks }: ListDependencies): Router {
  const router = Router();
  const { catalogue, directory } = databases;
  const slot = limited(new Semaphore(), 'errors.tooManyExports');

  router.get('/orders', async (req, res) => {
    const user = req.principal!;
    const fields = readOrderFields(req.query);
    const { filter, errors } = readOrderFilter(fields, req.dates);
    const isWrong = Object.keys(errors).length > 0;
    const { customer } = fields;
    const [page, counts, customerName] = await Promise.all([
      isWrong
        ? undefined
        : catalogue.readReplica(user, (db) => listOrderPage(db, filter, position.parse(req.query))),
      tasks.read(user),
      customer === undefined
        ? undefined
        : directory.readReplica(user, (db) => findCustomerName(db, customer)),
    ]);
    res.locals.orderTasks = counts;
    if (isWrong) res.status(422);
    res.render('order-desk/list', {
      fields,
      errors: Object.fromEntries(Object.entries(errors).map(([name, key]) => [name, req.t(key)])),
      page,
      counts,
      tasks: tasksOf(user.permissions),
      maxCounted: MAX_COUNTED,
      states: ORDER_STATES,
      methods: [...providers.keys()],
      methodName: (method: string) => methodName(method, req.t),
      customerName,
      query: (changes: Record<string, string | number | undefined> = {}) => orderQuery(fields, changes),
    });
  });

  const file = (extension: string, type: string, write: Write) =>
    router.get(`/orders/export.${extension}`, slot, exportHandler(extension, type, write));
  file('xlsx', XLSX, writeWorkbook);
  file('csv', 'text/csv; charset=utf-8', writeCsv);

  function exportHandler(extension: string, type: string, write: Write): RequestHandler {
    return async (req, res) => {
      const fields = readOrderFields(req.query);
      const { filter, errors } = readOrderFilter(fields, req.dates);
      if (Object.keys(errors).length > 0) return res.redirect(303, `/orders${orderQuery(fields)}`);
      const db = await catalogue.replicaForStream(req.principal!);
      const today = req.dates.toWallClock(new Date()).toISOString().slice(0, 10);
      res.attachment(`${req.t('orderDesk.fileName')}-${today}.${extension}`);
      res.set('Content-Type', type);
      if (req.method === 'HEAD') return void res.end();
      const { t, dates, language } = req;
      await streamAnswer(res, async () => {
        const rows = await waitForFirstRow(streamOrders(db, filter));
        await write(rows, res, { t, dates, language, currency: config.CURRENCY });
      });
    };
  }

  return router;
}
