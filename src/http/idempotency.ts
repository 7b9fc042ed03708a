import { createHmac, randomUUID } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import type { WebConfig } from '../config/config.ts';
import { requestContext } from '../telemetry/request-context.ts';

/**
 * Gives handlers `req.writeId()`, for `databases.write`: it is the same for a request that is sent again.
 * Gives views `newKey()`: each form on each page has a key of its own.
 */
export function idempotency(config: WebConfig): RequestHandler {
  return (req, res, next) => {
    req.writeId = (more) => writeIdOf(req, config.SESSION_SECRET, more);
    res.locals.newKey = () => randomUUID();
    next();
  };
}

/** The key of a form that could not be saved, to be sent with it again. */
export function keyOfForm(req: Request): string | undefined {
  const { _key } = (req.body ?? {}) as { _key?: unknown };
  return typeof _key === 'string' ? _key : undefined;
}

/**
 * What makes a write the same as an earlier one: who asks, the idempotency key, and all that is asked. A
 * form carries its key in `_key`, a program in the header Idempotency-Key. Without either the request's
 * own id is the key, which NGINX keeps when it asks another instance.
 *
 * @param more what is asked besides the fields, such as the digest of a file
 * @param secret without which nobody can find out from the result what was asked, a password perhaps
 */
function writeIdOf(req: Request, secret: string, more: Record<string, unknown> = {}): Buffer {
  const fields = Object.entries({ ...(req.body as Record<string, unknown> | undefined), ...more });
  const asked = fields.filter(([name]) => name !== '_key' && name !== '_csrf').sort();
  const key = req.get('idempotency-key') ?? keyOfForm(req) ?? requestContext.getStore()?.id;
  const all = JSON.stringify([req.principal?.id, key, req.method, req.path, asked]);
  return createHmac('sha256', secret).update(all).digest();
}

declare module 'express-serve-static-core' {
  interface Request {
    writeId: (more?: Record<string, unknown>) => Buffer;
  }
}
