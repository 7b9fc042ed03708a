import cookieParser from 'cookie-parser';
import express, { Router, type RequestHandler } from 'express';
import { auditRefusals } from '../audit/audit-refusals.ts';
import { auditRoutes } from '../audit/audit-routes.ts';
import { access } from '../auth/access.ts';
import { csrf } from '../auth/csrf.ts';
import { leadOn, loginRoutes, reopenForm } from '../auth/login-routes.ts';
import { passwordRoutes } from '../auth/password-routes.ts';
import { ReadingSessions } from '../auth/reading-session.ts';
import { session } from '../auth/session.ts';
import { categoryRoutes } from '../categories/category-routes.ts';
import type { WebConfig } from '../config/config.ts';
import type { Databases } from '../database/databases.ts';
import { productExportRoutes } from '../exports/export-routes.ts';
import { drain } from '../http/drain.ts';
import { takeFlash } from '../http/flash.ts';
import { switchLanguage } from '../http/i18n.ts';
import { idempotency } from '../http/idempotency.ts';
import { importRoutes } from '../imports/import-routes.ts';
import { receiveUpload } from '../imports/upload.ts';
import type { Jobs } from '../jobs/jobs.ts';
import { productListRoutes } from '../product-list/list-routes.ts';
import { findRestorable } from '../products/deletions.ts';
import { editRoutes } from '../products/edit-routes.ts';
import { productApiRoutes } from '../products/product-api-routes.ts';
import { productRoutes } from '../products/product-routes.ts';
import { offerUndo } from '../products/undo-cookies.ts';
import type { Heartbeat } from '../system/heartbeat.ts';
import { systemRoutes } from '../system/system-routes.ts';
import { userRoutes } from '../users/user-routes.ts';

interface StaffDependencies {
  config: WebConfig;
  databases: Databases;
  heartbeat: Heartbeat;
  jobs: Jobs;
  draining: AbortSignal;
  language: RequestHandler;
}

export function staff(dependencies: StaffDependencies): Router {
  const { config, databases, heartbeat, jobs, draining, language } = dependencies;
  const { offerToken, checkToken } = csrf(config);
  const reading = new ReadingSessions(config, databases);
  const router = Router();
  router.use(cookieParser());
  router.use(language);
  router.use(switchLanguage);
  router.use(drain(draining));
  router.use(session(config, databases, reading));
  router.use(takeFlash);
  router.use(offerUndo);
  router.use(express.urlencoded({ extended: false, limit: '100kb' }));
  router.use(express.json({ limit: '100kb' }));
  router.use(auditRefusals(databases));
  router.use(idempotency(config));
  router.use(offerToken);
  router.use(access());
  router.use(leadOn);
  router.use(receiveUpload());
  router.use(checkToken);
  router.use(reopenForm);

  router.use(loginRoutes(databases, reading));
  router.use(passwordRoutes(databases));
  router.get('/', (_req, res) => res.redirect('/products'));
  router.use(systemRoutes(config, databases, heartbeat));
  router.use(productExportRoutes(databases));
  router.use(productListRoutes(databases));
  router.use(productApiRoutes(databases));
  router.use(productRoutes(databases));
  router.use(editRoutes(databases));
  router.use(categoryRoutes(databases, jobs));
  router.use(importRoutes(config, databases, jobs));
  router.use(userRoutes(config, databases));
  router.use(auditRoutes(databases, findRestorable));
  return router;
}
