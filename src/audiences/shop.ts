import cookieParser from 'cookie-parser';
import { Router, type RequestHandler } from 'express';
import { drain } from '../http/drain.ts';
import { onlyBelow } from '../http/only-below.ts';

interface ShopDependencies {
  draining: AbortSignal;
  language: RequestHandler;
}

/** Customer pages. Paths without a route here fall through to the staff pages. */
export function shop({ draining, language }: ShopDependencies): Router {
  const router = Router();
  router.use(onlyBelow('/shop'));
  router.use(cookieParser());
  router.use(language);
  router.use(drain(draining));
  return router;
}
