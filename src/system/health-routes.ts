import { Router, type Request, type RequestHandler } from 'express';
import type { WebConfig } from '../config/config.ts';
import { isOnOneServer, type Databases } from '../database/databases.ts';
import { version } from '../config/version.ts';

interface HealthDependencies {
  draining: AbortSignal;
  frame: RequestHandler[];
}

export function healthRoutes(
  config: WebConfig,
  databases: Databases,
  { draining, frame }: HealthDependencies,
): Router {
  const router = Router();
  const framed = Router().use(frame);

  // Health is shown even when sessions cannot be read.
  router.get('/health', (req, res, next) => {
    if (wantsPage(req)) framed(req, res, () => next());
    else next();
  });

  router.get('/health', (req, res) => {
    const health = {
      instance: config.INSTANCE,
      version,
      uptimeSeconds: Math.floor(process.uptime()),
      onOneServer: isOnOneServer(databases),
      // Public: expose no more than visitors need.
      servers: databases.directory.monitor
        .states()
        .map(({ name, role, reachable, member, replication, outOfUse }) => ({
          ...{ name, role, reachable },
          ...(member && { member }),
          ...(replication && { replication }),
          ...(outOfUse && { outOfUse }),
        })),
    };
    if (wantsPage(req)) res.render('health/health', { health });
    else res.json(health);
  });

  router.get('/health/live', (_req, res) => {
    res.json({ instance: config.INSTANCE, status: 'live' });
  });

  /** Ready means that sign-in works. NGINX and the start-up wait for it. */
  router.get('/health/ready', (_req, res) => {
    const isReady = !draining.aborted && databases.directory.monitor.isPrimaryReachable();
    res
      .status(isReady ? 200 : 503)
      .json({ instance: config.INSTANCE, status: isReady ? 'ready' : 'not ready' });
  });

  return router;
}

function wantsPage(req: Request): boolean {
  return req.accepts('html', 'json') === 'html';
}
