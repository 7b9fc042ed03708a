import type { RequestHandler } from 'express';
import { QUICK_CHANGE_MS } from '../database/database-group.ts';
import type { Databases } from '../database/databases.ts';
import { requestContext } from '../telemetry/request-context.ts';
import { recordAuditEvent } from './audit-trail.ts';

/** Audits 403s of signed-in users only: anonymous requests could fill the table. */
export function auditRefusals(databases: Databases): RequestHandler {
  return (req, res, next) => {
    const context = requestContext.getStore()!;
    res.on('finish', () => {
      const { principal } = req;
      if (res.statusCode !== 403 || !principal) return;
      const details = { method: req.method, path: req.path.slice(0, 200) };
      const event = { action: 'access.refused', userId: principal.id, details } as const;
      requestContext
        .run(context, () =>
          databases.directory.transact((trx) => recordAuditEvent(trx, event), { limitMs: QUICK_CHANGE_MS }),
        )
        // Best effort: the response is sent, and the request log has the refusal.
        .catch(() => undefined);
    });
    next();
  };
}
