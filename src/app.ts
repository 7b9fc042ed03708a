import express from 'express';
import type { Logger } from 'pino';
import { api } from './audiences/api.ts';
import { open } from './audiences/open.ts';
import { shop } from './audiences/shop.ts';
import { staff } from './audiences/staff.ts';
import { webhooks } from './audiences/webhooks.ts';
import { LoginQueue } from './auth/login-queue.ts';
import type { WebConfig } from './config/config.ts';
import { isOnOneServer, type Databases } from './database/databases.ts';
import { errorHandler, notFound } from './http/error-handler.ts';
import { i18n } from './http/i18n.ts';
import { useViews } from './http/views.ts';
import type { Jobs } from './jobs/jobs.ts';
import { MAIL_TEMPLATES } from './mail-templates.ts';
import { MailWriter } from './mail/mail-writer.ts';
import { MysqlPhotoStore } from './photos/mysql-photo-store.ts';
import { allProviders } from './payments/all-providers.ts';
import type { Providers } from './payments/provider.ts';
import type { PhotoStore } from './photos/photo-store.ts';
import { returnPath } from './shop/payment-return.ts';
import { paymentWebhooks } from './shop/payment-webhooks.ts';
import type { Heartbeat } from './system/heartbeat.ts';

export interface AppDependencies {
  config: WebConfig;
  databases: Databases;
  logger: Logger;
  heartbeat: Heartbeat;
  jobs: Jobs;
  photos?: PhotoStore;
  providers?: Providers;
  draining: AbortSignal;
}

export async function createApp(dependencies: AppDependencies) {
  const { config, databases, logger } = dependencies;
  const app = express();
  app.disable('x-powered-by');
  // Pages and JSON are not cached, so ETags are useless.
  app.disable('etag');
  app.set('trust proxy', config.TRUST_PROXY);
  app.set('query parser', 'simple');
  useViews(app);
  app.locals.instance = config.INSTANCE;
  app.locals.demo = config.DEMO;
  app.locals.trashDays = config.TRASH_DAYS;
  app.locals.hasShop = config.SHOP;
  app.locals.canSave = () => databases.catalogue.monitor.canSave();
  app.locals.isDiskFull = () => databases.catalogue.monitor.isDiskFull();
  app.locals.isOnOneServer = () => isOnOneServer(databases);

  const photos = dependencies.photos ?? new MysqlPhotoStore(databases);
  const audience = {
    ...dependencies,
    photos,
    providers: dependencies.providers ?? allProviders(config, returnPath),
    // One for all audiences, as they share the processors.
    queue: new LoginQueue(),
    mails: await MailWriter.create(config, MAIL_TEMPLATES),
    language: await i18n(config.TZ_DEFAULT, config.CURRENCY),
  };
  app.use(await open({ ...audience, locals: app.locals }));
  app.use(webhooks(audience, paymentWebhooks(audience)));
  app.use(api(audience));
  app.use(shop(audience));
  app.use(staff(audience));

  app.use(notFound);
  app.use(errorHandler(logger));
  return app;
}
