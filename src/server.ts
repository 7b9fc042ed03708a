import { once } from 'node:events';
import { createApp } from './app.ts';
import { readWebConfig } from './config.ts';
import { createDatabases } from './database/databases.ts';
import { createLogger } from './http/logger.ts';
import { SettingsError } from './settings.ts';

/** Longer than any request that NGINX still waits for. */
const DRAIN_LIMIT_MS = 20_000;

try {
  await serve();
} catch (error) {
  console.error(error instanceof SettingsError ? error.message : error);
  process.exit(1);
}

async function serve(): Promise<void> {
  const config = readWebConfig();
  const logger = createLogger(config);
  const databases = createDatabases(config);
  await databases.monitor.ready();
  const draining = new AbortController();
  const app = await createApp({ config, databases, logger, draining: draining.signal });

  const server = app.listen(config.PORT, config.HOST);
  // NGINX closes idle connections after a minute; if we did first, its next request would meet a reset.
  server.keepAliveTimeout = 75_000;
  server.headersTimeout = 15_000;
  server.requestTimeout = 30_000;
  await once(server, 'listening');
  logger.info({ port: config.PORT }, 'listening');

  await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
  logger.info('draining');
  draining.abort();
  const closed = once(server, 'close');
  server.close();
  setTimeout(() => server.closeAllConnections(), DRAIN_LIMIT_MS).unref();
  await closed;
  await databases.close();
  logger.info('stopped');
}
