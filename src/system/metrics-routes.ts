import { Router } from 'express';
import { collectDefaultMetrics } from 'prom-client';
import type { Databases } from '../database/databases.ts';
import { metrics } from '../telemetry/metrics.ts';
import { observeDatabases } from './database-metrics.ts';
import { HttpError } from '../http/http-error.ts';

const PROXY_HEADERS = ['x-forwarded-for', 'x-forwarded-proto', 'x-real-ip', 'forwarded', 'via'];

/** For a Prometheus that reaches the instance directly. NGINX blocks the path; proxied requests get 404 anyway. */
export function metricsRoutes(databases: Databases): Router {
  collectDefaultMetrics({ register: metrics });
  observeDatabases(databases);
  const router = Router();
  router.get('/metrics', async (req, res) => {
    if (PROXY_HEADERS.some((name) => req.get(name) !== undefined))
      throw new HttpError(404, 'errors.notFound');
    res
      .set('Cache-Control', 'no-store')
      .type(metrics.contentType)
      .send(await metrics.metrics());
  });
  return router;
}
