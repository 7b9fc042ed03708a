import { Router } from 'express';
import type { WebConfig } from '../config/config.ts';
import type { Databases } from '../database/databases.ts';
import { version } from '../config/version.ts';

export function healthRoutes(config: WebConfig, databases: Databases, draining: AbortSignal): Router {
  const router = Router();

  router.get('/health', (req, res) => {
    const health = {
      instance: config.INSTANCE,
      version,
      uptimeSeconds: Math.floor(process.uptime()),
      // Public: expose no more than visitors need.
      servers: databases.directory.monitor.states().map(({ name, role, reachable, replication }) => ({
        ...{ name, role, reachable },
        ...(replication && { replication }),
      })),
    };
    if (req.accepts('html', 'json') === 'html') res.render('health/health', { health });
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
