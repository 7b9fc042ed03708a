import { Router, type RequestHandler } from 'express';
import type { WebConfig } from '../config/config.ts';
import type { Databases } from '../database/databases.ts';
import type { Providers } from '../payments/provider.ts';
import { customerListRoutes } from './customer-list-routes.ts';
import { orderListPageRoutes } from './order-list-routes.ts';
import { OrderPages } from './order-page.ts';
import { orderRoutes } from './order-routes.ts';
import { OrderTasks, sumOf, tasksOf, type TaskCounts } from './order-tasks.ts';
import { pdfRoutes } from './pdf-routes.ts';

/** What staff do with orders. */
export function orderDeskRoutes(
  config: WebConfig,
  databases: Databases,
  providers: Providers,
  tasks: OrderTasks,
): Router {
  const router = Router();
  const pages = new OrderPages(databases, tasks);
  router.use(orderListPageRoutes({ config, databases, providers, tasks }));
  router.use(pdfRoutes(config, databases, pages));
  router.use(orderRoutes(databases, pages));
  router.use(customerListRoutes(databases));
  return router;
}

/** For the navigation: how much there is to do with orders for this person, also after the shop was closed. */
export function offerOrderTasks(tasks: OrderTasks): RequestHandler {
  return (req, res, next) => {
    const user = req.principal;
    const own = user ? tasksOf(user.permissions) : [];
    res.locals.ordersToDo = () => {
      if (!user || own.length === 0) return 0;
      const counts = (res.locals.orderTasks as TaskCounts | undefined) ?? tasks.recall(user);
      return counts ? sumOf(counts, own) : 0;
    };
    next();
  };
}
