import { fileURLToPath } from 'node:url';
import cookieParser from 'cookie-parser';
import express from 'express';
import type { Logger } from 'pino';
import { loginRoutes } from './auth/login-routes.ts';
import { passwordRoutes } from './auth/password-routes.ts';
import { auditRefusals } from './audit/audit-refusals.ts';
import { auditRoutes } from './audit/audit-routes.ts';
import type { WebConfig } from './config/config.ts';
import type { Databases } from './database/databases.ts';
import { access } from './auth/access.ts';
import { csrf } from './auth/csrf.ts';
import { drain } from './http/drain.ts';
import { errorHandler, notFound } from './http/error-handler.ts';
import { takeFlash } from './http/flash.ts';
import { healthRoutes } from './system/health-routes.ts';
import { i18n } from './http/i18n.ts';
import { idempotency } from './http/idempotency.ts';
import { metricsRoutes } from './system/metrics-routes.ts';
import { requestLog } from './http/request-log.ts';
import { keptByNobody, securityHeaders } from './http/security-headers.ts';
import { session } from './auth/session.ts';
import { staticFiles } from './http/static-files.ts';
import { importRoutes } from './imports/import-routes.ts';
import type { ImportRunner } from './imports/import-runner.ts';
import { receiveUpload } from './imports/upload.ts';
import { productApiRoutes } from './products/product-api-routes.ts';
import { productExportRoutes } from './exports/export-routes.ts';
import { productRoutes } from './products/product-routes.ts';
import type { Heartbeat } from './system/heartbeat.ts';
import { systemRoutes } from './system/system-routes.ts';
import { userRoutes } from './users/user-routes.ts';

export interface AppDependencies {
  config: WebConfig;
  databases: Databases;
  logger: Logger;
  heartbeat: Heartbeat;
  imports: ImportRunner;
  /** Aborted when the instance is to end: it then sends new requests elsewhere. */
  draining: AbortSignal;
}

/** The whole application: what a request passes through, in this order. */
export async function createApp({
  config,
  databases,
  logger,
  heartbeat,
  imports,
  draining,
}: AppDependencies) {
  const app = express();
  const { offerToken, checkToken } = csrf(config);
  app.disable('x-powered-by');
  // No page or JSON is kept by anybody, so nobody asks whether it is still the same.
  app.disable('etag');
  app.set('trust proxy', config.TRUST_PROXY);
  app.set('query parser', 'simple');
  app.set('view engine', 'ejs');
  app.set('views', fileURLToPath(new URL('../views', import.meta.url)));
  app.enable('view cache');
  app.locals.instance = config.INSTANCE;
  app.locals.demo = config.DEMO;
  app.locals.canSave = () => databases.monitor.canSave();

  app.use(requestLog(logger, config.INSTANCE));
  app.use(securityHeaders());
  app.use(await staticFiles(app.locals));
  app.use(keptByNobody);
  app.use(cookieParser());
  app.use(await i18n());
  app.use(healthRoutes(config, databases, draining));
  app.use(metricsRoutes(databases));
  app.use(drain(draining));
  app.use(session(config, databases));
  app.use(takeFlash);
  app.use(express.urlencoded({ extended: false, limit: '100kb' }));
  app.use(express.json({ limit: '100kb' }));
  app.use(auditRefusals(databases));
  app.use(idempotency(config));
  app.use(offerToken);
  app.use(access());
  app.use(receiveUpload());
  app.use(checkToken);

  app.use(loginRoutes(databases));
  app.use(passwordRoutes(databases));
  app.get('/', (_req, res) => res.redirect('/products'));
  app.use(systemRoutes(config, databases, heartbeat));
  app.use(productExportRoutes(databases));
  app.use(productApiRoutes(databases));
  app.use(productRoutes(databases));
  app.use(importRoutes(config, databases, imports));
  app.use(userRoutes(config, databases));
  app.use(auditRoutes(databases));

  app.use(notFound);
  app.use(errorHandler(logger));
  return app;
}
