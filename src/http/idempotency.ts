import { createHmac, randomUUID } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import type { WebConfig } from '../config/config.ts';
import { requestContext } from '../telemetry/request-context.ts';

/**
 * Sets `req.writeId()`, the same for a repeated request, for `transactOnce`; and for views `newKey()`, a fresh key for
 * each form.
 */
export function idempotency(config: WebConfig): RequestHandler {
  return (req, res, next) => {
    req.writeId = (more) => writeIdOf(req, config.SESSION_SECRET, more);
    res.locals.newKey = () => randomUUID();
    next();
  };
}

/** The key that a form was sent with, to be kept when the form is shown again. */
export function keyOfForm(req: Request): string | undefined {
  const { _key } = (req.body ?? {}) as { _key?: unknown };
  return typeof _key === 'string' ? _key : undefined;
}

/**
 * Identifies a write by user, idempotency key and content. Forms send the key in `_key`, programs in Idempotency-Key;
 * the fallback is the request id, which NGINX keeps when it retries on another instance.
 *
 * @param secret keeps stored ids from revealing the content, which may be a password
 * @param more content besides the fields, such as the digest of a file
 */
function writeIdOf(req: Request, secret: string, more: Record<string, unknown> = {}): Buffer {
  const fields = Object.entries({ ...(req.body as Record<string, unknown> | undefined), ...more });
  const content = fields.filter(([name]) => name !== '_key' && name !== '_csrf').sort();
  const key = req.get('idempotency-key') ?? keyOfForm(req) ?? requestContext.getStore()?.id;
  const write = JSON.stringify([req.principal?.id, key, req.method, req.path, content]);
  return createHmac('sha256', secret).update(write).digest();
}

declare module 'express-serve-static-core' {
  interface Request {
    writeId: (more?: Record<string, unknown>) => Buffer;
  }
}
