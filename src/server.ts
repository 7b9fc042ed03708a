import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { alertJobs } from './alerts/alert-jobs.ts';
import { createApp } from './app.ts';
import { categoryJobs } from './categories/category-jobs.ts';
import { forgetCustomer } from './checkout/forget-customer.ts';
import { orderMailJobs } from './checkout/order-mail-jobs.ts';
import { readWebConfig } from './config/config.ts';
import { deleteEndedWindows } from './auth/login-limits.ts';
import { findUserByName } from './auth/user-queries.ts';
import { deleteExpiredSessions } from './auth/session-store.ts';
import { customerJobs } from './customers/customer-jobs.ts';
import { closeDatabases, createDatabases, waitForFirstReports } from './database/databases.ts';
import { deleteOldWrites } from './database/run-once.ts';
import { deleteOldProgress } from './exports/export-progress.ts';
import { createLogger, logConsole } from './telemetry/logger.ts';
import { homeJobs } from './home/home-jobs.ts';
import { importJobs } from './imports/import-jobs.ts';
import { Jobs } from './jobs/jobs.ts';
import { MAIL_TEMPLATES } from './mail-templates.ts';
import { mailJobs } from './mail/mail-jobs.ts';
import { MailWriter } from './mail/mail-writer.ts';
import { forgetProofs } from './order-desk/payment-proofs.ts';
import { searchJobs } from './search/search-jobs.ts';
import { orderJobs } from './orders/order-jobs.ts';
import { forgetSeller, sellerJobs } from './sellers/seller-jobs.ts';
import { allProviders } from './payments/all-providers.ts';
import { readFilter } from './product-list/product-filter.ts';
import { getProductPage } from './product-list/product-page.ts';
import { MysqlPhotoStore } from './photos/mysql-photo-store.ts';
import { deleteUnusedPhotos } from './photos/unused-photos.ts';
import { INDEXED_COLUMNS } from './products/product-fields.ts';
import { SettingsError } from './config/settings.ts';
import { returnPath } from './shop/payment-return.ts';
import { deleteExpired } from './stock/deleted-products.ts';
import { logCopies } from './system/copies-log.ts';
import { Heartbeat } from './system/heartbeat.ts';
import { replicaJobs } from './system/replica-jobs.ts';
import { warmUp } from './system/warm-up.ts';

const DRAIN_LIMIT_MS = 20_000;
const PROXY_FAILOVER_MS = 2000;

try {
  await serve();
} catch (error) {
  console.error(error instanceof SettingsError ? error.message : error);
  process.exit(1);
}

async function serve(): Promise<void> {
  // Registered first: as PID 1 in a container, the process would ignore the signals otherwise.
  const shutdownSignal = Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
  const config = readWebConfig();
  const logger = createLogger(config);
  logConsole(logger);
  // By default Node prints the whole error, with the values of its SQL statement.
  process.on('uncaughtException', (error) => {
    logger.fatal({ err: error }, 'uncaught');
    process.exit(1);
  });
  const databases = createDatabases(config);
  await waitForFirstReports(databases);
  const draining = new AbortController();
  const photos = new MysqlPhotoStore(databases);
  const jobs = new Jobs(config, databases, logger);
  const heartbeat = new Heartbeat(config, databases, jobs);
  logCopies(jobs, databases, logger);
  searchJobs(jobs, databases, INDEXED_COLUMNS);
  categoryJobs(jobs, databases);
  homeJobs(jobs, databases);
  importJobs(jobs, { config, databases, logger, draining: draining.signal });
  await alertJobs(jobs, { config, databases, logger });
  const providers = allProviders(config, returnPath);
  orderJobs(jobs, { databases, providers, logger });
  orderMailJobs(jobs, { config, databases });
  sellerJobs(jobs, databases);
  const mails = await MailWriter.create(config, MAIL_TEMPLATES);
  mailJobs(jobs, { config, databases, logger, mails });
  customerJobs(jobs, databases, [
    (customer) => forgetProofs(databases, customer),
    (customer) => forgetCustomer(databases.catalogue, customer),
    (customer) => forgetSeller(databases.catalogue, customer),
  ]);
  replicaJobs(jobs, databases, { logger, countRestarts: config.COUNT_RESTARTS });
  jobs.cleanUp('sessions', databases.directory, deleteExpiredSessions);
  jobs.cleanUp('log-in attempts', databases.directory, deleteEndedWindows);
  for (const group of databases.groups.values()) {
    jobs.cleanUp(`completed writes in ${group.name}`, group, deleteOldWrites);
  }
  jobs.cleanUp('trash', databases.catalogue, (trx) => deleteExpired(trx, config.TRASH_DAYS));
  jobs.cleanUp('photos', databases.catalogue, (trx) => deleteUnusedPhotos(trx, photos));
  jobs.cleanUp('export progress', databases.directory, deleteOldProgress);
  const app = await createApp({
    config,
    databases,
    logger,
    heartbeat,
    jobs,
    photos,
    providers,
    draining: draining.signal,
  });
  const nobody = { kind: 'system', id: 0, lastWrite: {} } as const;
  await warmUp(app, {
    paths: ['/login', ...(config.SHOP ? ['/tienda'] : [])],
    queries: [
      () => databases.catalogue.readReplica(nobody, (db) => getProductPage(db, readFilter({}))),
      () => databases.directory.readPrimary((db) => findUserByName(db, '')),
    ],
  });

  const limits = {
    // NGINX closes idle connections after 60 s. If we closed first, its next request would meet a reset.
    keepAliveTimeout: 75_000,
    headersTimeout: 15_000,
    requestTimeout: 30_000,
    connectionsCheckingInterval: 5000,
  };
  const server = createServer(limits, app).listen(config.PORT, config.HOST);
  await once(server, 'listening');
  jobs.start();
  logger.info({ port: config.PORT }, 'listening');

  await shutdownSignal;
  logger.info('draining');
  draining.abort();
  await waitForProxyFailover(server);
  const closed = once(server, 'close');
  server.close();
  setTimeout(() => server.closeAllConnections(), DRAIN_LIMIT_MS).unref();
  await closed;
  await jobs.stop();
  await heartbeat.remove();
  await closeDatabases(databases);
  logger.info('stopped');
}

// Answers, GETs with 502, until NGINX counts a failure and stops sending requests here: closing a connection could lose
// a POST. Must be shorter than its fail_timeout, after which it tries again.
async function waitForProxyFailover(server: Server): Promise<void> {
  const countConnections = promisify(server.getConnections.bind(server));
  const until = Date.now() + PROXY_FAILOVER_MS;
  while (Date.now() < until && (await countConnections()) > 0) await sleep(50);
}
