import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { createApp } from './app.ts';
import { readWebConfig } from './config/config.ts';
import { deleteEndedWindows } from './auth/login-limits.ts';
import { deleteExpiredSessions } from './auth/session-store.ts';
import { closeDatabases, createDatabases, serversAsked } from './database/databases.ts';
import { deleteOldWrites } from './database/run-once.ts';
import { deleteOldProgress } from './exports/export-progress.ts';
import { createLogger, logConsole } from './telemetry/logger.ts';
import { importJobs } from './imports/import-jobs.ts';
import { Jobs } from './jobs/jobs.ts';
import { searchJobs } from './search/search-jobs.ts';
import { INDEXED_COLUMNS } from './products/product-fields.ts';
import { SettingsError } from './config/settings.ts';
import { Heartbeat } from './system/heartbeat.ts';

/** What still runs then, a long export perhaps, is cut off. */
const DRAIN_LIMIT_MS = 20_000;
const MOVE_ON_MS = 2000;

try {
  await serve();
} catch (error) {
  console.error(error instanceof SettingsError ? error.message : error);
  process.exit(1);
}

async function serve(): Promise<void> {
  // From the first moment: as a container's first process it would not be ended by a signal otherwise.
  const told = Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
  const config = readWebConfig();
  const logger = createLogger(config);
  logConsole(logger);
  // Node would write the whole error, with the values of its SQL statement.
  process.on('uncaughtException', (error) => {
    logger.fatal({ err: error }, 'uncaught');
    process.exit(1);
  });
  const databases = createDatabases(config);
  await serversAsked(databases);
  const draining = new AbortController();
  const jobs = new Jobs(config, databases, logger);
  const heartbeat = new Heartbeat(config, databases, jobs);
  searchJobs(jobs, databases, INDEXED_COLUMNS);
  importJobs(jobs, { config, databases, logger, draining: draining.signal });
  jobs.cleanUp('sessions', databases.directory, deleteExpiredSessions);
  jobs.cleanUp('log-in attempts', databases.directory, deleteEndedWindows);
  for (const group of databases.groups.values()) {
    jobs.cleanUp(`completed writes in ${group.name}`, group, deleteOldWrites);
  }
  jobs.cleanUp('export progress', databases.directory, deleteOldProgress);
  const app = await createApp({ config, databases, logger, heartbeat, jobs, draining: draining.signal });

  const limits = {
    // NGINX closes idle connections after a minute; if we did first, its next request would meet a reset.
    keepAliveTimeout: 75_000,
    headersTimeout: 15_000,
    requestTimeout: 30_000,
    // How often it looks who is beyond those.
    connectionsCheckingInterval: 5000,
  };
  const server = createServer(limits, app).listen(config.PORT, config.HOST);
  await once(server, 'listening');
  jobs.start();
  logger.info({ port: config.PORT }, 'listening');

  await told;
  logger.info('draining');
  draining.abort();
  await letProxyMoveOn(server);
  const closed = once(server, 'close');
  server.close();
  setTimeout(() => server.closeAllConnections(), DRAIN_LIMIT_MS).unref();
  await closed;
  await jobs.stop();
  await heartbeat.remove();
  await closeDatabases(databases);
  logger.info('stopped');
}

/**
 * Goes on answering, GETs with 502, until NGINX has taken that for a failure and sends nothing more:
 * closing a connection on which it is just sending a POST would lose that. Shorter than its
 * fail_timeout, after which it would try again. Over at once when nobody is connected.
 */
async function letProxyMoveOn(server: Server): Promise<void> {
  const countConnections = promisify(server.getConnections.bind(server));
  const until = Date.now() + MOVE_ON_MS;
  while (Date.now() < until && (await countConnections()) > 0) await sleep(50);
}
