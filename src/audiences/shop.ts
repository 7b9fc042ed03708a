import cookieParser from 'cookie-parser';
import { Router, type RequestHandler } from 'express';
import type { WebConfig } from '../config/config.ts';
import type { Databases } from '../database/databases.ts';
import { drain } from '../http/drain.ts';
import { notFound } from '../http/error-handler.ts';
import { onlyBelow } from '../http/only-below.ts';
import type { PhotoStore } from '../photos/photo-store.ts';
import { catalogueRoutes } from '../shop/catalogue-routes.ts';
import { offerLayout } from '../shop/shop-layout.ts';
import { languageOfPath, SHOP_BASES } from '../shop/shop-paths.ts';
import { sitemapRoutes } from '../shop/sitemap-routes.ts';

interface ShopDependencies {
  config: WebConfig;
  databases: Databases;
  photos: PhotoStore;
  draining: AbortSignal;
  language: RequestHandler;
}

/** Pages for visitors and customers. The address has the language; off, no address of the shop exists. */
export function shop({ config, databases, photos, draining, language }: ShopDependencies): Router {
  const router = Router();
  const bases = Object.values(SHOP_BASES);
  router.use(onlyBelow(...bases, ...(config.SHOP ? ['/robots.txt'] : [])));
  router.use((req, _res, next) => {
    req.addressLanguage = languageOfPath(req.path);
    next();
  });
  router.use(cookieParser());
  router.use(language);
  router.use(drain(draining));
  if (config.SHOP) {
    router.use((req, res, next) => {
      res.locals.errorView = 'shop/error';
      Object.assign(res.locals, offerLayout(config, req, { page: 'home' }));
      next();
    });
    router.use(catalogueRoutes(config, databases, photos));
    router.use(sitemapRoutes(config, databases));
  }
  router.use(notFound);
  return router;
}
