import { randomUUID } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import type { Logger } from 'pino';
import { requestDuration, requests } from '../telemetry/metrics.ts';
import { requestContext, type RequestContext } from '../telemetry/request-context.ts';

const REQUEST_ID = /^[\w-]{8,64}$/;
/** NGINX's status for a client that disconnected. */
const CLIENT_CLOSED_REQUEST = 499;
const MAX_PATH_LENGTH = 500;
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** @param secretPath matches the beginning of addresses of which the rest is not logged */
export function requestLog(logger: Logger, instance: string, secretPath: RegExp): RequestHandler {
  // Redaction costs more than writing the line, and every field is chosen below.
  const lines = logger.child({}, { redact: [] });
  return (req, res, next) => {
    const given = req.get('x-request-id');
    const id = given && REQUEST_ID.test(given) ? given : randomUUID();
    const startedAt = performance.now();
    const context: RequestContext = { id, address: req.ip ?? '', servers: new Set() };
    // No query: it holds searches. Read now, because routers rewrite req.path.
    const [path] = secretPath.exec(req.path) ?? [req.path.slice(0, MAX_PATH_LENGTH)];
    // Also read now, because a warm-up request may close after the warm-up has ended.
    const isWarmingUp = req.app.locals.isWarmingUp === true;
    res.locals.requestId = id;
    res.set({ 'X-Served-By': instance, 'X-Request-Id': id });
    res.on('close', () => {
      if (isWarmingUp) return;
      const durationMs = performance.now() - startedAt;
      const status = res.headersSent ? res.statusCode : CLIENT_CLOSED_REQUEST;
      const route = routeOf(req, path);
      const method = METHODS.includes(req.method) ? req.method : 'other';
      requests.inc({ method, route, status });
      requestDuration.observe({ method, route }, durationMs / 1000);
      if (path.startsWith('/health/') || path === '/metrics') return;
      lines.info({
        requestId: id,
        method: req.method,
        path,
        route,
        status,
        completed: res.writableFinished,
        cutOff: res.locals.cutOff as string | undefined,
        userId: req.principal?.id,
        customerId: customerIn(req),
        durationMs: Math.round(durationMs),
        servers: [...context.servers],
      });
    });
    requestContext.run(context, next);
  };
}

/** Undefined for visitors, and outside the shop. */
function customerIn({ customer }: Partial<Pick<Request, 'customer'>>): number | undefined {
  return customer?.id || undefined;
}

/** The route pattern, which bounds the number of metric labels. */
function routeOf(req: Request, path: string): string {
  const { path: pattern } = (req.route ?? {}) as { path?: unknown };
  if (typeof pattern === 'string') return pattern;
  return path.startsWith('/static/') ? '/static' : 'none';
}
