import cookieParser from 'cookie-parser';
import express, { Router, type RequestHandler } from 'express';
import type { Logger } from 'pino';
import { csrf } from '../auth/csrf.ts';
import { cartRoutes } from '../checkout/cart-routes.ts';
import { checkoutRoutes } from '../checkout/checkout-routes.ts';
import type { CheckoutDependencies } from '../checkout/checkout-situation.ts';
import { mergeAtLogIn, offerCartCount } from '../checkout/current-cart.ts';
import { orderRoutes } from '../checkout/order-routes.ts';
import type { WebConfig } from '../config/config.ts';
import { accountRoutes } from '../customers/account-routes.ts';
import { addressRoutes } from '../customers/address-routes.ts';
import { customersOnly } from '../customers/customer-access.ts';
import { customerSession, CUSTOMER_TOKENS } from '../customers/customer-session.ts';
import { logInRoutes } from '../customers/log-in-routes.ts';
import { signUpRoutes } from '../customers/sign-up-routes.ts';
import { drain } from '../http/drain.ts';
import { notFound } from '../http/error-handler.ts';
import { idempotency } from '../http/idempotency.ts';
import { onlyBelow } from '../http/only-below.ts';
import { receiveUploads } from '../http/upload.ts';
import type { Providers } from '../payments/provider.ts';
import type { PhotoStore } from '../photos/photo-store.ts';
import { sellerOrderRoutes } from '../sellers/seller-order-routes.ts';
import { sellerProductRoutes, SELLER_PHOTO_FORM } from '../sellers/seller-product-routes.ts';
import { sellerRoutes } from '../sellers/seller-routes.ts';
import { catalogueRoutes } from '../shop/catalogue-routes.ts';
import { keepLinkSecret, offerLayout } from '../shop/shop-layout.ts';
import { paymentReturnRoutes } from '../shop/payment-return.ts';
import { findPage, languageOfPath, SHOP_BASES } from '../shop/shop-paths.ts';
import { sitemapRoutes } from '../shop/sitemap-routes.ts';

interface ShopDependencies extends Omit<CheckoutDependencies, 'atLogIn'> {
  photos: PhotoStore;
  providers: Providers;
  logger: Logger;
  draining: AbortSignal;
  language: RequestHandler;
}

/**
 * Pages for visitors and customers. The address has the language; off, no address of the shop exists. A visitor gets no
 * cookie before the first form.
 */
export function shop(dependencies: ShopDependencies): Router {
  const { config, databases, photos, draining, language } = dependencies;
  const { offerToken, checkToken } = csrf(config, CUSTOMER_TOKENS);
  const router = Router();
  router.use(onlyBelow(...Object.values(SHOP_BASES), ...(config.SHOP ? ['/robots.txt'] : [])));
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
  router.use(layout(config));
  router.use(sitemapRoutes(config, databases));
  router.use(paymentReturnRoutes(dependencies));
  router.use(customerSession(databases));
  router.use(offerCartCount(databases));
  router.use(idempotency(config, ({ customer }) => `customer ${customer.id}`));
  router.use(offerToken);
  router.use(catalogueRoutes(config, databases, photos));
  router.use(express.urlencoded({ extended: false, limit: '100kb' }));
  router.use(keepLinkSecret);
  router.use(customersOnly);
  router.use(receiveUploads([SELLER_PHOTO_FORM]));
  router.use(checkToken);

  const all: CheckoutDependencies = {
    ...dependencies,
    atLogIn: (req, res, customer) => mergeAtLogIn(databases, req, res, customer),
  };
  router.use(cartRoutes(databases));
  router.use(checkoutRoutes(all));
  router.use(orderRoutes(all));
  router.use(logInRoutes(all));
  router.use(signUpRoutes(all));
  router.use(accountRoutes(all));
  router.use(addressRoutes(databases));
  router.use(sellerRoutes(databases));
  router.use(sellerProductRoutes(databases, photos));
  router.use(sellerOrderRoutes(databases, dependencies.jobs));
  router.use(notFound);
  return router;
}

/** For views: the addresses of the page, and `shopPath('account')`. Search engines keep the catalogue only. */
function layout(config: WebConfig): RequestHandler {
  return (req, res, next) => {
    const address = findPage(req.path) ?? { page: 'home' as const };
    Object.assign(res.locals, offerLayout(config, req, address), {
      errorView: 'shop/error',
      isIndexed: false,
    });
    next();
  };
}
