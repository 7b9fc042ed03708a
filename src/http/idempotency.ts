import { createHash, randomUUID } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import { requestContext } from '../request-context.ts';

/**
 * What makes a write the same as an earlier one: who asks, the idempotency key, and all that is asked. A
 * form carries its key in `_key`, a program in the header Idempotency-Key. Without either the request's
 * own id is the key, which NGINX keeps when it asks another instance.
 *
 * @returns SHA-256, for `databases.write`
 */
export function writeId(req: Request): Buffer {
  const fields = Object.entries((req.body ?? {}) as Record<string, unknown>);
  const asked = fields.filter(([name]) => name !== '_key' && name !== '_csrf').sort();
  const key = req.get('idempotency-key') ?? keyOfForm(req) ?? requestContext.getStore()?.id;
  const all = JSON.stringify([req.user?.id, key, req.method, req.path, asked]);
  return createHash('sha256').update(all).digest();
}

/** The key of a form that could not be saved, to be sent with it again. */
export function keyOfForm(req: Request): string | undefined {
  const { _key } = (req.body ?? {}) as { _key?: unknown };
  return typeof _key === 'string' ? _key : undefined;
}

/** Gives views `newKey()`: each form on each page has a key of its own. */
export const idempotencyKeys: RequestHandler = (_req, res, next) => {
  res.locals.newKey = () => randomUUID();
  next();
};
