import { randomUUID } from 'node:crypto';
import type { RequestHandler } from 'express';
import type { Logger } from 'pino';
import { requestContext, type RequestContext } from '../request-context.ts';

const REQUEST_ID = /^[\w-]{8,64}$/;

/** Names the instance in every response, gives each request its id and logs it when it is over. */
export function requestLog(logger: Logger, instance: string): RequestHandler {
  return (req, res, next) => {
    const given = req.get('x-request-id');
    const id = given && REQUEST_ID.test(given) ? given : randomUUID();
    const startedAt = performance.now();
    const context: RequestContext = { id, address: req.ip ?? '', servers: new Set() };
    res.locals.requestId = id;
    res.set({ 'X-Served-By': instance, 'X-Request-Id': id });
    res.on('close', () => {
      if (req.path.startsWith('/health/')) return;
      logger.info({
        requestId: id,
        method: req.method,
        path: req.path,
        status: res.statusCode,
        completed: res.writableFinished,
        userId: req.user?.id,
        durationMs: Math.round(performance.now() - startedAt),
        servers: [...context.servers],
      });
    });
    requestContext.run(context, next);
  };
}
