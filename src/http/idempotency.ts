import { createHmac, randomUUID } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import type { WebConfig } from '../config/config.ts';
import { HttpError } from './http-error.ts';
import { requestContext } from '../telemetry/request-context.ts';

/** Sets `req.writeId()`, the same for a repeated request, and `newKey()` for the forms in views. */
export function idempotency(
  config: WebConfig,
  actorOf: (req: Request) => number | string | undefined = ({ principal }) => principal?.id,
): RequestHandler {
  return (req, res, next) => {
    req.writeId = (more) => writeIdOf(req, actorOf(req), config.SESSION_SECRET, more);
    res.locals.newKey = () => randomUUID();
    next();
  };
}

export function keyOfForm(req: Request): string | undefined {
  const { _key } = (req.body ?? {}) as { _key?: unknown };
  return typeof _key === 'string' ? _key : undefined;
}

/** The default key is the request id, which NGINX keeps when it retries. `secret` hides content such as a password. */
function writeIdOf(
  req: Request,
  actor: number | string | undefined,
  secret: string,
  more: Record<string, unknown> = {},
): Buffer {
  const fields = Object.entries({ ...(req.body as Record<string, unknown> | undefined), ...more });
  const content = fields.filter(([name]) => name !== '_key' && name !== '_csrf').sort();
  const key = req.get('idempotency-key') ?? keyOfForm(req) ?? requestContext.getStore()?.id;
  const write = asJson([actor, key, req.method, req.path, content]);
  return createHmac('sha256', secret).update(write).digest();
}

/** JSON.parse reads 100 kB of nested brackets, which JSON.stringify has no stack to write. */
function asJson(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (error instanceof RangeError) throw new HttpError(400, 'errors.badRequest');
    throw error;
  }
}

declare module 'express-serve-static-core' {
  interface Request {
    writeId: (more?: Record<string, unknown>) => Buffer;
  }
}
