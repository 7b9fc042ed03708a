import cookieParser from 'cookie-parser';
import express, { Router, type RequestHandler } from 'express';
import { csrf } from '../auth/csrf.ts';
import { accountRoutes } from '../customers/account-routes.ts';
import { addressRoutes } from '../customers/address-routes.ts';
import { customersOnly } from '../customers/customer-access.ts';
import type { CustomerDependencies } from '../customers/customer-dependencies.ts';
import { customerSession, CUSTOMER_TOKENS } from '../customers/customer-session.ts';
import { logInRoutes } from '../customers/log-in-routes.ts';
import { signUpRoutes } from '../customers/sign-up-routes.ts';
import { drain } from '../http/drain.ts';
import { notFound } from '../http/error-handler.ts';
import { idempotency } from '../http/idempotency.ts';
import { onlyBelow } from '../http/only-below.ts';
import { LANGUAGES } from '../locales/languages.ts';
import { findPage, languageOfPath, pathOf, SHOP_BASES, type ShopPage } from '../shop/shop-paths.ts';

interface ShopDependencies extends CustomerDependencies {
  draining: AbortSignal;
  language: RequestHandler;
}

/** Pages for visitors and customers. A visitor gets no cookie before the first form. */
export function shop(dependencies: ShopDependencies): Router {
  const { config, databases, draining, language } = dependencies;
  const { offerToken, checkToken } = csrf(config, CUSTOMER_TOKENS);
  const router = Router();
  router.use(onlyBelow(...Object.values(SHOP_BASES)));
  router.use((req, _res, next) => {
    req.addressLanguage = languageOfPath(req.path);
    next();
  });
  router.use(cookieParser());
  router.use(language);
  router.use(drain(draining));
  if (!config.SHOP) {
    router.use(notFound);
    return router;
  }
  router.use(offerPaths);
  router.use(customerSession(databases));
  router.use(express.urlencoded({ extended: false, limit: '100kb' }));
  router.use(idempotency(config, ({ customer }) => `customer ${customer.id}`));
  router.use(offerToken);
  router.use(customersOnly);
  router.use(checkToken);

  router.use(logInRoutes(dependencies));
  router.use(signUpRoutes(dependencies));
  router.use(accountRoutes(dependencies));
  router.use(addressRoutes(databases));
  router.use(notFound);
  return router;
}

/** For views: `shopPath('account')`. */
const offerPaths: RequestHandler = (req, res, next) => {
  res.locals.errorView = 'shop/error';
  res.locals.shopPath = (page: ShopPage, params?: Record<string, string>) =>
    pathOf(req.language, page, params);
  const { page, params } = findPage(req.path) ?? { page: 'home' as const, params: {} };
  const otherLanguage = LANGUAGES.find((one) => one !== req.language)!;
  // With its query: it may hold the token of a link.
  const search = URL.parse(req.originalUrl, 'http://local.invalid')?.search ?? '';
  Object.assign(res.locals, { otherLanguage, otherPath: pathOf(otherLanguage, page, params) + search });
  next();
};
