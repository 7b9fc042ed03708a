import cookieParser from 'cookie-parser';
import { Router, type RequestHandler } from 'express';
import type { Logger } from 'pino';
import { offerAccess } from '../auth/access.ts';
import { csrf } from '../auth/csrf.ts';
import { ReadingSessions } from '../auth/reading-session.ts';
import { session } from '../auth/session.ts';
import type { WebConfig } from '../config/config.ts';
import type { Databases } from '../database/databases.ts';
import { idempotency } from '../http/idempotency.ts';
import { requestLog } from '../http/request-log.ts';
import { noStore, securityHeaders } from '../http/security-headers.ts';
import { staticFiles } from '../http/static-files.ts';
import { SECRET_PATH } from '../shop/shop-paths.ts';
import { healthRoutes } from '../system/health-routes.ts';
import { metricsRoutes } from '../system/metrics-routes.ts';

interface OpenDependencies {
  config: WebConfig;
  databases: Databases;
  logger: Logger;
  draining: AbortSignal;
  language: RequestHandler;
  locals: Record<string, unknown>;
}

export async function open(dependencies: OpenDependencies): Promise<Router> {
  const { config, databases, logger, draining, language, locals } = dependencies;
  const router = Router();
  router.use(requestLog(logger, config.INSTANCE, SECRET_PATH));
  router.use(securityHeaders());
  router.use(await staticFiles(locals));
  router.use(noStore);

  router.use(['/health', '/metrics'], cookieParser(), language);
  // Mounted before `drain`, so that health still answers during shutdown.
  const frame = [
    session(config, databases, new ReadingSessions(config, databases)),
    idempotency(config),
    csrf(config).offerToken,
    offerAccess,
  ].flat();
  router.use(healthRoutes(config, databases, { draining, frame }));
  router.use(metricsRoutes(databases));
  return router;
}
