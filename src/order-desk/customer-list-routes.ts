import { Router } from 'express';
import { z } from 'zod';
import type { Databases } from '../database/databases.ts';
import { countOrdersOf, listCustomerPage } from './customer-list-queries.ts';

const customerId = z.coerce.number().int().positive().max(4_294_967_295).optional().catch(undefined);
const listQuery = z.object({
  search: z
    .string()
    .transform((typed) => typed.toWellFormed().normalize('NFC').trim().slice(0, 100))
    .catch(''),
  after: customerId,
  before: customerId,
});

export function customerListRoutes({ catalogue, directory }: Databases): Router {
  const router = Router();

  router.get('/customers', async (req, res) => {
    const user = req.principal!;
    const { search, ...position } = listQuery.parse(req.query);
    const page = await directory.readReplica(user, (db) => listCustomerPage(db, search, position));
    const ids = page.customers.map(({ id }) => id);
    const orders = await catalogue.readReplica(user, (db) => countOrdersOf(db, ids));
    const query = (change: { after: number } | { before: number }) =>
      new URLSearchParams(
        Object.entries({ search, ...change }).flatMap(([name, value]): [string, string][] =>
          value === '' ? [] : [[name, `${value}`]],
        ),
      ).toString();
    res.render('order-desk/customers', {
      search,
      page,
      ordersOf: (id: number) => orders.get(id) ?? 0,
      query,
    });
  });

  return router;
}
