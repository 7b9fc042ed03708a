import type { ErrorRequestHandler, Request, RequestHandler } from 'express';
import type { Logger } from 'pino';
import { z } from 'zod';
import { isAway, isDiskFull } from '../database/away.ts';
import { isQueryTooLong } from '../database/mysql-errors.ts';
import { isDomainError, type ErrorAnswer } from '../errors/domain-error.ts';
import { noteError } from '../telemetry/recent-errors.ts';
import { HttpError } from './http-error.ts';
import { pageOf } from './local-path.ts';

export const notFound: RequestHandler = () => {
  throw new HttpError(404, 'errors.notFound');
};

export function errorHandler(logger: Logger): ErrorRequestHandler {
  // Express recognises error handlers by their four parameters.
  // eslint-disable-next-line @typescript-eslint/no-unused-vars
  return (error: unknown, req, res, _next) => {
    const { status, textKey, values = {}, details, retryAfterSeconds } = describe(error, req);
    if (status >= 500) {
      logger.error({ err: error }, 'failed');
      noteError(error, res.locals.requestId as string);
    }
    // Passing it on would make Express log it unredacted. The client sees a truncated response.
    if (res.headersSent) return res.destroy();
    const message = req.t(textKey, values);
    res.removeHeader('Content-Disposition');
    res.removeHeader('Content-Type');
    if (retryAfterSeconds !== undefined) res.set('Retry-After', String(retryAfterSeconds));
    res.status(status);
    if (wantsJson(req)) {
      // A repeated write gets the same bytes, so its answer carries no request id.
      const isRepeatable = isDomainError(error) && [409, 410, 422].includes(status);
      const requestId = isRepeatable ? undefined : (res.locals.requestId as string);
      res.json({ error: message, ...details, requestId });
    } else {
      // Opening the page again helps only if it had expired.
      const reopen = textKey === 'errors.csrf' ? pageOf(req) : undefined;
      // An audience with a layout of its own names its page.
      const view = (res.locals.errorView as string | undefined) ?? 'errors/error';
      res.render(view, { title: message, status, message, reopen });
    }
  };
}

/** Errors below are JSON whatever the client accepts. */
export const forPrograms: RequestHandler = (_req, res, next) => {
  res.locals.forPrograms = true;
  next();
};

export function wantsJson(req: Request): boolean {
  if (req.res?.locals.forPrograms === true) return true;
  return req.path.startsWith('/api/') || req.accepts('html', 'json') === 'json';
}

type Description = Pick<ErrorAnswer, 'status' | 'textKey'> & Partial<ErrorAnswer>;

function describe(error: unknown, req: Request): Description {
  if (isDomainError(error)) return error;
  if (isQueryTooLong(error)) return { status: 422, textKey: 'errors.queryTooLong' };
  if (isAway(error)) {
    const notSaved = isDiskFull(error) ? 'errors.diskFull' : 'errors.notSavedAgain';
    const textKey = req.method === 'GET' ? 'errors.databaseAway' : notSaved;
    return { status: 503, textKey, retryAfterSeconds: 5 };
  }
  if (error instanceof z.ZodError) return { status: 400, textKey: 'errors.badRequest' };
  // Express's parsers: malformed or oversized body, bad percent-encoding.
  const status = (error as { status?: unknown }).status;
  if (status === 413) return { status, textKey: 'errors.tooLarge' };
  if (typeof status === 'number' && status >= 400 && status < 500)
    return { status, textKey: 'errors.badRequest' };
  return { status: 500, textKey: 'errors.internal' };
}
